"""The mirror index: how far two camps' framings depend on which way a crossing goes for them."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from ..settings import SEED
from .contrasts import contrast
from .panel import Panel, shares
from .weighted import DRAWS, Number, Shares, decided, known_mean, known_variance, one_sided_p

MIN_EVENTS_INDEX = 10
"""With fewer in the harmonic mean of its four cells the mirror index gets no interval.

As for `weighted.MIN_EVENTS`, what the simulation of coverage supports."""

# Weights of the cells: each camp's crossings toward it and away from it.
_CONTRASTS = {
    "first": (1, -1, 0, 0),
    "second": (0, 0, 1, -1),
    "relational": (0.5, -0.5, 0.5, -0.5),
    "directional": (0.5, -0.5, -0.5, 0.5),
}
_PARTS = ["", "_low", "_high", "_p", "_q"]
_REFERENCES = ["directions shuffled", "camps shuffled", "perfect mirror, same noise"]


@dataclass(frozen=True)
class Mirror:
    """The mirror index of two camps, what it is made of and what it is held against.

    Attributes
    ----------
    index : pd.Series
        `value`, `low`, `high` (clipped to -1 and 1), `cosine`, `n_articles`, `n_events`,
        `smallest_cell` (events in the smallest of the four cells), `shared_events` (told by both
        camps), and the p-values against the two nulls, `p_no_direction` and `p_no_teller`.
    frames : pd.DataFrame, one row per code
        The toward-minus-away contrasts `first` and `second` of the two camps and their halves:
        `relational` (what both camps do alike with respect to their own side) and `directional`
        (what both do alike with respect to the direction), each with `_low`, `_high`, `_p`, `_q`;
        `part`: what the code contributes to the index (the parts sum to it); `kind`: which halves
        are shown (`relational`, `directional`, `both` or `not shown`).
    references : pd.DataFrame
        Draws of the index where the direction does not matter, where the teller does not matter,
        and where the mirror is perfect but the sample as noisy as this one; a column each.
    """

    index: pd.Series
    frames: pd.DataFrame
    references: pd.DataFrame


def mirror_index(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Agreement of contrast vectors, -1 to 1, over the last axis.

    Twice the inner product over the sum of the squared lengths: Lin's (1989) concordance for
    vectors that sum to zero, as differences of distributions do. 1: each camp tells those who come
    toward it as the other camp tells those who come toward *it* (framing is relational). -1: both
    camps tell each direction alike, whoever gains (framing follows the direction). With r and d
    the relational and directional halves, it is (|r|^2 - |d|^2) / (|r|^2 + |d|^2).
    """
    length = (first**2).sum(-1) + (second**2).sum(-1)
    with np.errstate(invalid="ignore"):
        return 2 * (first * second).sum(-1) / length


def mirror(
    table: pd.DataFrame,
    toward: dict[str, str],
    column: str = "frame",
    weighting: str = "event",
    draws: int = DRAWS,
    seed: int = SEED,
) -> Mirror:
    """Mirror index of two camps with interval, nulls and the frames that make or break it.

    Parameters
    ----------
    table : pd.DataFrame
        Claims or articles with `camp`, `direction`, `outlet`, `article_id`, `cluster` and `column`.
    toward : dict of str to str
        Of each of the two camps the direction that leads to it; that of the other leads away.
    weighting, draws, seed
        As in `shares`; `draws` is also the number of permutations of each null.

    Returns
    -------
    Mirror
        Without values where the corpus has nothing of one of the four cells.

    Notes
    -----
    Nulls: directions shuffled over whole events; camps shuffled over whole outlets. The interval is
    the value plus or minus t times the cluster-bootstrap standard error, t with as many degrees of
    freedom as the smallest cell has effective events, less one. Sampling noise pulls the index
    away from 1: the reference `perfect mirror` shows how high it could have come, and the interval
    is longer on the other side by the bias that the bootstrap shows. There is none under
    `MIN_EVENTS_INDEX`.
    """
    camps = list(toward)
    crossing = table["direction"].isin(toward.values())
    table = decided(table[crossing & table["camp"].isin(camps)], column)
    cells = [(c, toward[d]) for c, away in zip(camps, camps[::-1], strict=True) for d in (c, away)]
    s = shares(table, column, ["camp", "direction"], weighting, draws, seed)
    n = {
        "n_articles": int(table["article_id"].nunique()),
        "n_events": int(table["cluster"].nunique()),
        "shared_events": int((table.groupby("cluster")["camp"].nunique() == 2).sum()),
    }
    if not set(cells) <= set(s.groups):
        return _no_mirror(s.codes, n)
    at = [s.at(g) for g in cells]
    t1, a1, t2, a2 = s.value[at]
    d1, d2 = s.draws[:, at[0]] - s.draws[:, at[1]], s.draws[:, at[2]] - s.draws[:, at[3]]
    first, second = t1 - a1, t2 - a2
    value, low, high = index_interval(s, cells)

    middle, rng = (first + second) / 2, np.random.default_rng(seed)
    panel = Panel.of(table, column, ["camp", "direction", "outlet"])
    outlets = np.unique(panel.labels["outlet"], return_inverse=True)[1]
    drawn = (
        shuffled_index(panel, toward, "direction", panel.event, weighting, draws, rng),
        shuffled_index(panel, toward, "camp", outlets, weighting, draws, rng),
        mirror_index(middle + d1 - first, middle + d2 - second),
    )
    references = pd.DataFrame(dict(zip(_REFERENCES, drawn, strict=True)))
    index = pd.Series(
        {
            "value": value,
            "low": low,
            "high": high,
            "cosine": float(first @ second / np.sqrt((first @ first) * (second @ second))),
            **n,
            "smallest_cell": int(s.n["n_events"].iloc[at].min()),
            "p_no_direction": one_sided_p(references["directions shuffled"], value),
            "p_no_teller": one_sided_p(references["camps shuffled"], value),
        }
    )
    length = (first**2).sum() + (second**2).sum()
    frames, is_shown = pd.DataFrame({"part": 2 * first * second / length}, index=s.codes), {}
    for name, w in _CONTRASTS.items():
        part = contrast(s, {g: x for g, x in zip(cells, w, strict=True) if x})
        is_shown[name] = part["shown"]
        for c in _PARTS:
            frames[name + c] = part[c.removeprefix("_") or "value"]
    relational, directional = is_shown["relational"], is_shown["directional"]
    frames["kind"] = "not shown"
    frames.loc[relational, "kind"] = "relational"
    frames.loc[directional, "kind"] = "directional"
    frames.loc[relational & directional, "kind"] = "both"
    return Mirror(index, frames, references)


def _no_mirror(codes: pd.Index, n: dict[str, int]) -> Mirror:
    """Mirror of a corpus that has nothing of one of the four cells."""
    values = ["value", "low", "high", "cosine", "p_no_direction", "p_no_teller"]
    index = pd.Series({**dict.fromkeys(values, np.nan), **n, "smallest_cell": 0})
    columns = ["part", *(name + part for name in _CONTRASTS for part in _PARTS), "kind"]
    references = pd.DataFrame(columns=_REFERENCES, dtype=float)
    return Mirror(index, pd.DataFrame(np.nan, codes, columns), references)


def index_interval(
    s: Shares, cells: Sequence[Hashable], least: float = MIN_EVENTS_INDEX
) -> tuple[float, float, float]:
    """Mirror index of four groups (each camp's toward and away) with its interval, as `mirror`."""
    at = [s.at(g) for g in cells]
    events = s.n["effective_events"].iloc[at]
    value, low, high = map(float, bounds_of_index(s.value[at], s.draws[:, at], events.min()))
    return (value, low, high) if stats.hmean(events) >= least else (value, np.nan, np.nan)


def bounds_of_index(
    value: np.ndarray, draws: np.ndarray, effective: Number
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`index_interval` of shares (4, ..., K), their draws (B, 4, ..., K) and the least events."""
    value = mirror_index(value[0] - value[1], value[2] - value[3])
    draws = mirror_index(draws[:, 0] - draws[:, 1], draws[:, 2] - draws[:, 3])
    reach = stats.t.isf(0.025, np.maximum(effective - 1, 1)) * np.sqrt(known_variance(draws))
    bias = value - known_mean(draws)
    low, high = value - reach + np.minimum(bias, 0), value + reach + np.maximum(bias, 0)
    return value, np.maximum(low, -1.0), np.minimum(high, 1.0)


def shuffled_index(
    panel: Panel,
    toward: dict[str, str],
    label: str,
    units: np.ndarray,
    weighting: str,
    draws: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draws of the mirror index with one label shuffled over whole units, shape (draws,).

    `label` (`camp` or `direction`) is shuffled once per unit and value of it that the unit has;
    `units` (n,) are integers, such as the articles' outlets.
    """
    names = {"camp": list(toward), "direction": list(toward.values())}
    known = {c: pd.Index(v).get_indexer(panel.labels[c]) for c, v in names.items()}
    camp, direction, codes = known["camp"], known["direction"], panel.codes
    keys, event = units * 2 + known[label], panel.event
    _, first, unit = np.unique(keys, return_index=True, return_inverse=True)
    n_keys = (event.max() + 1) * 4
    out = np.empty(draws)
    for start in range(0, draws, 100):  # blocks bound the memory
        size = min(100, draws - start)
        now = np.stack([rng.permutation(known[label][first])[unit] for _ in range(size)])
        cell = now * 2 + direction if label == "camp" else camp * 2 + now
        weight = np.ones(cell.shape)
        if weighting == "event":
            key = np.arange(size)[:, None] * n_keys + event * 4 + cell
            weight = 1 / np.bincount(key.ravel(), minlength=size * n_keys)[key]
        share = np.empty((4, size, codes.shape[1]))
        with np.errstate(invalid="ignore", divide="ignore"):
            for c in range(4):
                part = weight * (cell == c)
                share[c] = part @ codes / part.sum(1, keepdims=True)
        out[start : start + size] = mirror_index(share[0] - share[1], share[3] - share[2])
    return out
