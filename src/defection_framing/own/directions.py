"""What the multilingual encoder reads in sentences for their direction, adapted to it.

Of each sentence come means over all its word pieces, over the names of the Russian side and over
those of the Ukrainian: of the ninth of twelve layers, where the words that name a side tell what
that side does in much the same way in every language; and of the last one, where the upper three
layers have updates (`lowrank`). These are learnt together with linear maps of the means
over a text's sentences, of which each step draws some, for short texts must be understood too.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from tqdm import tqdm

from .. import settings
from ..text import embed
from . import lowrank, multilingual
from .multilingual import SIZE

_EPOCHS = 2
_BATCH = 32
_RATES = 1e-3, 2e-3  # of the updates, and of the maps
_AT_ONCE = 48
_MOST = 3  # sentences of a text that are learnt from at once
_MADE = 0.5  # share of the made texts that each epoch has


class Reader(lowrank.Encoder):
    """The encoder adapted to directions, with the updates that `learn` gives."""

    below = 9

    def read(self, sentences: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
        """Read n sentences, each once ever.

        Returns
        -------
        states : numpy.ndarray, float32, shape (n, 2, 3, 384)
            Means of the ninth layer and of the last, over all word pieces, over those of the names
            of the Russian side, and of the Ukrainian; of zeros where a side is not named.
        named : numpy.ndarray, float32, shape (n, 2)
            Number of word pieces that name the Russian side, and the Ukrainian.

        Raises
        ------
        EmbeddingError
            If the encoder cannot be had or is not the published one.
        """
        sides = [multilingual.lexicon()[side].pattern for side in ("ru", "ua")]
        of = f"{self.identity('directions')} {sides}"
        rows = embed.cached(list(sentences), of, self._encode)
        return rows[:, :-2].reshape(-1, 2, 3, SIZE), rows[:, -2:]

    def _encode(self, sentences: list[str]) -> Iterator[tuple[list[str], np.ndarray]]:
        """Yield batches of sentences with what `read` gives, shape (batch, 2306)."""
        import torch

        for batch in multilingual.batches(sentences):
            tokenizer, model, upper = self.parts
            states, weights = _lower(batch, tokenizer, model)
            with torch.inference_mode():
                means = [_means(layer, weights) for layer in (states, _upper(upper, states))]
            named = np.stack([own[1:].sum(1).numpy() for own in weights])
            yield batch, np.c_[torch.stack(means, 1).flatten(1).numpy(), named]


def _lower(batch: list[str], tokenizer, model) -> tuple[list, list]:
    """States of each sentence's word pieces after the lower layers, and weights of the pieces.

    Shapes are (pieces, 384) and (3, pieces): all, names of the Russian side, of the Ukrainian.
    """
    import torch

    found, states, real = multilingual.states(batch, tokenizer, model)
    weights = []
    for text, piece, n in zip(batch, found, real.sum(1), strict=True):
        spans = np.array(piece.offsets)[:n]
        own = np.zeros((3, n), np.float32)
        own[0] = 1
        for k, side in enumerate(("ru", "ua"), 1):
            for name in multilingual.lexicon()[side].finditer(text):
                a, b = (end + len(multilingual.PREFIX) for end in name.span())
                own[k] += (spans[:, 0] < b) & (spans[:, 1] > a)
        weights.append(torch.from_numpy(own))
    return [s[: len(w[0])].clone() for s, w in zip(states, weights, strict=True)], weights


def _upper(layers, states: list) -> list:
    """States of each sentence's word pieces after the upper layers."""
    with multilingual.half():
        after = lowrank.run(layers, states)[0]
    return [own[: len(was)] for own, was in zip(after, states, strict=True)]


def _means(states: list, weights: list):
    """Means by the weights of the pieces of n sentences, shape (n, 3, 384)."""
    import torch

    parts = zip(states, weights, strict=True)
    return torch.stack([w @ s / w.sum(1, keepdim=True).clamp(min=1) for s, w in parts])


def below(sentences: Iterable[str]) -> dict[str, tuple]:
    """States and weights of word pieces (`_lower`) by sentence, which `learn` learns from."""
    tokenizer, model, _ = lowrank.parted(Reader.below)
    held = {}
    for batch in multilingual.batches(sentences):
        for text, states, weights in zip(batch, *_lower(batch, tokenizer, model), strict=True):
            held[text] = states.bfloat16(), weights
    return held


def standardised(means):
    """Means of n texts, each of mean 0 and spread 1 where it is not zero; shape (n, 3, 384)."""
    centred = means - means.mean(-1, keepdims=True)
    return centred / ((centred**2).mean(-1, keepdims=True) + 1e-5) ** 0.5


def learn(
    texts: list[list[str]], given: np.ndarray, rows: pd.DataFrame, below: dict[str, tuple]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Learn the updates, by name in 16 bits, and the maps `about`, `side` and `exit`.

    Parameters
    ----------
    texts : list of n lists of sentences
    given : numpy.ndarray, shape (n, g)
        What else the maps read: first whether each side is named.
    rows : pandas.DataFrame
        What `heads.training` says of the texts.
    below : dict
        What `below` gives of their sentences.

    Returns
    -------
    updates, maps : dict of numpy.ndarray
        A map has a row for each score, with the intercept, the columns of `given` and 1,152 of the
        means of the last layer.
    """
    import torch
    from torch.nn.functional import cross_entropy, dropout

    rng = np.random.default_rng(settings.SEED)
    layers, held = lowrank.learnable(Reader.below)
    columns = given.shape[1] + 3 * SIZE
    maps = torch.nn.ModuleDict(
        {name: torch.nn.Linear(columns, n) for name, n in (("about", 1), ("side", 3), ("exit", 1))}
    )
    for part in maps.parameters():
        torch.nn.init.zeros_(part)
    # The side is told from its names alone, the matter without them.
    side_only, matter = torch.zeros(columns), torch.ones(columns)
    side_only[[0, 1]], side_only[-2 * SIZE :], matter[-2 * SIZE :] = 1, 1, 0
    reads = {"about": matter, "side": side_only, "exit": torch.ones(columns)}

    told = {
        name: (torch.tensor(y), torch.tensor(of * w).float())
        for name, (of, y, w) in tasks(rows).items()
    }
    both = (rows["label"] == "both").to_numpy()
    share = rows["source"].map({"part": 0, "made": _MADE}).fillna(1).to_numpy()
    epochs = [
        rng.permutation(np.flatnonzero(rng.random(len(share)) < share)) for _ in range(_EPOCHS)
    ]
    batches = [own[k : k + _BATCH] for own in epochs for k in range(0, len(own), _BATCH)]
    descent, given = lowrank.Descent(held, maps, _RATES, len(batches)), torch.tensor(given).float()
    for batch in tqdm(batches, "learning directions", leave=False):
        parts = [
            texts[i] if both[i] else [texts[i][j] for j in rng.permutation(len(texts[i]))[:_MOST]]
            for i in batch
        ]
        means = dropout(standardised(text_means(layers, parts, below)[0]), 0.1)
        x, loss = torch.cat([given[batch], means.flatten(1)], 1), 0.0
        for name, (y, w) in told.items():
            score = maps[name](x * reads[name])
            if name != "side":
                score = torch.cat([torch.zeros_like(score), score], 1)
            loss = loss + (cross_entropy(score, y[batch], reduction="none") * w[batch]).mean()
        descent.step(loss)
    learnt = {
        name: torch.cat([own.bias[:, None], own.weight * reads[name]], 1).detach().numpy()
        for name, own in maps.items()
    }
    return descent.learnt(), learnt


def text_means(layers, texts: list[list[str]], below: dict[str, tuple]) -> tuple:
    """Means of states over the sentences of n texts, and how many sentences and names each has.

    Tensors of shape (n, 3, 384) and (n, 3); the states are those of `below` after some `layers`.
    """
    import torch

    told = [(i, sentence) for i, part in enumerate(texts) for sentence in part]
    told.sort(key=lambda own: len(below[own[1]][0]))
    sums, counts = torch.zeros(len(texts), 3, SIZE), torch.zeros(len(texts), 3)
    for start in range(0, len(told), _AT_ONCE):
        of, own = zip(*told[start : start + _AT_ONCE], strict=True)
        states, weights = zip(*(below[sentence] for sentence in own), strict=True)
        many = torch.stack([w.sum(1) for w in weights])
        many[:, 0] = 1  # a sentence weighs the same, however long
        means = _means(_upper(layers, states), weights)
        sums = sums.index_add(0, torch.tensor(of), means * many[..., None])
        counts = counts.index_add(0, torch.tensor(of), many)
    return sums / counts.clamp(min=1)[..., None], counts


def tasks(rows: pd.DataFrame) -> dict[str, tuple]:
    """Of `about`, `side` and `exit`: which texts tell of it, what they tell, and their weights."""
    label, weight = rows["label"].to_numpy("U"), rows["weight"].to_numpy()
    about = label != "not_about"
    side = np.array([2 if v == "both" else int(v.startswith("ua")) for v in label])
    only_left = np.char.endswith(label, "exit").astype(int)
    # All that are not about this together weigh 0.7 of the others.
    share = np.where(about, 1, 0.7 * weight[about].sum() / weight[~about].sum())
    return {
        "about": (np.ones_like(about), about.astype(int), weight * share),
        "side": (about, side, weight),
        "exit": (about & (side < 2), only_left, weight),
    }
