"""What the coders could see, and what seeing it did to the codes.

The passes A, B and C saw neither outlet nor direction; the first pass, 0, knew both. So the first
can be held against the blind ones on the same articles: if they differ alike in all cells of camp
and direction, comparisons stand; if more in one cell than in another, the first pass's err. And
what the side alone does to a portrayal is seen where articles were coded with the sides exchanged.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from .. import stats
from ..corpus import Corpus
from ..domain import CELLS, DIRECTIONS, TOWARD
from .estimands import LEAVING, cells, estimates, name
from .reliability import side_by_side

RIGHT_GUESS = {d: d[0].upper() for d in DIRECTIONS}
"""The side that is left, as blind coders guessed it: R or U."""

LOOKED_AT = {"portrayal": ("traitor", "convert"), "frame": ("treason",)}
"""Codes whose error is looked at cell by cell, by column."""

ALL = "first minus blind"
COMPARISONS = {
    ALL: ("0", "AB", lambda t: t["wave"] > 0),
    f"{ALL} in wave 1": ("0", "AB", lambda t: t["wave"] == 1),
    f"{ALL} in wave 2": ("0", "AB", lambda t: t["wave"] == 2),
    f"{ALL} on shared events": ("0", "AB", lambda t: t["shared"]),
    "blind A minus blind B": ("A", "B", lambda t: t["wave"] > 0),
}
"""Passes that are compared (of two, their mean), and on which articles."""


ROWS = {
    **{f"{c} camp {'coming' if TOWARD[c] == d else 'leaving'}": {(c, d): 1.0} for c, d in CELLS},
    **{f"{c} camp {LEAVING}": cells([c], 1.0, -1.0) for c in TOWARD},
    f"both camps {LEAVING}": cells(TOWARD, 0.5, -0.5),
}
"""What is compared between passes, as weights of cells: each cell, leaving minus coming in each
camp, and the mean of both camps. On shared events the last is the paired comparison's."""


def guesses(data: Corpus) -> pd.DataFrame:
    """How often the blind coders A and B guessed the side that was left, in all and by cell.

    Index: `camp`, `direction` (both `all` in the first row). Columns `value` (share of codings with
    the right guess), `low`, `high` (events resampled), `missed` (codings with a wrong or an open
    guess), `n_articles`, `n_events`.
    """
    codings = side_by_side(data, "guess")
    codings = codings[codings["direction"].isin(RIGHT_GUESS)]
    left = codings["direction"].astype(str).map(RIGHT_GUESS)
    codings = pd.concat([codings.assign(right=codings[c] == left) for c in "AB"], ignore_index=True)
    camp = codings["camp"].where(codings["camp"].isin(TOWARD), "Other")
    rows = {("all", "all"): codings} if len(codings) else {}
    rows |= dict(list(codings.groupby([camp, codings["direction"].astype(str)])))
    table = {
        at: stats.share_of(part["right"], part["cluster"])
        | {"missed": (~part["right"]).sum()}
        | {"n_articles": part["article_id"].nunique(), "n_events": part["cluster"].nunique()}
        for at, part in rows.items()
    }
    return pd.DataFrame.from_dict(table, "index").rename_axis(["camp", "direction"])


def differences(data: Corpus) -> pd.DataFrame:
    """Share of a code by some passes minus that by others, on the same articles (`COMPARISONS`).

    Shares are event-weighted within a cell of camp and direction. Index: `code` (of `LOOKED_AT`),
    `passes` (of `COMPARISONS`), `row` (of `ROWS`). Columns `value`, `low`, `high` (as
    `stats.combined`; none where a cell has fewer than `stats.MIN_EVENTS` effective events),
    `first`, `second` (what is subtracted from what), `n_articles`, `n_events`.
    """
    rows = {}
    for column, codes in LOOKED_AT.items():
        coded = side_by_side(data, column).drop(columns=column)
        coded = coded[coded["camp"].isin(TOWARD) & coded["direction"].isin(TOWARD.values())]
        for passes, (*sides, keep) in COMPARISONS.items():
            long = _below(coded[keep(coded)], sides)
            s = stats.shares(long, "code", ["by", "camp", "direction"])
            for code in codes:
                for row, weights in ROWS.items():
                    rows[code, passes, row] = _difference(s, code, *sides, weights)
    return pd.DataFrame.from_dict(rows, "index").rename_axis(["code", "passes", "row"])


def _below(table: pd.DataFrame, sides: Sequence[str]) -> pd.DataFrame:
    """The codes of each side's passes below one another, as `code`; `by` names the side."""
    parts = [table.assign(by=side, code=table[p]) for side in sides for p in side]
    return pd.concat(parts, ignore_index=True)


def _difference(s: stats.Shares, code, first, second, cells: dict[tuple, float]) -> dict:
    """One code's share under one label minus that under another, in cells with weights."""
    one, two = ({(label, *cell): w for cell, w in cells.items()} for label in (first, second))
    weights = one | {group: -w for group, w in two.items()}
    if code not in s.codes or not set(weights) <= set(s.groups):
        return dict.fromkeys(("value", "low", "high", "first", "second"), np.nan)
    at = s.codes.get_loc(code)
    found = [limit[at] for limit in stats.combined(s, weights)]
    n = s.n.loc[list(one)]
    if n["effective_events"].min() < stats.MIN_EVENTS:
        found[1:] = np.nan, np.nan
    found += [sum(w * s.value[s.at(g), at] for g, w in side.items()) for side in (one, two)]
    events = (s.mass[:, [s.at(g) for g in one]] > 0).any(1).sum()
    counts = {"n_articles": n["n_articles"].sum(), "n_events": events}
    return dict(zip(("value", "low", "high", "first", "second"), found, strict=True)) | counts


def swap(data: Corpus) -> pd.DataFrame:
    """What naming Ukraine instead of Russia as the side that is left does to each portrayal.

    Each article was coded twice, with the sides as they are and exchanged, by different coders;
    articles weigh the same. Index: `direction` (`all` first), `portrayal`. Columns `value` (share
    where Ukraine is named as left minus share where Russia is), `low`, `high`, `first`, `second`
    (the two shares), `p` (McNemar's exact test, which takes articles for independent),
    `ukraine_only`, `russia_only` (articles so portrayed under one naming only), `n_articles`,
    `n_events`.
    """
    wide = data.flag_swap["portrayal"].astype(object).unstack("version")
    wide = wide.join(data.article_table()[["cluster", "direction"]]).reset_index()
    as_it_is = wide["direction"] == "ua_to_ru"
    wide["U"] = wide["true"].where(as_it_is, wide["swapped"])
    wide["R"] = wide["swapped"].where(as_it_is, wide["true"])
    rows = {}
    for direction in ("all", *TOWARD.values()):
        part = wide if direction == "all" else wide[wide["direction"] == direction]
        long = _below(part.assign(cell="all"), "UR")
        s = stats.shares(long, "code", ["by", "cell"], weighting="article")
        for code in s.codes:
            ukraine, russia = part["U"] == code, part["R"] == code
            only = (ukraine & ~russia).sum(), (russia & ~ukraine).sum()
            p = binomtest(only[0], sum(only)).pvalue if any(only) else 1.0
            found = _difference(s, code, "U", "R", {("all",): 1.0}) | {"p": p}
            rows[direction, code] = found | {"ukraine_only": only[0], "russia_only": only[1]}
    return pd.DataFrame.from_dict(rows, "index").rename_axis(["direction", "portrayal"])


def noise(data: Corpus) -> pd.DataFrame:
    """How many of the swapped articles two coders portray differently, sides exchanged or not.

    Index: the two codings. Columns: `any` portrayal, and `traitor` or not; counts of articles.
    """
    swapped = data.flag_swap["portrayal"].astype(object).unstack("version")
    blind = data.codings_articles["portrayal"].astype(object).unstack("coder")
    both = swapped.join(blind)
    pairs = {"sides exchanged": ("true", "swapped"), "blind A and B": ("A", "B")}
    rows = {}
    for label, (a, b) in pairs.items():
        traitor = (both[a] == "traitor") != (both[b] == "traitor")
        rows[label] = {"any": (both[a] != both[b]).sum(), "traitor": traitor.sum()}
    return pd.DataFrame.from_dict(rows, "index")


@estimates
def measured(guesses, differences, swap, noise) -> pd.DataFrame:
    """The tables of this module by name."""
    named = {"guess": guesses, "blind_error": differences, "flag_swap": swap}
    parts = [t.set_axis([name(what, at) for at in t.index]) for what, t in named.items()]
    counts = {name("guess", at, "missed"): n for at, n in guesses["missed"].items()}
    for table in (swap[["ukraine_only", "russia_only"]], noise):
        counts |= {name("flag_swap", at): n for at, n in table.stack().items()}
    return pd.concat([*parts, pd.DataFrame({"value": counts}, dtype=float)])
