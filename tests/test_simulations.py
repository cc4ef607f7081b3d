import sys
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from defection_framing import cli, corpus, settings, simulations, study
from defection_framing.simulations import Simulation


def coin(data, replicates, seed):
    """Share of heads; `data` is the probability."""
    heads = np.random.default_rng(seed).random(replicates) < data
    se = np.sqrt(0.25 / replicates)
    return pd.DataFrame({"what": ["heads"], "value": [heads.mean()], "se": [se]})


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A corpus folder and one registered simulation, whose code is a stand-in module's."""
    (tmp_path / "articles.csv").write_text("article_id\n")
    monkeypatch.setenv("DEFECTION_DATA", str(tmp_path))
    monkeypatch.setattr(corpus, "load", lambda: 0.5)
    module = ModuleType("defection_framing.coins")
    module.coin = coin
    monkeypatch.setitem(sys.modules, module.__name__, module)
    code = tmp_path / "package"
    code.mkdir()
    (code / "coins.py").write_text('"""Words."""\nx = 1\n')
    monkeypatch.setattr(simulations, "__file__", str(code / "simulations.py"))
    monkeypatch.setattr(simulations, "SIMULATIONS", {"coin": Simulation("coins", "coin", 4000, 50)})
    return tmp_path


def test_a_kept_table_is_read_back_and_says_what_it_came_from(project):
    simulations.save("coin")
    assert simulations.stale("coin") == []
    assert simulations.saved("coin")["value"].iloc[0] == pytest.approx(0.5, abs=0.05)
    assert simulations.origin("coin") == (
        "coin: 4,000 replicates, kept in `data/simulations/coin.csv`, computed from these data "
        "and this code."
    )


@pytest.mark.parametrize(
    ("file", "text", "changed"),
    [
        ("articles.csv", "article_id\nx\n", ["articles.csv"]),
        ("package/coins.py", '"""Words."""\nx = 2\n', ["coins.py"]),
        ("package/coins.py", '"""Other words."""\n\n# and a comment\nx = 1\n', []),
    ],
)
def test_changed_data_and_code_make_a_table_stale_and_changed_words_do_not(
    project, file, text, changed
):
    simulations.save("coin")
    (project / file).write_text(text)
    assert simulations.stale("coin") == changed
    assert ("stale" in simulations.origin("coin")) == bool(changed)


def test_a_table_changed_by_hand_is_refused(project):
    simulations.save("coin")
    path = project / "simulations" / "coin.csv"
    path.write_text(path.read_text().replace("heads", "tails"))
    with pytest.raises(simulations.SimulationError, match=r"coin\.csv is not the table"):
        simulations.saved("coin")


def test_a_corpus_without_kept_tables_gets_the_few_replicates(project):
    assert simulations.saved("coin").equals(simulations.rerun("coin"))
    assert simulations.origin("coin") == "coin: 50 replicates, computed now."


def test_two_honest_runs_agree_and_another_truth_does_not():
    kept = coin(0.5, 4000, 1)
    assert simulations.agreement(kept, coin(0.5, 100, 2))["agrees"].all()
    assert not simulations.agreement(kept, coin(0.9, 100, 2))["agrees"].any()


def test_study_full_keeps_every_simulation_before_the_notebooks(project, monkeypatch):
    seen = []
    monkeypatch.setattr(study, "embedded_texts", lambda loaded: ["A text."])
    monkeypatch.setattr(study, "run_study", lambda: seen.append(simulations.stale("coin")))
    assert CliRunner().invoke(cli.app, ["study", "--full"]).exit_code == 0
    assert seen == [[]]


@pytest.mark.parametrize("name", simulations.SIMULATIONS)
def test_the_repositorys_tables_are_not_stale(name, monkeypatch):
    monkeypatch.delenv("DEFECTION_DATA", raising=False)
    assert simulations.folder() == settings.ROOT / "data" / "simulations"
    assert simulations.stale(name) == []
