"""From a data package to verdicts: what is planted in the same acts is found, else nothing is."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

import synthetic
from defection_framing import corpus, settings, stats
from defection_framing.study import codes, plan, same_act
from defection_framing.study.estimands import SAME_TRAITOR, SAME_TREASON

pytestmark = pytest.mark.slow

RIGHT = 0.85  # of codes that each of two coders gives rightly
KEPT = 0.85  # of a difference, about, by codes pooled from such coders


@pytest.fixture
def studied(tmp_path, monkeypatch):
    """Write, load and compare a corpus as notebook 3 does, with fewer draws."""
    few = {s: same_act.WAYS[s] for s in ("as planned", "new events")}
    monkeypatch.setattr(same_act, "WAYS", few)
    monkeypatch.setattr(plan, "DIRECTIONAL", [*few])
    few_draws = partial(stats.energies, bootstraps=99, sets=99)
    monkeypatch.setattr(stats, "energies", few_draws)
    monkeypatch.setattr(settings, "cache_dir", lambda: tmp_path / ".cache")
    monkeypatch.setattr(codes, "of_articles", partial(codes.of_articles, draws=100))

    def study(seed, **effects):
        claims = synthetic.claims(seed, events=80, coverage=0.9, **effects)
        data = corpus.load(synthetic.write(tmp_path / f"{seed} {effects}", claims, RIGHT, seed))
        table = same_act.comparisons(data)
        return table, plan.verdicts(table, plan.directional(data))

    return study


@pytest.mark.parametrize(("relational", "directional"), [(0.25, 0.12), (-0.13, -0.08)])
def test_a_planted_telling_is_found_in_the_same_acts_and_turns_with_its_sign(
    studied, relational, directional
):
    found, held = [], []
    for seed in range(3):
        table, verdicts = studied(seed, relational=relational, directional=directional)
        for p in (SAME_TRAITOR, SAME_TREASON):
            row = table.loc[p.name, "as planned"]
            assert np.sign(row["value"]) == np.sign(relational)
            held.append(row["low"] <= relational * KEPT <= row["high"])
        found.append(verdicts["holm"] < 0.05)
    rate = pd.concat(found, axis=1).mean(axis=1)
    assert rate["H1"] == 1 and rate["H3"] > 0.5 and rate["H4"] > 0.3
    assert rate["H2"] == 0  # nobody is told of as a convert
    assert np.mean(held) > 0.85


def test_where_nothing_is_planted_no_hypothesis_is_confirmed(studied):
    said = [studied(seed)[1]["verdict"] for seed in range(100, 104)]
    assert not pd.concat(said).isin(["confirmed", "supported"]).any()
