"""What several passes gave, for the model that pools them: the codes used are its likeliest."""

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
