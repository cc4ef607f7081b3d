"""Low-rank updates of the upper layers of the multilingual encoder (Hu et al. 2022)."""

import hashlib
import math
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import numpy as np

from .. import settings
from . import multilingual

_RANK = 16
_STRENGTH = 2  # factor of the updates


class Encoder:
    """The multilingual encoder with updates of its upper layers: those that are learnt, by name."""

    below: int  # layers that stay as they are

    def __init__(self, updates: dict[str, np.ndarray]):
        self.updates = updates

    def identity(self, what: str) -> str:
        """Identity of what is read: that of the weights, what they were adapted to, the updates."""
        digest = hashlib.sha256(b"".join(part.tobytes() for part in self.updates.values()))
        return f"{multilingual.identity()} {what} {digest.hexdigest()}"

    @cached_property
    def parts(self):
        """Tokenizer, the model up to the layers with updates, and these."""
        tokenizer, model, upper = parted(self.below)
        _add(upper, self.updates)
        return tokenizer, model, upper


def parted(below: int):
    """Tokenizer, a model with the lower layers alone, and the upper ones."""
    tokenizer, model = multilingual.load()
    model.encoder.layer, upper = model.encoder.layer[:below], model.encoder.layer[below:]
    return tokenizer, model, upper


def _linear(layers) -> list[tuple[str, object]]:
    """The linear maps in layers, by name."""
    import torch

    found = layers.named_modules()
    return [(name, part) for name, part in found if isinstance(part, torch.nn.Linear)]


def _add(layers, updates: dict) -> None:
    """Add updates that were learnt, arrays by name, to the weights of layers."""
    import torch

    with torch.no_grad():
        for name, linear in _linear(layers):
            b, a = (updates[f"{name}.{k}"].astype(np.float32) for k in "ba")
            linear.weight += _STRENGTH * torch.from_numpy(b @ a)


def learnable(below: int):
    """Upper layers that add updates which can be learnt, at first of zero; and these, by name."""
    import torch

    torch.manual_seed(settings.SEED)
    model = multilingual.load()[1].train()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    layers, held = model.encoder.layer[below:], {}
    for name, linear in _linear(layers):
        a = torch.randn(_RANK, linear.in_features) / math.sqrt(linear.in_features)
        b = torch.zeros(linear.out_features, _RANK)
        held |= {f"{name}.a": a.requires_grad_(), f"{name}.b": b.requires_grad_()}
        linear.register_forward_hook(lambda _, x, y, a=a, b=b: y + _STRENGTH * x[0] @ a.T @ b.T)
    return layers, held


class Descent:
    """Steps that learn updates and what reads them, each at a rate of its own.

    Rates rise over a tenth of the steps and fall to zero (AdamW, Loshchilov & Hutter 2019).
    """

    def __init__(self, held: dict, head, rates: tuple[float, float], steps: int):
        import torch

        groups = [{"params": [*held.values()]}, {"params": [*head.parameters()]}]
        self.optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
        self.held, self.rates, self.steps, self.done = held, rates, steps, 0

    def step(self, loss) -> None:
        """Go one step down."""
        import torch

        self.done += 1
        share = min(10 * self.done / self.steps, 1 - (self.done - 1) / self.steps)
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * share
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.held.values(), 1.0)
        self.optimizer.step()

    def learnt(self) -> dict[str, np.ndarray]:
        """The updates, by name, in 16 bits."""
        return {n: part.detach().numpy().astype(np.float16) for n, part in self.held.items()}


def run(layers, below: list):
    """States of n texts after some layers, from those of each before them.

    Shapes are (n, most pieces of a text, 384), and of the second tensor, which pieces are no
    padding, (n, most pieces).
    """
    import torch
    from torch.nn.utils.rnn import pad_sequence

    states = pad_sequence([own.float() for own in below], batch_first=True)
    length = torch.tensor([len(own) for own in below])
    real = torch.arange(states.shape[1]) < length[:, None]
    unseen = torch.where(real, 0.0, -1e9)[:, None, None]
    for layer in layers:
        states = layer(states, attention_mask=unseen)
    return states.float(), real


def version(begin: str, paths: Iterable[Path]) -> str:
    """Name what is learnt by all that it depends on, data and code, in 16 hexadecimal digits."""
    digest = hashlib.sha256(begin.encode())
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def is_of(path: Path, version: str) -> bool:
    """Whether what is kept in a file is of the data and code that are here."""
    return path.exists() and str(np.load(path)["version"]) == version


def load(path: Path) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The updates that are kept in a file, by name, and what else is."""
    with path.open("rb") as file:
        held = dict(np.load(file))
    return {n: held.pop(n) for n in list(held) if "." in n}, held
