"""Low-rank updates of the upper layers of the multilingual encoder (Hu et al. 2022)."""

import math

import numpy as np

_RANK = 16
_STRENGTH = 2  # factor of the updates


def _linear(layers) -> list[tuple[str, object]]:
    """The linear maps in layers, by name."""
    import torch

    found = layers.named_modules()
    return [(name, part) for name, part in found if isinstance(part, torch.nn.Linear)]


def add(layers, updates: dict) -> None:
    """Add updates that were learnt, arrays by name, to the weights of layers."""
    import torch

    with torch.no_grad():
        for name, linear in _linear(layers):
            b, a = (updates[f"{name}.{k}"].astype(np.float32) for k in "ba")
            linear.weight += _STRENGTH * torch.from_numpy(b @ a)


def learnable(layers) -> dict:
    """Let layers add updates that can be learnt, at first of zero; tensors by name."""
    import torch

    held = {}
    for name, linear in _linear(layers):
        a = torch.randn(_RANK, linear.in_features) / math.sqrt(linear.in_features)
        b = torch.zeros(linear.out_features, _RANK)
        held |= {f"{name}.a": a.requires_grad_(), f"{name}.b": b.requires_grad_()}
        linear.register_forward_hook(lambda _, x, y, a=a, b=b: y + _STRENGTH * x[0] @ a.T @ b.T)
    return held


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
