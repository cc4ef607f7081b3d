import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from defection_framing import domain, figures
from defection_framing.figures import style

# Root mean square of grey levels (0 to 255), most of them of white paper: a mark of another size,
# place or colour is more. Wheels of matplotlib bring their own FreeType, so that text is the same.
image = pytest.mark.mpl_image_compare(
    baseline_dir="baseline", tolerance=2, style="default", savefig_kwargs={"dpi": 60}
)


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def table(index, names, **columns):
    index = pd.MultiIndex.from_tuples(index, names=names)
    return pd.DataFrame({"value": 0.2, "low": 0.1, "high": 0.3, **columns}, index)


def contrasts():
    rows = [(p, "treason") for p in "ab"] + [(p, "cost") for p in "ab"]
    shown = [True, False, False, True]
    return table(rows, ["panel", "code"], value=[0.2, 0.1, -0.1, -0.2], low=-0.25, shown=shown)


def texts(legend):
    return [t.get_text() for t in legend.get_texts()]


def marks(ax):
    """Points drawn, by the colour of their inside."""
    drawn = [
        line for line in ax.lines if line.get_marker() not in ("None", "") and len(line.get_xdata())
    ]
    return {to_hex(m.get_markerfacecolor()): list(m.get_xdata()) for m in drawn}


@image
def test_forest_of_shares():
    cells = [
        (d, c, f) for d in domain.TO_RUSSIA for c in domain.TOWARD for f in ("treason", "cost")
    ]
    t = table(cells, ["direction", "camp", "code"], value=np.linspace(0.05, 0.4, 8), n_articles=9)
    t["n_events"], t["low"], t["high"] = 8, t["value"] - 0.04, t["value"] + 0.1
    t.iloc[2, [1, 2]] = np.nan
    return figures.forest(t, "share", series="camp", panel="direction", marked=["cost"])


@image
def test_forest_of_differences():
    return figures.forest(contrasts(), "points", panel="panel", unit="points", zero=True)


@image
def test_heat():
    counts = pd.DataFrame({"ru_to_ua": [1, 20], "ua_to_ru": [np.nan, 7]}, ["Russian", "Western"])
    return figures.heat(counts, "direction", below=counts, outlined=[("Russian", "ru_to_ua")])


@pytest.mark.slow
def test_importing_and_drawing_leave_a_researchers_matplotlib_alone():
    code = """
import matplotlib as mpl
mpl.rcParams["font.size"] = 17
before = dict(mpl.rcParams)
import pandas as pd
from defection_framing import figures
figures.heat(pd.DataFrame({"x": [1.0]}))
assert dict(mpl.rcParams) == before
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_researchers_settings_do_not_change_the_figures():
    with plt.rc_context({"font.size": 17, "axes.grid": False}):
        fig = figures.forest(contrasts(), "points", panel="panel")
    assert fig.axes[0].get_xticklabels()[0].get_fontsize() == style.RC["font.size"]


@pytest.mark.parametrize(
    "name", [name for name, f in vars(figures).items() if hasattr(f, "__wrapped__")]
)
def test_every_figure_says_who_drew_it(name):
    function = getattr(figures, name)
    assert function.__wrapped__.__module__.startswith("defection_framing.figures.")
    if name == "heat":
        assert function(pd.DataFrame({"x": [1.0]})).made_by == "figures.counts.heat"


def test_a_legend_tells_the_n_of_each_series_where_panels_differ():
    rows = [(p, s, "cost") for p in "ab" for s in domain.TOWARD]
    n = [12, 13, 14, 1500]
    t = table(rows, ["panel", "camp", "code"], n_articles=n, n_events=[7, 8, 9, 10])
    fig = figures.forest(t, "share", series="camp", panel="panel")
    assert [texts(ax.get_legend()) for ax in fig.axes] == [
        ["Russian (n = 12 articles, 7 events)", "Ukrainian (n = 13 articles, 8 events)"],
        ["Russian (n = 14 articles, 9 events)", "Ukrainian (n = 1,500 articles, 10 events)"],
    ]
    same = t.assign(n_articles=5, n_events=[3, 4, 3, 4])
    fig = figures.forest(same, "share", series="camp", panel="panel")
    assert [ax.get_legend() for ax in fig.axes] == [None, None]
    assert texts(fig.legends[0]) == [
        "Russian (n = 5 articles, 3 events)", "Ukrainian (n = 5 articles, 4 events)"
    ]  # fmt: skip


def test_open_marks_are_those_not_shown_and_the_key_says_so():
    fig = figures.forest(contrasts(), "points", panel="panel", zero=True)
    assert marks(fig.axes[0]) == {"#000000": [0.2], "#ffffff": [-0.1]}
    assert texts(fig.legends[0]) == ["hollow: not shown"]
    fig = figures.forest(contrasts(), "points", panel="panel", open_mark="interval holds zero")
    assert texts(fig.legends[0]) == ["hollow: interval holds zero"]


def test_what_one_series_rests_on_heads_its_key():
    t = contrasts().assign(n_articles=[5, 6, 5, 6], n_events=3)
    fig = figures.forest(t, "points", panel="panel")
    heads = [ax.get_legend().get_title().get_text() for ax in fig.axes]
    assert heads == ["n = 5 articles, 3 events", "n = 6 articles, 3 events"]


def test_rows_have_daggers_n_and_the_order_asked_for():
    t = table([("treason",), ("cost",)], ["code"], n=[1200, np.nan], value=[0.1, 0.3])
    names = [x.get_text() for x in figures.forest(t, "", marked=["cost"]).axes[0].get_yticklabels()]
    assert names == ["cost\N{DAGGER}", "treason (n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}1,200)"]
    fig = figures.forest(t.drop(columns="n"), "", order=["treason"])
    assert [x.get_text() for x in fig.axes[0].get_yticklabels()] == ["treason"]


@pytest.mark.parametrize("unit, written", [("points", "23"), ("percent", "23%"), ("plain", "0.23")])
def test_the_unit_is_an_argument_whatever_the_label_says(unit, written):
    ax = figures.forest(contrasts(), "share", panel="panel", unit=unit).axes[0]
    assert ax.xaxis.get_major_formatter()(-0.23, 0) == "\N{MINUS SIGN}" + written


def test_panels_below_each_other_have_rows_of_their_own():
    t = table([("a", "cost"), ("b", "treason"), ("b", "policy")], ["panel", "code"])
    axes = figures.forest(t, "", panel="panel", columns=1, own_scale=True).axes
    rows = [[x.get_text() for x in ax.get_yticklabels()] for ax in axes]
    assert rows == [["cost"], ["treason", "policy"]]


def test_reference_lines_may_differ_by_panel():
    lines = {"a": [0.05], "b": [0.95]}
    axes = figures.forest(contrasts(), "", panel="panel", lines=lines).axes
    found = [[x.get_xdata()[0] for x in ax.lines if x.get_linestyle() == "--"] for ax in axes]
    assert found == [[0.05], [0.95]]


def test_values_without_intervals_are_drawn():
    t = table([("cost",)], ["code"])[["value"]]
    assert marks(figures.forest(t, "").axes[0]) == {"#000000": [0.2]}


def test_panels_without_values_are_left_out_and_empty_tables_draw_nothing():
    t = contrasts()
    t.loc["b", "value"] = np.nan
    assert len(figures.forest(t, "", panel="panel").axes) == 1
    for empty in (t.iloc[:0], t.assign(value=np.nan)):
        fig = figures.forest(empty, "", panel="panel")
        assert "nothing to show" in fig.axes[0].texts[0].get_text()
        assert fig.made_by == "figures.forest.forest"


def test_what_holds_of_nothing_draws_nothing():
    summary = pd.DataFrame({"specifications": [0]}, ["a"])
    fig = figures.what_holds(summary, {"a": pd.Series(dtype=float)}, {"a": "A"}, "")
    assert "nothing to show" in fig.axes[0].texts[0].get_text()


def test_series_that_meet_in_one_figure_differ_in_marker_or_fill():
    for group in (domain.DIRECTIONS, [*domain.TOWARD, "Western", "Undisclosed"], "abcdef"):
        looks = [(look.marker, look.filled) for look in style.looks(group).values()]
        assert len(set(looks)) == len(group)


def test_camps_of_the_registry_are_all_placed():
    from defection_framing import corpus

    assert set(corpus.load().outlets["camp"].dropna()) <= set(domain.CAMPS)


def test_more_series_than_there_are_looks_is_said():
    assert len(style.looks([f"series {n}" for n in range(6)] + ["Russian"])) == 7
    with pytest.raises(ValueError, match="No looks are left for all of .*series 6"):
        style.looks(f"series {n}" for n in range(7))


def test_bars_of_one_direction_alone_are_drawn():
    table = pd.DataFrame({"ru_exit": [1, 3]}, index=[2022, 2023])
    [ax] = figures.counts(table, "year", "articles", table.sum() * 0, "undated").axes
    assert [bar.get_height() for bar in ax.patches] == [1, 3]
