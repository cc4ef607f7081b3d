"""Every figure can be read: letters large enough and apart, series told apart without colour."""

from itertools import combinations, product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from colorspacious import cspace_convert
from matplotlib.colors import to_rgb

from defection_framing import domain, figures
from defection_framing.figures import legible, style
from defection_framing.publish import captions

DEFICIENCIES = ("deuteranomaly", "protanomaly", "tritanomaly")
TOGETHER = {
    "camps": [*domain.TOWARD, "Western", "Undisclosed"],
    "all camps": dict.fromkeys(domain.CAMPS.values()),
    "directions": domain.DIRECTIONS,
    "strata": ["mean of the camps", *domain.TOWARD, "same act"],
    "others": "abcdef",
}
"""Series that stand in one panel."""
LONG = "crossings of a whole unit and its officers, told by both camps"


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def seen(colour, how):
    """A colour as it is seen, in CAM02-UCS: in full, with a deficiency of sight, or in grey.

    Deficiencies are simulated after Machado, Oliveira & Fernandes (2009), all of them full.
    """
    rgb = np.array(to_rgb(colour))
    if how in DEFICIENCIES:
        space = {"name": "sRGB1+CVD", "cvd_type": how, "severity": 100}
        rgb = np.clip(cspace_convert(rgb, space, "sRGB1"), 0, 1)
    ucs = cspace_convert(rgb, "sRGB1", "CAM02-UCS")
    return ucs * [1, 0, 0] if how == "grey" else ucs


def apart(one, other, how):
    return np.linalg.norm(seen(one, how) - seen(other, how))


@pytest.mark.parametrize("group", TOGETHER)
def test_series_of_one_panel_stay_apart_without_their_colour(group):
    looks = style.looks(TOGETHER[group]).values()
    for one, other in combinations(looks, 2):
        if (one.marker, one.filled) == (other.marker, other.filled):
            assert apart(one.colour, other.colour, "grey") > 20


@pytest.mark.parametrize("how", ["full", *DEFICIENCIES])
def test_the_two_camps_have_colours_that_nobody_takes_for_each_other(how):
    assert apart(style.RUSSIAN, style.UKRAINIAN, how) > 25


@pytest.mark.parametrize("how", ["grey", *DEFICIENCIES])
def test_greys_that_mean_something_without_a_marker_stay_apart(how):
    for one, other in combinations((style.BLACK, style.GREY, style.PALE), 2):
        assert apart(one, other, how) > 12


def test_a_colour_of_a_camp_is_given_to_nothing_else():
    camps = set(domain.CAMPS.values())
    of_camps = {style.LOOKS[camp].colour for camp in camps} - {style.BLACK, style.GREY}
    others = [look for name, look in style.LOOKS.items() if name not in camps]
    others += style.looks("abcdef").values()
    assert of_camps.isdisjoint(look.colour for look in others)
    assert all(len(set(to_rgb(look.colour))) == 1 for look in others)


def blank():
    with style.style():
        fig, ax = plt.subplots(figsize=(style.WIDTH, 2))
    ax.set(xlim=(0, 1), ylim=(0, 1))
    return fig, ax


def test_small_letters_labels_over_labels_and_over_marks_are_found():
    fig, ax = blank()
    assert legible.faults(fig) == []
    ax.text(0.2, 0.2, "tiny", fontsize=6)
    ax.text(0.5, 0.5, "first")
    ax.text(0.5, 0.52, "second")
    ax.plot([0.8], [0.8], "o")
    ax.text(0.8, 0.8, "third", ha="center", va="center")
    ax.text(0.8, 0.8, "boxed", ha="right", bbox={"fc": "white"})
    fig.set_size_inches(9, 2)
    assert legible.faults(fig) == [
        "wider than 7.5 inches",
        "small: 'tiny'",
        "'first' meets 'second'",
        "'third' meets 'boxed'",
        "'third' meets a mark",
    ]


def test_labels_of_ticks_beyond_an_axis_and_hidden_panels_are_not_read():
    fig, ax = blank()
    ax.set_xticks(np.linspace(1.01, 1.02, 9))
    ax.set_xlim(0, 1)
    other = fig.add_axes((0, 0, 1, 1))
    other.text(0.5, 0.5, "a")
    other.text(0.5, 0.5, "b")
    other.set_visible(False)
    assert legible.faults(fig) == []


def forest(panels, series, rows, **options):
    index = pd.MultiIndex.from_product([panels, series, rows], names=["panel", "series", "row"])
    t = pd.DataFrame({"value": np.linspace(-0.5, 0.5, len(index))}, index)
    t["low"], t["high"], t["shown"] = t["value"] - 0.3, t["value"] + 0.3, t["value"] > 0
    return figures.forest(t, "share of articles, each case counted once, points", row="row",
                          panel="panel", series="series", unit="points", **options)  # fmt: skip


def long(n):
    return [f"{LONG} {i}" for i in range(n)]


def tellings():
    t = pd.DataFrame({"event": long(9), "panel": ["a"] * 4 + ["b"] * 5, "n_left": 1234})
    t["left"], t["received"], t["n_received"] = np.linspace(0, 1, 9), [0, 1, 0.5] * 3, 1234
    return figures.tellings(t, LONG, {"a": ("Russian", "Ukrainian"), "b": ("Ukrainian", "Russian")})


def heat(columns, beside=False):
    table = pd.DataFrame(1234, long(6), list(columns))
    return figures.heat(table, below=table if beside else None)


def counts():
    table = pd.DataFrame(1234, range(1990, 2027), list(domain.DIRECTIONS))
    return figures.counts(table, "year", "articles", table.sum(), "undated")


def what_holds():
    names = dict(zip("abcdefghij", long(10), strict=True))
    values = dict.fromkeys(names, pd.Series(np.linspace(-0.9, 0.9, 50)))
    row = {"value": 0.1, "median": 0.2, "lowest": -0.9, "highest": 0.9, "specifications": 12345.0}
    row |= dict.fromkeys(["same_sign", "holds", "with_interval"], 12344.0)
    summary = pd.DataFrame([row | {"percentile": 0.5}] * 10, list(names))
    return figures.what_holds(summary, values, names, LONG)


DEMANDING = {
    f"forest, {p} panels, {s} series, {c} across": lambda p=p, s=s, c=c: forest(
        long(p), long(s), long(8), columns=c, own_scale=True
    )
    for p, s, c in product((1, 2, 4), (1, 4), (1, 2))
} | {
    "forest, 3 panels": lambda: forest(long(3), ["x"], list("abcdefgh")),
    "tellings": tellings,
    "heat": lambda: heat(dict.fromkeys(domain.CAMPS.values())),
    "heat of two tables": lambda: heat(domain.DIRECTIONS, beside=True),
    "counts": counts,
    "what_holds": what_holds,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", DEMANDING)
def test_demanding_data_can_be_read_in_every_kind_of_figure(name):
    fig = DEMANDING[name]()
    with style.style():
        style.lettered(fig, LONG, LONG, f"n: {LONG}; {LONG}")
        assert legible.faults(fig) == []


def test_every_committed_figure_can_be_read():
    assert {name: e["faults"] for name, e in captions.read_register().items() if e["faults"]} == {}
