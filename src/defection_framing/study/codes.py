"""The codes that the study uses, with their uncertainty: those of several passes, pooled."""

import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd

from .. import settings, stats
from ..corpus import Corpus, codes

CLAIM_CODES = ("frame", "voice")
"""Codes of claims; the others are of whole articles. The voice was coded once, and is as coded."""

POOLED = ("A", "B", "S")
"""The passes that are pooled: the two blind ones, and the second coder of version 1 where it read.

The first pass knew outlet and direction, and C came after a first count: they are sensitivities."""

VARIANTS = {
    "pooled": POOLED,
    "with C": (*POOLED, "C"),
    "majority": ("0", *POOLED, "C"),
    "first pass": ("0",),
}
"""Which passes give the codes: as planned, and what they are held against."""


def of_articles(
    data: Corpus,
    column: str,
    variant: str = "pooled",
    draws: int = stats.CODE_DRAWS,
    without: str | None = None,
) -> stats.CodeDraws:
    """The articles' codes of a column: as expected by the passes pooled, and in draws.

    `variant` is of `VARIANTS`; the majority, one pass, and a corpus with one coder are taken as
    they are, and draws are of events alone. A code may be left out, the others rescaled.
    """
    coders, of_claims = VARIANTS[variant], column in CLAIM_CODES
    units = data.claims if of_claims else data.articles
    codings = data.codings_claims if of_claims else data.codings_articles
    if codings.empty or column not in codings:
        once = units[[column]].assign(coder="once")
        codings, coders = once.set_index("coder", append=True), ("once",)
    if column == "motives":
        given = sorted({m for cell in units[column] for m in cell})
        names = pd.Index(given or codes("articles", column))  # classifiers give none
        wanted: Sequence = names
    else:
        wanted = [list(names := pd.Index(units[column].cat.categories))]
    coded = [matrix(codings, column, of, coders, units.index) for of in wanted]
    if variant == "majority" and len(coders) > 1:
        coded = [stats.Coded(stats.majority(c)[:, None], c.size) for c in coded]
    ids = units["article_id"] if of_claims else units.index
    article = data.articles.index.get_indexer(ids)
    cluster = data.article_table()["cluster"]
    key = hashlib.sha256(repr((draws, settings.SEED, list(names), list(cluster))).encode())
    for part in (article, *(c.codes for c in coded)):
        key.update(part.tobytes())
    key.update((settings.ROOT / "src/defection_framing/stats/coders.py").read_bytes())
    # It takes seconds, and every notebook needs it.
    made = settings.cached(
        f"codes/{key.hexdigest()[:16]}",
        key.digest(),
        lambda: stats.draw_codes(data.articles.index, cluster, coded, names, article, draws),
    )
    return made.without(without) if without else made


def matrix(
    codings: pd.DataFrame,
    column: str,
    names: Sequence[str] | str,
    coders: Sequence[str] = POOLED,
    units: pd.Index | None = None,
) -> stats.Coded:
    """What each coder gave each unit, for `stats.pool`.

    `codings` are indexed by unit and coder; `names` are the codes of the column in their order, or
    of a column with lists one code: given or not (1 or 0). `units` are by default all, sorted.
    """
    values = codings[column].astype(object).unstack("coder").reindex(columns=list(coders))
    values = values if units is None else values.reindex(units)
    if isinstance(names, str):
        known = values.map(lambda v: isinstance(v, tuple) and v != ())
        given = values.map(lambda v: isinstance(v, tuple) and names in v)
        return stats.Coded(np.where(known, given, -1).astype(int), 2)
    at = pd.Index(names).get_indexer(values.to_numpy(object).ravel())
    return stats.Coded(at.reshape(values.shape), len(names))
