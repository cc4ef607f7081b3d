"""The multilingual encoder adapted to the frames of claims.

The upper six of its twelve layers get low-rank updates (Hu et al. 2022), learnt together with a
softmax regression on the means of the last layer, which is not used after. A claim is read now with
the side named first called Russian, now with the sides exchanged, so that it does not matter which
side is which. The updates are 0.7 million numbers, kept beside this module.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from tqdm import tqdm

from .. import settings
from ..text import embed
from . import multilingual, readings
from .readings import Seen

_HERE = Path(__file__).parent
_KEPT = _HERE / "coding_data/frames.npz"

_BELOW = 6  # layers that stay as they are
_RANK = 16
_STRENGTH = 2  # factor of the updates
_EPOCHS = 5
_BATCH = 32
_RATES = 2e-3, 3e-3  # of the updates, and of the regression
_AT_ONCE = 64


class Adapted:
    """The encoder with updates of its weights: those that `learn` gives, by name."""

    def __init__(self, updates: dict[str, np.ndarray]):
        self.updates = updates

    def seen(self, texts: Iterable[str]) -> Seen:
        """Claims in any language, with their vectors, shape (n, 384); each is read once ever.

        If the encoder cannot be had or is not the published one, that is an `embed.EmbeddingError`.
        """
        reading, other, turned = readings.named_first(list(texts))
        digest = hashlib.sha256(b"".join(part.tobytes() for part in self.updates.values()))
        identity = f"{multilingual.identity()} adapted {digest.hexdigest()}"
        return Seen(reading, other, embed.cached(list(reading), identity, self._read), turned)

    def vectors(self, below: list) -> np.ndarray:
        """Vectors of n claims, shape (n, 384), from the states of each in the unchanged layers."""
        import torch

        with torch.inference_mode(), multilingual.half():
            return _means(self._model[1].encoder.layer[_BELOW:], below).numpy()

    @cached_property
    def _model(self):
        """Tokenizer, and the model with the updates added to its weights."""
        import torch

        tokenizer, model = multilingual.load()
        with torch.no_grad():
            for name, linear in _linear(model):
                b, a = (self.updates[f"{name}.{k}"].astype(np.float32) for k in "ba")
                linear.weight += _STRENGTH * torch.from_numpy(b @ a)
        return tokenizer, model

    def _read(self, texts: list[str]) -> Iterator[tuple[list[str], np.ndarray]]:
        """Yield batches of texts of like length, and their vectors."""
        texts = sorted(texts, key=lambda text: (len(text), text))
        for start in tqdm(range(0, len(texts), _AT_ONCE), desc="reading", leave=False):
            batch = texts[start : start + _AT_ONCE]
            yield batch, self.vectors(_below(batch, *self._model))


def _linear(model) -> list[tuple[str, object]]:
    """The linear maps of the layers that are changed, by name."""
    import torch

    found = model.encoder.layer[_BELOW:].named_modules()
    return [(name, part) for name, part in found if isinstance(part, torch.nn.Linear)]


def _below(texts: list[str], tokenizer, model) -> list:
    """States of each text's word pieces after the unchanged layers, each of shape (pieces, 384)."""
    import torch

    layers, out = model.encoder.layer, {}
    by_length = sorted(set(texts), key=lambda text: (len(text), text))
    model.encoder.layer = layers[:_BELOW]
    for start in range(0, len(by_length), _AT_ONCE):
        batch = by_length[start : start + _AT_ONCE]
        ids, real = multilingual.pieces(batch, tokenizer)[1:]
        with torch.inference_mode(), multilingual.half():
            states = model(input_ids=ids, attention_mask=real).last_hidden_state.bfloat16()
        out |= {text: s[: r.sum()].clone() for text, s, r in zip(batch, states, real, strict=True)}
    model.encoder.layer = layers
    return [out[text] for text in texts]


def _means(layers, below: list):
    """Means of the last layer over each text's word pieces, standardised; shape (n, 384)."""
    import torch
    from torch.nn.functional import layer_norm
    from torch.nn.utils.rnn import pad_sequence

    states = pad_sequence([own.float() for own in below], batch_first=True)
    length = torch.tensor([len(own) for own in below])
    real = torch.arange(states.shape[1]) < length[:, None]
    unseen = torch.where(real, 0.0, -1e9)[:, None, None]
    for layer in layers:
        states = layer(states, attention_mask=unseen)
    means = (states.float() * real[..., None]).sum(1) / length[:, None]
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

    torch.manual_seed(settings.SEED)
    rng = np.random.default_rng(settings.SEED)
    model = multilingual.load()[1].train()
    layers, held = model.encoder.layer[_BELOW:], {}
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    for name, linear in _linear(model):
        a = torch.randn(_RANK, linear.in_features) / math.sqrt(linear.in_features)
        b = torch.zeros(linear.out_features, _RANK)
        held |= {f"{name}.a": a.requires_grad_(), f"{name}.b": b.requires_grad_()}
        linear.register_forward_hook(lambda _, x, y, a=a, b=b: y + _STRENGTH * x[0] @ a.T @ b.T)
    head = torch.nn.Linear(multilingual.SIZE, given.shape[1])
    torch.nn.init.zeros_(head.weight)
    groups = [{"params": [*held.values()]}, {"params": [*head.parameters()]}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)

    weight = given @ np.maximum(given.mean(0), 1e-3) ** -0.45
    share = torch.tensor(given * (weight / weight.mean())[:, None], dtype=torch.float32)
    steps, step = _EPOCHS * math.ceil(len(given) / _BATCH), 0
    for _ in tqdm(range(_EPOCHS), desc="learning frames", leave=False):
        for rows in _batches([len(own) for own in below[0]], rng):
            step += 1  # rates rise over a tenth of the steps and fall to zero
            for group, rate in zip(optimizer.param_groups, _RATES, strict=True):
                group["lr"] = rate * min(10 * step / steps, 1 - (step - 1) / steps)
            turned = (rng.random(len(rows)) < 0.5).astype(int)
            read = [below[t][i] for i, t in zip(rows, turned, strict=True)]
            with multilingual.half():
                means = _means(layers, read)
            loss = -(share[rows] * torch.log_softmax(head(means), 1)).sum(1).mean()
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(held.values(), 1.0)
            optimizer.step()
    return {name: part.detach().numpy().astype(np.float16) for name, part in held.items()}


def _batches(lengths: list[int], rng) -> list[np.ndarray]:
    """Rows in random order, in batches of like length."""
    order, lengths = rng.permutation(len(lengths)), np.array(lengths)
    many = [order[i : i + 16 * _BATCH] for i in range(0, len(order), 16 * _BATCH)]
    many = [part[np.argsort(lengths[part], kind="stable")] for part in many]
    batches = [part[i : i + _BATCH] for part in many for i in range(0, len(part), _BATCH)]
    return [batches[i] for i in rng.permutation(len(batches))]


def below(texts: Iterable[str]) -> list[list]:
    """What `learn` learns from: states of n claims in one reading, and in the other."""
    tokenizer, model = multilingual.load()
    both = readings.named_first(list(texts))[:2]
    return [_below(list(reading), tokenizer, model) for reading in both]


def vectors(below: list[list], given: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Vectors of all claims, shape (n, 384), by the encoder adapted to some (minutes)."""
    adapted = Adapted(learn([[own[i] for i in train] for own in below], given[train]))
    parts = range(0, len(given), _AT_ONCE)
    return np.concatenate([adapted.vectors(below[0][k : k + _AT_ONCE]) for k in parts])


def version() -> str:
    """What the frames depend on, data and code, in 16 hexadecimal digits."""
    digest = hashlib.sha256(multilingual.WEIGHTS.encode())
    read = [_HERE / name for name in ("frames.py", "multilingual.py", "readings.py")]
    read += [settings.ROOT / "data" / f"{name}.csv" for name in ("claims", "codings_claims")]
    for path in read:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def stale() -> bool:
    """Whether what is kept is not of the data and code that are here."""
    return not _KEPT.exists() or str(np.load(_KEPT)["version"]) != version()


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
    with _KEPT.open("rb") as file:
        held = dict(np.load(file))
    return Adapted({name: part for name, part in held.items() if "." in name}), held["beta"]
