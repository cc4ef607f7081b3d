"""From tables written as a data package to contrasts: what is planted is found, else nothing is."""

import numpy as np
import pytest

import synthetic
from defection_framing import corpus, domain, stats
from defection_framing.study.estimands import CONTRASTS

pytestmark = pytest.mark.slow

DIRECTION = {"ua_to_ru": 1, "ru_to_ua": -1}


def studied(folder, seed, **effects):
    """Load a synthetic package and compare it as notebooks 3 and 4 do."""
    data = corpus.load(synthetic.write(folder, synthetic.claims(seed, events=80, **effects)))
    articles, claims = data.article_table().reset_index(), data.claim_table()
    halves = stats.mirror(claims, domain.TOWARD, draws=1500).frames
    pooled = stats.contrast(stats.shares(claims, "frame", ["direction"], draws=400), DIRECTION)
    return halves, pooled, CONTRASTS["portrayal_away"].estimate(articles, claims, 400)


def known(halves, pooled, away, relational, directional):
    """Value, interval and truth of what the generator decides."""
    half = {k: halves[[k, f"{k}_low", f"{k}_high"]] for k in ("relational", "directional")}
    pooled, away = (t[["value", "low", "high"]] for t in (pooled, away))
    # Toward minus away, so a frame told more of those who leave is negative.
    yield *half["relational"].loc["treason"], -relational
    yield *half["relational"].loc["operation"], relational
    yield *half["directional"].loc["coercion"], directional
    yield *half["relational"].loc["policy"], 0
    yield *half["directional"].loc["survival"], 0
    yield *pooled.loc["coercion"], directional
    yield *pooled.loc["collapse"], 0
    yield *away.loc["traitor"], relational


@pytest.mark.parametrize(("relational", "directional"), [(0.2, 0.1), (-0.13, -0.08)])
def test_planted_effects_are_found_and_follow_when_they_are_flipped(
    tmp_path, relational, directional
):
    covered, found = [], []
    for seed in range(8):
        result = studied(tmp_path / str(seed), seed, relational=relational, directional=directional)
        value, low, high, truth = np.array(
            list(known(*result, relational, directional)), dtype=float
        ).T
        covered += list((low <= truth) & (truth <= high))
        found.append(result[0].loc["treason", "relational_q"] < 0.05)
        assert np.sign(value[0]) == -np.sign(relational)
    assert np.mean(covered) >= 0.88  # 0.95 less three Monte Carlo errors of 64 intervals
    assert np.mean(found) >= 0.6


def test_where_nothing_is_planted_hardly_anything_is_found(tmp_path):
    q = []
    for seed in range(8):
        halves, pooled, away = studied(tmp_path / str(seed), 100 + seed)
        q += [halves[k].min() for k in ("relational_q", "directional_q")]
        q += [pooled["q"].min(), away["q"].min()]
    assert (np.array(q) < 0.05).mean() <= 0.16
