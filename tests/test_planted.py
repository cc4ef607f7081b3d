"""From tables written as a data package to the results of notebook 4: what is planted is found."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

import synthetic
from defection_framing import corpus, settings, stats
from defection_framing.domain import CELLS
from defection_framing.study import camps
from defection_framing.study.estimands import CONTRASTS

pytestmark = pytest.mark.slow

REPORTED = ["portrayal_away", "frame_away", "frame_beside_treason_away", "frame_directional"]


@pytest.fixture(autouse=True)
def a_cache_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "cache_dir", lambda: tmp_path / "cache")


def studied(folder, seed, **effects):
    """Load a synthetic package and compare it as the notebook does."""
    data = corpus.load(synthetic.write(folder, synthetic.claims(seed, events=80, **effects)))
    tables = {key: CONTRASTS[key].estimate(data, 400) for key in REPORTED}
    s = CONTRASTS["frame_beside_treason_away"].panel(data, 400).shares(["camp", "direction"])
    return tables, stats.energies(s, CELLS, 99, 99)


def known(tables, relational, directional):
    """Value, interval and truth of what the generator decides, and the energies' lengths."""
    rows = {k: t[["value", "low", "high"]] for k, t in tables.items()}
    yield *rows["frame_away"].loc["treason"], relational
    yield *rows["frame_away"].loc["operation"], -relational
    yield *rows["frame_away"].loc["policy"], 0
    yield *rows["portrayal_away"].loc["traitor"], relational
    yield *rows["frame_directional"].loc["coercion"], directional
    yield *rows["frame_directional"].loc["survival"], 0
    # of those who come 0.1 in 0.85 are claims of policy, of those who leave as much of what is left
    truth = 0.1 / (0.85 - relational) - 0.1 / 0.85
    yield *rows["frame_beside_treason_away"].loc["policy"], truth


@pytest.mark.parametrize(("relational", "directional"), [(0.2, 0.1), (-0.13, -0.08)])
def test_planted_effects_are_found_and_follow_when_they_are_flipped(
    tmp_path, relational, directional
):
    covered, found = [], []
    for seed in range(8):
        tables, _ = studied(
            tmp_path / str(seed), seed, relational=relational, directional=directional
        )
        value, low, high, truth = np.array(list(known(tables, relational, directional)), float).T
        covered += list((low <= truth) & (truth <= high))
        found.append(tables["frame_away"].loc["treason", "q"] < 0.05)
        assert np.sign(value[0]) == np.sign(relational)
    assert np.mean(covered) >= 0.86  # 0.95 less three Monte Carlo errors of 56 intervals
    assert np.mean(found) >= 0.6


@pytest.mark.parametrize("part", ["relational", "directional"])
def test_the_energy_is_in_the_part_where_it_was_planted(tmp_path, part):
    _, energy = studied(tmp_path / part, 3, **{part: 0.3})
    other = {"relational": "directional", "directional": "relational"}[part]
    assert energy.loc[part, "p"] < 0.05 < energy.loc[other, "p"]
    assert energy.loc[part, "value"] > 5 * abs(energy.loc[other, "value"])


def test_where_nothing_is_planted_hardly_anything_is_found(tmp_path):
    q, p = [], []
    for seed in range(8):
        tables, energy = studied(tmp_path / str(seed), 100 + seed)
        q += [table["q"].min() for table in tables.values()]
        p += list(energy["p"])
    assert (np.array(q) < 0.05).mean() <= 0.16 and (np.array(p) < 0.05).mean() <= 0.2


def test_the_notebooks_tables_hold_together(tmp_path, monkeypatch):
    few = partial(stats.energies, bootstraps=19, sets=19)
    monkeypatch.setattr(stats, "energies", few)
    folder = synthetic.write(tmp_path / "corpus", synthetic.claims(5, events=80, relational=0.2))
    articles = pd.read_csv(folder / "articles.csv")
    articles["occasion"] = np.where(articles.index % 4, "crossing", "prosecution")
    articles.to_csv(folder / "articles.csv", index=False)
    facts = corpus.event_facts(articles, pd.read_csv(folder / "outlets.csv", index_col="domain"))
    facts.map(corpus.cell_text).to_csv(folder / "events.csv")
    data = corpus.load(folder)
    tables, same = camps.contrasts(data), camps.same(data)
    # the same contrast, computed by itself
    alone = CONTRASTS["portrayal_away_unprosecuted"].estimate(data)
    pd.testing.assert_frame_equal(tables["portrayal_away_unprosecuted"], alone)
    rows = camps.by_subset(tables, same)
    assert (
        rows.loc["portrayed as traitor", "mean of the camps", "all crossings"]["value"]
        == (tables["portrayal_away"].loc["traitor", "value"])
    )
    assert (
        rows.loc["portrayed as traitor", "same act", "no prosecutions"]["value"]
        == (same["portrayal", "_unprosecuted"].loc["traitor", "value"])
    )
    assert set(camps.beside(tables, same, "frame").index.unique("comparison")) == {
        "all crossings", "no prosecutions", "same act"
    }  # fmt: skip
    # levels: counting each event once, and raw counts
    told = data.article_table().reset_index()
    own = told[(told["camp"] == "Russian") & (told["direction"] == "ru_to_ua")]
    share = (own["portrayal"] == "traitor").groupby(own["cluster"]).mean().mean()
    row = camps.by_camp(data, "portrayal").loc["Russian", "ru_to_ua", "traitor"]
    assert row["value"] == pytest.approx(share)
    assert row["articles_given"] == (own["portrayal"] == "traitor").sum()
    assert row["events_given"] == own.loc[own["portrayal"] == "traitor", "cluster"].nunique()
    kinds = camps.by_kind(data, "portrayal")["n_articles"].groupby(["camp", "kind"]).first()
    assert kinds["Russian"].to_dict() == {
        "coming": ((told["camp"] == "Russian") & (told["direction"] == "ua_to_ru")).sum(),
        "leaving, others": (own["occasion"] != "prosecution").sum(),
        "leaving, prosecutions": (own["occasion"] == "prosecution").sum(),
    }
    # the versions of the energies, and the estimates by name
    energy = camps.energies(data)
    assert energy.loc["all frames", "mirror index"]["value"] > 0
    named = camps.energy_estimates(energy)
    wanted = energy.loc[("beside treason, rescaled", "relational"), "value"]
    length = named.loc["length/relational/beside_treason_rescaled", "value"]
    assert length == pytest.approx(max(wanted, 0) ** 0.5)
    made = [named, camps.contrast_estimates(tables), camps.same_estimates(same)]
    assert not pd.concat([*made, camps.level_estimates(data)]).index.duplicated().any()
