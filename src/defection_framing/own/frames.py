"""The multilingual encoder adapted to the frames of claims.

The upper six of its twelve layers get low-rank updates (`lowrank`), learnt together with a
softmax regression on the means of the last layer, which is not used after. A claim is read now with
the side named first called Russian, now with the sides exchanged, so that it does not matter which
side is which. The updates are 0.7 million numbers, kept beside this module.
"""

import math
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
from tqdm import tqdm

from .. import settings
from ..text import embed
from . import lowrank, multilingual, readings
from .readings import Seen

_HERE = Path(__file__).parent
_KEPT = _HERE / "coding_data/frames.npz"

_EPOCHS = 5
_BATCH = 32
_RATES = 2e-3, 3e-3  # of the updates, and of the regression
_AT_ONCE = 64


class Adapted(lowrank.Encoder):
    """The encoder adapted to frames, with the updates that `learn` gives."""

    below = 6

    def seen(self, texts: Iterable[str]) -> Seen:
        """Claims in any language, with their vectors, shape (n, 384); each is read once ever.

        If the encoder cannot be had or is not the published one, that is an `embed.EmbeddingError`.
        """
        reading, other, turned = readings.named_first(list(texts))
        read = embed.cached(list(reading), self.identity("adapted"), self._read)
        return Seen(reading, other, read, turned)

    def vectors(self, below: list) -> np.ndarray:
        """Vectors of n claims, shape (n, 384), from the states of each in the unchanged layers."""
        import torch

        with torch.inference_mode(), multilingual.half():
            return _means(self.parts[2], below).numpy()

    def _read(self, texts: list[str]) -> Iterator[tuple[list[str], np.ndarray]]:
        """Yield batches of texts of like length, and their vectors."""
        for batch in multilingual.batches(texts):
            yield batch, self.vectors(_below(batch, *self.parts[:2]))


def _below(texts: list[str], tokenizer, model) -> list:
    """States of each text's word pieces after the unchanged layers, each of shape (pieces, 384)."""
    out = {}
    for batch in multilingual.batches(texts):
        _, states, real = multilingual.states(batch, tokenizer, model)
        for text, own, n in zip(batch, states, real.sum(1), strict=True):
            out[text] = own[:n].bfloat16()
    return [out[text] for text in texts]


def _means(layers, below: list):
    """Means of the last layer over each text's word pieces, standardised; shape (n, 384)."""
    from torch.nn.functional import layer_norm

    states, real = lowrank.run(layers, below)
    means = (states * real[..., None]).sum(1) / real.sum(1, keepdim=True)
    return layer_norm(means, means.shape[1:])


def learn(below: list[list], given: np.ndarray) -> dict[str, np.ndarray]:
    """Learn the updates from claims: by name, in 16 bits.

    Parameters
    ----------
    below : two lists of n tensors
        States of each claim after the unchanged layers, in one reading and in the other.
    given : numpy.ndarray, shape (n, classes)
        Share of passes that gave each code. Classes differ tenfold in size, so each weighs as its
        frequency ** -0.45.
    """
    import torch

    rng = np.random.default_rng(settings.SEED)
    layers, held = lowrank.learnable(Adapted.below)
    head = torch.nn.Linear(multilingual.SIZE, given.shape[1])
    torch.nn.init.zeros_(head.weight)

    weight = given @ np.maximum(given.mean(0), 1e-3) ** -0.45
    share = torch.tensor(given * (weight / weight.mean())[:, None], dtype=torch.float32)
    descent = lowrank.Descent(held, head, _RATES, _EPOCHS * math.ceil(len(given) / _BATCH))
    for _ in tqdm(range(_EPOCHS), desc="learning frames", leave=False):
        for rows in _batches([len(own) for own in below[0]], rng):
            turned = (rng.random(len(rows)) < 0.5).astype(int)
            read = [below[t][i] for i, t in zip(rows, turned, strict=True)]
            with multilingual.half():
                means = _means(layers, read)
            loss = -(share[rows] * torch.log_softmax(head(means), 1)).sum(1).mean()
            descent.step(loss)
    return descent.learnt()


def _batches(lengths: list[int], rng) -> list[np.ndarray]:
    """Rows in random order, in batches of like length."""
    order, lengths = rng.permutation(len(lengths)), np.array(lengths)
    many = [order[i : i + 16 * _BATCH] for i in range(0, len(order), 16 * _BATCH)]
    many = [part[np.argsort(lengths[part], kind="stable")] for part in many]
    batches = [part[i : i + _BATCH] for part in many for i in range(0, len(part), _BATCH)]
    return [batches[i] for i in rng.permutation(len(batches))]


def below(texts: Iterable[str]) -> list[list]:
    """What `learn` learns from: states of n claims in one reading, and in the other."""
    tokenizer, model, _ = lowrank.parted(Adapted.below)
    both = readings.named_first(list(texts))[:2]
    return [_below(list(reading), tokenizer, model) for reading in both]


def vectors(below: list[list], given: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Vectors of all claims, shape (n, 384), by the encoder adapted to some (minutes)."""
    adapted = Adapted(learn([[own[i] for i in train] for own in below], given[train]))
    parts = range(0, len(given), _AT_ONCE)
    return np.concatenate([adapted.vectors(below[0][k : k + _AT_ONCE]) for k in parts])


def version() -> str:
    """What the frames depend on, data and code, in 16 hexadecimal digits."""
    names = "frames", "lowrank", "multilingual", "readings", "words"
    read = [_HERE / f"{name}.py" for name in names]
    read += [settings.ROOT / "data" / f"{name}.csv" for name in ("claims", "codings_claims")]
    return lowrank.version(multilingual.WEIGHTS, read)


def stale() -> bool:
    """Whether what is kept is not of the data and code that are here."""
    return not lowrank.is_of(_KEPT, version())


def keep(texts: Iterable[str], given: np.ndarray, beta: np.ndarray) -> None:
    """Learn from all claims (minutes) and write the updates beside this module.

    `beta` makes the scores of `coders.Kernel` probabilities; they are found on claims left out.
    """
    updates = learn(below(texts), given)
    np.savez_compressed(_KEPT, version=np.array(version()), beta=beta, **updates)
    kept.cache_clear()


@cache
def kept() -> tuple[Adapted, np.ndarray]:
    """The adapted encoder that is kept beside this module, and `beta` (see `keep`)."""
    updates, held = lowrank.load(_KEPT)
    return Adapted(updates), held["beta"]
