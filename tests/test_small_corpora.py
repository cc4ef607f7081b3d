"""The study runs on corpora that lack camps, directions, the second coder, or nearly everything."""

import nbformat
import pandas as pd
import pytest

import parts
from defection_framing import corpus, settings, stats
from defection_framing.publish import captions, run
from defection_framing.study import topics_model

pytestmark = pytest.mark.slow


def texts(path):
    cells = nbformat.read(path, as_version=4).cells
    outputs = [o for c in cells if c.cell_type == "code" for o in c.outputs]
    assert "error" not in {o.output_type for o in outputs}
    return " ".join(o.get("data", {}).get("text/markdown", o.get("text", "")) for o in outputs)


def test_the_whole_study_runs_on_a_handful_of_articles_of_one_direction(tmp_path, monkeypatch):
    def keep(articles):
        return (articles["direction"] == "ua_to_ru") & (articles.index % 40 == 1)

    folder = parts.write(tmp_path / "own", keep)
    ours = {p: p.stat().st_mtime_ns for p in (settings.ROOT / "figures").rglob("*")}
    monkeypatch.setenv("DEFECTION_DATA", str(folder))
    run.run_study()
    for path in run.notebooks():
        texts(folder / "notebooks" / path.relative_to(settings.ROOT / "notebooks"))
    assert "for want of material" in texts(folder / "notebooks" / "2_topics.ipynb")
    assert "Not to be had from this corpus" in texts(folder / "notebooks" / "4_camps.ipynb")
    assert {"coverage", "energies", "by_stratum"} <= set(captions.read_register())
    assert {p: p.stat().st_mtime_ns for p in (settings.ROOT / "figures").rglob("*")} == ours


def test_topics_are_fewer_where_there_are_fewer_claims(tmp_path):
    folder = parts.write(tmp_path / "own", lambda articles: articles.index % 15 == 1)
    claims, texts, vectors = topics_model.material(corpus.load(folder))
    found = topics_model.fit(claims, texts, vectors)
    assert 2 <= len({*found.labels} - {-1}) <= len(claims) / topics_model.CLAIMS_PER_TOPIC


@pytest.fixture
def one_camp():
    rows = [("a1", "e1", "x", "Russian", "ua_to_ru", "treason")] * 2
    columns = ["article_id", "cluster", "outlet", "camp", "direction", "frame"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(frame=pd.Categorical(table["frame"], ["treason", "policy"]))


def test_what_a_corpus_lacks_has_no_value_instead_of_a_wrong_one(one_camp):
    s = stats.shares(one_camp, "frame", ["direction"])
    missing = stats.contrast(s, {"ua_to_ru": 1, "ru_to_ua": -1})
    assert missing["value"].isna().all() and (missing["n_articles"] == 0).all()
    assert missing["p_all"].isna().all()
    nobody = stats.shares(one_camp.head(0), "frame", ["direction", "camp"])
    assert stats.prevalence(nobody).empty
