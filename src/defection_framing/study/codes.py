"""The codes that the study uses, with their uncertainty: those of several passes, pooled."""

import hashlib
import pickle
from collections.abc import Sequence

import pandas as pd

from .. import settings, stats
from ..corpus import Corpus, passes

CLAIM_CODES = ("frame", "voice")
"""Codes of claims; the others are of whole articles. The voice was coded once, and is as coded."""


VARIANTS = {
    "pooled": passes.POOLED,
    "with C": (*passes.POOLED, "C"),
    "majority": ("0", *passes.POOLED, "C"),
    "first pass": ("0",),
}
"""Which passes give the codes: as planned, and what they are held against."""


def redraws(
    data: Corpus, column: str, variant: str = "pooled", draws: int = stats.REDRAWS
) -> stats.Redraws:
    """The articles' codes of a column: as expected by the passes pooled, and in draws.

    Parameters
    ----------
    variant : str
        Of `VARIANTS`. The majority, the codes of one pass, and those of a corpus with one coder are
        taken as they are, and draws are of events alone.

    Notes
    -----
    It takes seconds, and every notebook needs it: what was drawn is kept in `.cache`.
    """
    coders, of_claims = VARIANTS[variant], column in CLAIM_CODES
    units = data.claims if of_claims else data.articles
    codings = data.codings_claims if of_claims else data.codings_articles
    if codings.empty or column not in codings:
        once = units[[column]].assign(coder="once")
        codings, coders = once.set_index("coder", append=True), ("once",)
    if column == "motives":
        names = pd.Index(sorted({m for cell in units[column] for m in cell}))
        wanted: Sequence = names
    else:
        names = pd.Index(units[column].cat.categories)
        wanted = [list(names)]
    coded = [passes.matrix(codings, column, of, coders, units.index) for of in wanted]
    if variant == "majority" and len(coders) > 1:
        coded = [stats.Coded(stats.majority(c)[:, None], c.size) for c in coded]
    ids = units["article_id"] if of_claims else units.index
    article = data.articles.index.get_indexer(ids)
    cluster = data.article_table()["cluster"]
    key = hashlib.sha256(repr((draws, settings.SEED, list(names), list(cluster))).encode())
    for part in (article, *(c.codes for c in coded)):
        key.update(part.tobytes())
    for module in ("coders", "redraws"):
        key.update((settings.ROOT / f"src/defection_framing/stats/{module}.py").read_bytes())
    kept = settings.cache_dir() / "redraws" / f"{key.hexdigest()[:16]}.pickle"
    if kept.exists():
        return pickle.loads(kept.read_bytes())
    made = stats.redraw(data.articles.index, cluster, coded, names, article, draws)
    kept.parent.mkdir(parents=True, exist_ok=True)
    settings.write_bytes(kept, pickle.dumps(made))
    return made
