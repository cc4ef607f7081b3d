"""Headline estimates of the committed corpus, to nine digits.

They move when the corpus or a method does; then look at what moved, and write the table anew:

    cd tests && python -c "import test_stats_golden as t; t.computed().to_csv(t.TABLE)"
"""

import numpy as np
import pandas as pd
import pytest

from defection_framing import corpus
from defection_framing.settings import ROOT
from defection_framing.study import estimands, reliability, same_act

TABLE = ROOT / "tests" / "reference" / "headlines.csv"

CONTRASTS = {
    "frame_away": ["treason", "collapse", "operation", "survival"],
    "frame_directional": ["collapse"],
    "frame_direction_within": ["collapse"],
    "portrayal_away": ["traitor", "convert"],
    "portrayal_away_unprosecuted": ["traitor"],
    "portrayal_away_Russian": ["traitor"],
    "motives_away": ["survival"],
    "frame_exit_Ukrainian": ["collapse"],
    "frame_exit_Russian": ["collapse"],
    "portrayal_direction_Western": ["traitor"],
}


def computed() -> pd.DataFrame:
    """The estimates as the package computes them now."""
    data = corpus.load(ROOT / "data")
    rows = {key: same_act.paired(data, p) for key, p in estimands.PAIRED.items()}
    rows |= {
        estimands.name(key, how): same_act.paired(data, estimands.PAIRED[key], how)
        for key in ("same_act/portrayal/traitor",)
        for how in ("new events", "one service, one cluster", "first pass, not blind")
    }
    for name, codes in CONTRASTS.items():
        table = estimands.CONTRASTS[name].estimate(data)
        for code in codes:
            rows[estimands.name(name, code)] = table.loc[code]
    agreed = reliability.table(data).xs("blind A and B", level="passes").loc["main frame"]
    rows["alpha/main_frame"] = agreed.rename({"alpha": "value"})
    columns = ["value", "low", "high", "p", "q"]
    table = pd.DataFrame({k: pd.Series(r) for k, r in rows.items()}).T.reindex(columns=columns)
    return table.astype(float).rename_axis("estimate").map(lambda x: float(f"{x:.10g}"))


@pytest.mark.slow
def test_headlines_of_the_committed_corpus_are_those_of_the_table():
    expected = pd.read_csv(TABLE, index_col="estimate")
    got = computed()
    pd.testing.assert_frame_equal(got, expected, rtol=1e-8, atol=1e-9)
    assert len(got) >= 20 and np.isfinite(got["value"]).all()
