import json
import re
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import matplotlib
import pandas as pd
import pytest

from defection_framing import figures, settings
from defection_framing.publish import captions, ledger, show

WORDS = {
    "title": "Treason is the commonest.",
    "question": "Which frames?",
    "holds": ["treason value > 0.1"],
    "caption": "No interval\nunder {min_events}.",
    "alt": "{n_dots} dots.",
}
TABLE = pd.DataFrame({"value": [0.2, 0.4]}, index=pd.Index(["treason", "cost"], name="code"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("DEFECTION_DATA", str(tmp_path))
    monkeypatch.setenv("JPY_SESSION_NAME", "/somewhere/1_corpus.ipynb")
    words = {"shares": WORDS, "other": WORDS | {"report": True}}
    monkeypatch.setattr(captions, "load", lambda: words)
    monkeypatch.setattr(settings, "is_own", lambda: False)
    ledger.record(pd.DataFrame({"value": [0.2]}, ["treason"]))
    return tmp_path / "figures"


def put(name="shares", **fields):
    fields = fields or {"n_dots": TABLE["value"].count()}
    show.show(name, figures.forest(TABLE, "share"), TABLE, n="2 articles", **fields)


@pytest.mark.slow
def test_a_figure_is_saved_twice_to_the_same_bytes_without_dates(folder):
    put()
    first = {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    put()
    assert {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == first
    assert set(first) == {"shares.png", "shares.svg", "shares.csv", "figures.json"}
    assert not re.search(rb"<dc:date>|tEXt", first["shares.svg"] + first["shares.png"][:400])


@pytest.mark.slow
def test_the_register_keeps_words_fields_notebook_and_who_drew(folder):
    put("shares")
    put("other")
    register = json.loads((folder / "figures.json").read_text())
    assert list(register) == ["other", "shares"]
    assert register["shares"] == {
        "title": "Treason is the commonest.",
        "question": "Which frames?",
        "caption": "No interval under 7.",
        "alt": "2 dots.",
        "fields": {"n_dots": 2},
        "n": "2 articles",
        "notebook": "1_corpus",
        "drawn_by": "figures.forest.forest",
        "faults": [],
    }


def test_the_notebook_shows_a_picture_that_is_known_by_name_and_the_caption(folder, monkeypatch):
    shown = []
    monkeypatch.setattr(show, "display", lambda *parts, metadata: shown.extend([*parts, metadata]))
    put()
    picture, caption, metadata = shown
    assert picture.alt == "2 dots."
    assert caption.data == "*No interval under 7.* n: 2 articles."
    assert metadata == {"figure": "shares"}
    kept = folder / "supplement" / "shares.png"
    assert len(picture.data) < kept.stat().st_size


def drawn(monkeypatch, **estimate):
    """Texts of the figure itself, from top to bottom, with `treason` as estimated."""
    ledger.record(pd.DataFrame(estimate, ["treason"]))
    monkeypatch.setattr(show.plt, "close", lambda fig: None)
    fig = figures.forest(TABLE, "share")
    show.show("shares", fig, TABLE, n="2", n_dots=2)
    words = [t for t in fig.texts if t.get_text()]
    return [t.get_text() for t in sorted(words, key=lambda t: -t.get_position()[1])]


def test_what_was_found_is_the_title_and_the_question_stands_below_it(folder, monkeypatch):
    title, question, source = drawn(monkeypatch, value=[0.2])
    assert (title, question) == ("Treason is the commonest.", "Which frames?")
    assert source.startswith("n: 2 | Drawn by Toward us, away from us ")


@pytest.mark.slow
@pytest.mark.parametrize("estimate", [{"value": [0.05]}, {"value": [float("nan")]}])
def test_a_title_that_is_not_true_gives_way_to_the_question(folder, monkeypatch, estimate):
    title, _ = drawn(monkeypatch, **estimate)
    assert title == "Which frames?"
    assert captions.read_register()["shares"]["title"] == "Which frames?"


@pytest.mark.slow
def test_figures_of_the_report_have_a_folder_of_their_own(folder):
    put("other")
    assert sorted(p.parent.relative_to(folder).as_posix() for p in folder.rglob("other.*")) == [
        "report", "report", "report/tables"
    ]  # fmt: skip


def test_what_was_seen_in_the_study_is_not_said_of_another_corpus(folder, monkeypatch):
    monkeypatch.setattr(settings, "is_own", lambda: True)
    put()
    assert captions.read_register()["shares"]["alt"] == "Which frames?"


@pytest.mark.parametrize("lost", [["value"], ["low", "high"]])
def test_a_figure_without_a_number_or_an_interval_is_left_out(folder, monkeypatch, capsys, lost):
    monkeypatch.setattr(show, "display", lambda part, **_: print(part.data))
    empty = TABLE.assign(**dict.fromkeys(lost, float("nan")), n_articles=0)
    show.show("shares", figures.forest(TABLE, "share"), empty, n="none", n_dots=0)
    assert "*Which frames? This corpus has too little to show it.*" in capsys.readouterr().out
    assert not captions.read_register() and not list(folder.rglob("*.png"))


def test_an_unknown_figure_and_a_missing_field_are_said_in_one_sentence(folder):
    with pytest.raises(settings.DefectionError, match=r"no figure 'shaers' .* add \[shaers\]"):
        put("shaers")
    with pytest.raises(settings.DefectionError, match="'shares' .* need 'n_dots', .* not given"):
        put(what="frames")
    assert not folder.exists()


def test_outside_a_notebook_the_error_says_what_to_set(folder, monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME")
    with pytest.raises(RuntimeError, match="JPY_SESSION_NAME"):
        put()


@pytest.mark.slow
def test_showing_leaves_matplotlib_alone(folder):
    before = dict(matplotlib.rcParams)
    put()
    assert dict(matplotlib.rcParams) == before


def _add(name):
    path = captions.register_path()
    with settings.locked(path):
        captions.write_register(captions.read_register() | {name: {}})


def test_notebooks_side_by_side_do_not_lose_each_others_figures(folder):
    folder.mkdir()
    names = [f"figure_{i:02d}" for i in range(20)]
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        list(pool.map(_add, names))
    assert list(captions.read_register()) == names
