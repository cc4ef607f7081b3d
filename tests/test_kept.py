import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import parts
from defection_framing import cli, corpus, settings
from defection_framing.publish import run
from defection_framing.study import inference, kept
from defection_framing.study.kept import Simulation
from defection_framing.text import embed


def coin(data, replicates, seed):
    """Share of heads; `data` is the probability."""
    heads = np.random.default_rng(seed).random(replicates) < data
    se = np.sqrt(0.25 / replicates)
    return pd.DataFrame({"what": ["heads"], "value": [heads.mean()], "se": [se]})


@pytest.fixture
def simulation(tmp_path, monkeypatch):
    """A corpus folder and one registered simulation."""
    (tmp_path / "articles.csv").write_text("article_id\n")
    monkeypatch.setenv("DEFECTION_DATA", str(tmp_path))
    monkeypatch.setattr(corpus, "load", lambda: 0.5)
    monkeypatch.setattr(kept, "_small", lambda data: data)
    monkeypatch.setattr(inference, "coin", coin, raising=False)
    simulation = Simulation("coin", "inference.coin", 4000, 50)
    monkeypatch.setattr(kept, "SIMULATIONS", {"coin": simulation})
    return simulation


def test_a_kept_table_is_read_back_and_says_what_it_came_from(simulation):
    simulation.save()
    assert simulation.saved()["value"].iloc[0] == pytest.approx(0.5, abs=0.05)
    assert simulation.origin() == (
        "coin: 4,000 replicates, kept in `data/simulations/coin.csv`, computed from these data."
    )


def test_changed_data_are_named(simulation, tmp_path):
    simulation.save()
    (tmp_path / "articles.csv").write_text("article_id\nx\n")
    assert simulation.stale() == ["articles.csv"]
    assert "stale" in simulation.origin()


def test_a_table_is_stale_when_its_numbers_change_and_only_then(simulation, monkeypatch):
    simulation.save()
    parts.repeat(simulation)
    monkeypatch.setattr(corpus, "load", lambda: 0.55)
    with pytest.raises(AssertionError, match="value"):
        parts.repeat(simulation)


def test_a_corpus_without_kept_tables_gets_the_small_run(simulation):
    assert simulation.saved().equals(simulation.run(50))
    assert simulation.origin() == "coin: 50 replicates, computed now."


def test_a_table_about_rows_is_computed_anew_in_full_when_the_data_change(simulation, tmp_path):
    rows = Simulation("rows", "inference.coin", 4000, 50, by_row=True)
    assert rows.saved().equals(rows.run(4000))
    assert rows.origin() == "rows: 4,000 replicates, computed now."
    rows.save()
    assert rows.saved()["se"].iloc[0] == pytest.approx(0.0079, abs=1e-4)
    (tmp_path / "articles.csv").write_text("article_id\nx\n")
    assert rows.saved().equals(rows.run(4000))


def test_study_full_keeps_every_simulation_before_the_notebooks(simulation, monkeypatch):
    seen = []
    monkeypatch.setattr(run, "embedded_texts", lambda loaded: ["A text."])
    monkeypatch.setattr(embed, "vectors", list)
    monkeypatch.setattr(run, "run_study", lambda only: seen.append(simulation.stale()))
    assert CliRunner().invoke(cli.app, ["study", "--full"]).exit_code == 0
    assert seen == [[]]


@pytest.fixture(scope="module")
def loaded():
    return corpus.load(settings.ROOT / "data")


@pytest.mark.slow
@pytest.mark.parametrize("name", kept.SIMULATIONS)
def test_the_repositorys_tables_still_hold(name, loaded, monkeypatch):
    monkeypatch.delenv("DEFECTION_DATA", raising=False)
    monkeypatch.setattr(corpus, "load", lambda: loaded)
    assert kept.folder() == settings.ROOT / "data" / "simulations"
    assert kept.SIMULATIONS[name].stale() == [] and kept.SIMULATIONS[name]._is_kept()
    parts.repeat(kept.SIMULATIONS[name])
