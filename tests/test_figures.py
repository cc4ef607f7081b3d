import json
import re

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from defection_framing import compare, figures, settings


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("DEFECTION_DATA", str(tmp_path))
    return tmp_path / "figures"


def _save(name="shares"):
    table = pd.DataFrame(
        {"value": [0.2, 0.4], "low": [0.1, 0.3], "high": [0.3, 0.5]},
        index=pd.MultiIndex.from_product([["ru_to_ua", "ua_to_ru"], ["treason"]]),
    )
    fig = figures.dots({"": table}, "Which?", "share")
    return figures.save(
        fig, name, table, title="Which?", caption="c", alt="a", n="2 articles", notebook="x"
    )


def test_a_figure_is_saved_twice_to_the_same_bytes_without_dates(folder):
    _save()
    first = {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    _save()
    again = {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert first == again
    assert set(first) == {"shares.png", "shares.svg", "shares.csv", "figures.json"}
    assert not re.search(rb"<dc:date>|tEXt", first["shares.svg"] + first["shares.png"][:400])


def test_the_register_keeps_every_figure_with_its_alt_text(folder):
    _save("one")
    _save("two")
    register = json.loads((folder / "figures.json").read_text())
    assert list(register) == ["one", "two"]
    assert register["one"]["alt"] == "a"


def test_the_notebook_shows_the_picture_with_its_alt_text_and_the_caption(folder, monkeypatch):
    shown = []
    monkeypatch.setattr(figures, "display", lambda *parts: shown.extend(parts))
    _save()
    picture, caption = shown
    assert picture.alt == "a"
    assert caption.data == "*c* n: 2 articles."


def test_legend_names_the_n_of_each_series():
    table = pd.DataFrame(
        {"value": [0.2], "low": [0.1], "high": [0.3], "n_articles": [12], "n_events": [7]},
        index=pd.MultiIndex.from_tuples([("ru_to_ua", "treason")]),
    )
    fig = figures.dots({"": table}, "Which?", "share")
    texts = [t.get_text() for t in fig.axes[0].get_legend().get_texts()]
    plt.close(fig)
    assert texts == ["to Ukraine (n = 12 articles, 7 events)"]


def test_series_that_meet_in_one_figure_differ_in_marker_or_fill():
    for group in (list(figures.DIRECTIONS), ["Russian", "Ukrainian", "Western", "Undisclosed"]):
        looks = [figures.look(s)[1:] for s in group]
        assert len(set(looks)) == len(group)


def test_frames_are_called_by_what_is_shown_of_both_halves():
    columns = [f"{h}_{b}" for h in ("relational", "directional") for b in ("low", "high", "q")]
    yes, no, near = [0.1, 0.2, 0.01], [-1, 1, 0.01], [0.1, 0.2, 0.06]
    frames = pd.DataFrame([yes + no, no + yes, yes + yes, near + no], columns=columns)
    kinds = list(figures.kind_of_frame(frames))
    assert kinds == ["relational", "directional", "both", "not shown"]


def test_keys_say_what_filled_and_open_marks_mean():
    index = pd.MultiIndex.from_product([["ru_to_ua"], ["treason", "cost", "policy"]])
    table = pd.DataFrame(
        {"value": 0.2, "low": [0.1, 0.1, -0.1], "high": 0.3, "q": [0.01, 0.2, 0.01]}, index
    )
    fig = figures.dots({"": table}, "Which?", "difference of shares", zero=True)
    legend = fig.axes[0].get_legend()
    assert legend.get_title().get_text() == "to Ukraine"
    assert [t.get_text() for t in legend.get_texts()] == ["shown", "not shown"]
    faces = {line.get_markerfacecolor(): len(line.get_xdata()) for line in fig.axes[0].lines[:2]}
    assert faces == {"#000000": 1, "white": 2}
    two = pd.concat([table, table.rename({"ru_to_ua": "ua_to_ru"}, level=0)])
    fig = figures.dots({"": two}, "Which?", "difference of shares", zero=True)
    texts = [t.get_text() for t in fig.axes[0].get_legend().get_texts()]
    assert texts == ["to Ukraine", "to Russia", "open mark: not shown"]
    plt.close("all")


def test_every_committed_figure_has_picture_table_alt_text_and_n():
    register = json.loads((settings.ROOT / "figures" / "figures.json").read_text(encoding="utf-8"))
    for name, entry in register.items():
        for file in (f"{name}.png", f"{name}.svg", f"tables/{name}.csv"):
            assert (settings.ROOT / "figures" / file).exists(), file
        assert all(entry[k].strip() for k in ("title", "caption", "alt", "n", "notebook")), name
        assert entry["title"].endswith("?"), name


def test_camps_of_the_registry_are_all_placed():
    from defection_framing import corpus

    assert set(corpus.load().outlets["camp"].dropna()) <= set(compare.SIDES)


def test_methods_stand_beside_each_other_and_groups_without_values_are_left_out():
    index = pd.MultiIndex.from_product([["x", "y"], ["a", "b"]])
    columns = ["value", "low", "high"]
    table = pd.DataFrame([[0.1, 0, 0.2]] * 3 + [[float("nan")] * 3], index, columns)
    groups = {"one": table, "two": table * float("nan")}
    fig = figures.methods(groups, {"x": "X", "y": "Y"}, {"a": "A", "b": "B"}, "Which?")
    [ax] = fig.axes
    assert [t.get_text() for t in ax.get_yticklabels()] == ["X", "Y"]
    assert [t.get_text() for t in fig.legends[0].get_texts()] == ["A", "B"]
    plt.close(fig)
    empty = figures.methods({"two": table * float("nan")}, {}, {}, "Which?")
    assert "nothing to show" in empty.axes[0].texts[0].get_text()
