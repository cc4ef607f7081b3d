"""The code that is used, from the codes that several passes gave: their pooled posterior."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from .. import stats

POOLED = ("A", "B", "S")
"""The passes that are pooled: the two blind ones, and the second coder of version 1 where it read.

The first pass knew outlet and direction, and C came after a first count: they are sensitivities."""


def matrix(
    codings: pd.DataFrame,
    column: str,
    codes: Sequence[str] | str,
    coders: Sequence[str] = POOLED,
    units: pd.Index | None = None,
) -> stats.Coded:
    """What each coder gave each unit, for `stats.pool`.

    `codings` are indexed by unit and coder; `codes` are those of the column in their order, or of a
    column with lists one code: given or not (1 or 0). `units` are by default all, sorted.
    """
    values = codings[column].astype(object).unstack("coder").reindex(columns=list(coders))
    values = values if units is None else values.reindex(units)
    if isinstance(codes, str):
        known = values.map(lambda v: isinstance(v, tuple) and v != ())
        given = values.map(lambda v: isinstance(v, tuple) and codes in v)
        return stats.Coded(np.where(known, given, -1).astype(int), 2)
    at = pd.Index(codes).get_indexer(values.to_numpy(object).ravel())
    return stats.Coded(at.reshape(values.shape), len(codes))


def used(codings: pd.DataFrame, column: str, codes: Sequence[str]) -> pd.Series:
    """The likeliest code of each unit by the posterior; of a list column each code over a half."""
    units = codings[column].unstack("coder").index
    if column != "motives":
        posterior = stats.pool(matrix(codings, column, codes), steps=stats.SETTLED).posterior
        known = ~np.isnan(posterior[:, 0])
        best = np.array(codes, object)[np.nan_to_num(posterior).argmax(1)]
        return pd.Series(np.where(known, best, None), units, name=column)
    pooled = {m: stats.pool(matrix(codings, column, m), steps=stats.SETTLED) for m in codes}
    table = pd.DataFrame({m: p.posterior[:, 1] for m, p in pooled.items()}, units)
    stated = [m for m in codes if m != "not_stated"]
    lists = [tuple(m for m in stated if row[m] > 0.5) for row in table.to_dict("records")]
    lists = [cell or ("not_stated",) for cell in lists]
    return pd.Series(lists, units, name=column).where(table.notna().all(axis=1), None)


def second_frame(codings: pd.DataFrame, main: pd.Series) -> pd.Series:
    """A frame that at least two pooled passes gave beside the main one; missing for none.

    `main` is the frame used, by claim. The one given most wins, of equals the first by name.
    """
    given = codings[codings.index.get_level_values("coder").isin(POOLED)]
    long = pd.concat([given["frame"], given["frame_2"]]).dropna().rename("frame").reset_index()
    beside = long["frame"].to_numpy() != main[long["claim_id"]].to_numpy()
    long = long[(long["frame"] != "") & beside]
    n = long.groupby(["claim_id", "frame"]).size().rename("n").reset_index()
    n = n[n["n"] > 1].sort_values(["claim_id", "n", "frame"], ascending=[True, False, True])
    return n.drop_duplicates("claim_id").set_index("claim_id")["frame"].rename("frame_2")
