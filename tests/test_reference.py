"""Walls moved, numbers did not: every kept estimate against those of before the package was folded.

`reference/estimates.csv` is what the study said then; `reference/names_*.csv` map old names to new
ones, `reference/dropped.csv` says why the others are gone.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from defection_framing.settings import ROOT

REFERENCE = Path(__file__).parent / "reference"
COLUMNS = ["value", "low", "high", "n_articles", "n_events", "p", "q"]
FLOAT32 = 1e-6
"""Tolerance of what rests on products of embeddings: their last digits differ by processor."""

UMAP = 0.01
"""Tolerance of what rests on UMAP, which is compiled for the processor that runs it."""


@pytest.fixture(scope="module")
def names():
    parts = [pd.read_csv(path) for path in sorted(REFERENCE.glob("names_*.csv"))]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def old():
    return pd.read_csv(REFERENCE / "estimates.csv").set_index("name")


def test_every_old_estimate_has_a_new_name_or_a_reason_to_be_gone(names, old):
    dropped = pd.read_csv(REFERENCE / "dropped.csv")
    lost = old.index.difference(names["old"])
    explained = [any(re.fullmatch(p, n) for p in dropped["names"]) for n in lost]
    assert not names["old"].duplicated().any() and not names["new"].duplicated().any()
    assert list(lost[~np.array(explained)]) == []


def test_kept_estimates_are_identical(names, old):
    new = pd.read_csv(ROOT / "data" / "derived" / "estimates.csv").set_index("name")
    assert set(names["new"]) <= set(new.index)
    was = old.loc[names["old"], COLUMNS].to_numpy(float)
    now = new.loc[names["new"], COLUMNS].to_numpy(float)
    same = (was == now) | (np.isnan(was) & np.isnan(now))
    for pattern, tolerance in {"same_event_distance": FLOAT32, "topics/.*/written": UMAP}.items():
        rests_on_it = names["new"].str.match(pattern).to_numpy()[:, None]
        same |= rests_on_it & np.isclose(was, now, rtol=tolerance, atol=tolerance)
    assert list(names["new"][~same.all(axis=1)]) == []
