"""Headline estimates of the committed corpus, to nine digits.

They move when the corpus or a method does; then look at what moved, and write the table anew:

    cd tests && python -c "import test_stats_golden as t; t.computed().to_csv(t.TABLE)"
"""

import numpy as np
import pandas as pd
import pytest

from defection_framing import corpus, stats
from defection_framing.domain import CELLS
from defection_framing.settings import ROOT
from defection_framing.study import estimands, reliability

TABLE = ROOT / "tests" / "reference" / "headlines.csv"

CONTRASTS = {
    "frame_relational": ["treason", "collapse", "mistreatment", "operation", "survival"],
    "frame_directional": ["collapse"],
    "frame_away": ["treason"],
    "portrayal_away": ["traitor"],
    "frame_exit_from_ua": ["collapse"],
    "frame_exit_from_ru": ["collapse"],
    "motives_direction": ["coercion", "reward"],
    "voice_direction": ["outlet"],
    "frame_direction_within": ["collapse"],
    "frame_direction_by_article": ["mistreatment"],
    "portrayal_direction_Western": ["traitor"],
}


def computed() -> pd.DataFrame:
    """The estimates as the package computes them now."""
    data = corpus.load(ROOT / "data")
    articles, claims = (t.reset_index() for t in (data.article_table(), data.claim_table()))
    rows = {}
    for name, codes in CONTRASTS.items():
        table = estimands.CONTRASTS[name].estimate(articles, claims)
        for code in codes:
            rows[estimands.name(name, code)] = table.loc[code, ["value", "low", "high", "p", "q"]]
    relational = estimands.CONTRASTS["frame_relational"]
    s = stats.shares(relational.rows(articles, claims), "frame", relational.by)
    shown = stats.prevalence(s)
    for cell in CELLS:
        rows[estimands.name("share", *cell, "treason")] = shown.loc[(*cell, "treason")]
    rows["mirror_index"] = dict(
        zip(("value", "low", "high"), stats.index_interval(s, CELLS), strict=True)
    )
    both = reliability.claims_side_by_side(data)
    agreed = stats.alpha(both["frame_1"], both["frame_2"], both["article_id"])
    rows["alpha/main_frame"] = {
        "value": agreed["alpha"],
        "low": agreed["low"],
        "high": agreed["high"],
    }
    columns = ["value", "low", "high", "p", "q"]
    table = pd.DataFrame({k: pd.Series(r) for k, r in rows.items()}).T[columns].astype(float)
    return table.rename_axis("estimate").map(lambda x: float(f"{x:.10g}"))


@pytest.mark.slow
def test_headlines_of_the_committed_corpus_are_those_of_the_table():
    expected = pd.read_csv(TABLE, index_col="estimate")
    got = computed()
    pd.testing.assert_frame_equal(got, expected, rtol=1e-8, atol=1e-9)
    assert len(got) >= 20 and np.isfinite(got["value"]).all()
