"""The study runs on corpora that lack camps, directions, the second coder, or nearly everything."""

import dataclasses
import json

import nbformat
import numpy as np
import pandas as pd
import pytest

import parts
from defection_framing import corpus, settings, stats
from defection_framing.domain import DIRECTIONS, TOWARD
from defection_framing.publish import captions, run
from defection_framing.study import codes, inference, topics_model

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
    report = texts(folder / "notebooks" / "0_report.ipynb")
    assert f"{len(corpus.load(folder).articles)} articles on" in report
    assert "points" not in report  # of one direction nothing can be compared
    drawn = captions.read_register()
    assert "coverage" in drawn and not {"energies", "by_stratum"} & set(drawn)
    assert "for want of" not in report and "too little to show it" in report
    assert {p: p.stat().st_mtime_ns for p in (settings.ROOT / "figures").rglob("*")} == ours


def test_seven_events_a_cell_and_frames_that_are_never_or_always_given_are_no_fault(
    tmp_path, monkeypatch
):
    table = corpus.load().article_table()
    cells = table[table["camp"].isin(TOWARD) & table["direction"].isin(DIRECTIONS)]
    events = cells.drop_duplicates(["camp", "direction", "cluster"])
    first = events.groupby(["camp", "direction"], observed=True).head(7)
    folder = parts.write(tmp_path / "own", lambda a: a["article_id"].isin(first.index))
    claims = pd.read_csv(folder / "claims.csv", dtype=str, keep_default_na=False)
    claims["frame"] = claims["frame"].replace(["mistreatment", "coercion"], "survival")
    exits = claims["article_id"].map(table["direction"]).isin(["ru_exit", "ua_exit"])
    claims["frame"] = claims["frame"].mask(exits, "treason")
    claims.assign(frame_2="").to_csv(folder / "claims.csv", index=False)
    leave_open(folder, "articles", {"occasion", "who", "outcome", "origin"})
    leave_open(folder, "claims", {"voice"})
    monkeypatch.setenv("DEFECTION_DATA", str(folder))
    run.run_study(["2_topics", "3_same_act", "4_camps", "5_what_survives", "inference", "0_report"])
    report = texts(folder / "notebooks" / "0_report.ipynb")
    assert "have as their frame: treason 100% [" in report
    assert "exits minus crossings, Russian side, named events**: treason +" in report
    for said in ("nan", "Not computed", "Does not hold", "kuzminov", "mistreatment"):
        assert said not in report


def leave_open(folder, table, names):
    """Empty a table's codes, as where classifiers coded, who give none of these."""
    path = folder / "datapackage.json"
    described = json.loads(path.read_text(encoding="utf-8"))
    for resource in described["resources"]:
        for column in resource["schema"]["fields"]:
            if resource["name"] in (table, "events") and column["name"] in names:
                column["constraints"]["required"] = False
    path.write_text(json.dumps(described), encoding="utf-8")
    for name in {table, "events"}:
        rows = pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
        own = rows.columns.intersection(list(names))
        rows.assign(**dict.fromkeys(own, "")).to_csv(folder / f"{name}.csv", index=False)


@pytest.mark.filterwarnings("error")
def test_codes_that_no_article_has_are_drawn_as_none():
    data = corpus.load()
    empty = data.articles.assign(motives=[()] * len(data.articles), portrayal=None)
    empty["portrayal"] = pd.Categorical(empty["portrayal"], corpus.codes("articles", "portrayal"))
    bare = dataclasses.replace(data, articles=empty, codings_articles=data.codings_articles[:0])
    for column in ("motives", "portrayal"):
        drawn = codes.of_articles(bare, column, draws=3)
        assert list(drawn.names) and not drawn.units.any() and not drawn.draws.any()
        told = pd.DataFrame({"article_id": empty.index, "left": True})
        assert inference.plant_pairs(told, drawn, 0.2, np.random.default_rng(0)) is drawn


def test_topics_are_fewer_where_there_are_fewer_claims(tmp_path):
    folder = parts.write(tmp_path / "own", lambda articles: articles.index % 15 == 1)
    claims, texts, vectors = topics_model.material(corpus.load(folder))
    found = topics_model.fit(claims, texts, vectors)
    assert 2 <= len({*found.labels} - {-1}) <= len(claims) / topics_model.TEXTS_PER_TOPIC


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
