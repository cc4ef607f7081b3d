import json
import re
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import matplotlib
import pandas as pd
import pytest

from defection_framing import figures, settings
from defection_framing.publish import captions, show

WORDS = {
    "title": "Which {what}?",
    "caption": "No interval\nunder {min_events}.",
    "alt": "{n_dots} dots.",
}
TABLE = pd.DataFrame({"value": [0.2, 0.4]}, index=pd.Index(["treason", "cost"], name="code"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("DEFECTION_DATA", str(tmp_path))
    monkeypatch.setenv("JPY_SESSION_NAME", "/somewhere/1_corpus.ipynb")
    monkeypatch.setattr(captions, "load", lambda: {"shares": WORDS, "other": WORDS})
    return tmp_path / "figures"


def put(name="shares", **fields):
    fields = fields or {"what": "frames", "n_dots": TABLE["value"].count()}
    show.show(name, figures.forest(TABLE, "share"), TABLE, n="2 articles", **fields)


def test_a_figure_is_saved_twice_to_the_same_bytes_without_dates(folder):
    put()
    first = {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    put()
    assert {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == first
    assert set(first) == {"shares.png", "shares.svg", "shares.csv", "figures.json"}
    assert not re.search(rb"<dc:date>|tEXt", first["shares.svg"] + first["shares.png"][:400])


def test_the_register_keeps_words_fields_notebook_and_who_drew(folder):
    put("shares")
    put("other")
    register = json.loads((folder / "figures.json").read_text())
    assert list(register) == ["other", "shares"]
    assert register["shares"] == {
        "title": "Which frames?",
        "caption": "No interval under 7.",
        "alt": "2 dots.",
        "fields": {"what": "frames", "n_dots": 2},
        "n": "2 articles",
        "notebook": "1_corpus",
        "drawn_by": "figures.forest.forest",
    }


def test_the_notebook_shows_a_picture_that_is_known_by_name_and_the_caption(folder, monkeypatch):
    shown = []
    monkeypatch.setattr(show, "display", lambda *parts, metadata: shown.extend([*parts, metadata]))
    put()
    picture, caption, metadata = shown
    assert picture.alt == "2 dots."
    assert caption.data == "*No interval under 7.* n: 2 articles."
    assert metadata == {"figure": "shares"}
    kept = folder / "shares.png"
    assert len(picture.data) < kept.stat().st_size


def test_the_title_is_drawn_above_what_the_figure_says_of_itself(folder, monkeypatch):
    monkeypatch.setattr(show.plt, "close", lambda fig: None)
    fig = figures.forest(TABLE, "share")
    fig.suptitle("n = 2")
    show.show("shares", fig, TABLE, n="2", what="frames", n_dots=2)
    assert fig.get_suptitle() == "Which frames?\nn = 2"


def test_an_unknown_figure_and_a_missing_field_are_said_in_one_sentence(folder):
    with pytest.raises(captions.CaptionError, match=r"no figure 'shaers' .* add \[shaers\]"):
        put("shaers")
    with pytest.raises(captions.CaptionError, match="'shares' .* need 'n_dots', .* not given"):
        put(what="frames")
    assert not folder.exists()


def test_outside_a_notebook_the_error_says_what_to_set(folder, monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME")
    with pytest.raises(RuntimeError, match="JPY_SESSION_NAME"):
        put()


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
