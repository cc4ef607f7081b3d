"""Maps of topics: names stand on their clusters and apart, and no topic looks like a camp."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from colorspacious import cspace_convert
from matplotlib.colors import to_rgb

from defection_framing import figures
from defection_framing.figures import legible, maps, style

NAMES = {t: f"Crossings of a whole unit and its officers {t}" for t in range(12)}


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def drawn(apart):
    """A map of twelve topics in a ring, so far apart, and its points."""
    rng = np.random.default_rng(0)
    topic = np.repeat(np.arange(12), 40)
    angle = 2 * np.pi * topic / 12
    xy = apart * np.column_stack([np.cos(angle), np.sin(angle)]) + rng.normal(size=(480, 2))
    points = pd.DataFrame({"x": xy[:, 0], "y": xy[:, 1], "topic": topic})
    parts = {"to Ukraine": topic < 6, "to Russia": topic > 8}
    return points, figures.topic_map(points, NAMES, parts, "articles")


@pytest.mark.slow
@pytest.mark.parametrize("apart", [12, 4])
def test_names_of_topics_cover_no_other_name_however_near_they_lie(apart):
    _, fig = drawn(apart)
    with style.style():
        style.lettered(fig, "Twelve topics", "Which?", "n: 480 articles")
        assert legible.faults(fig) == []


@pytest.mark.slow
def test_a_name_stands_on_its_topic():
    points, fig = drawn(12)
    middles = points.groupby("topic")[["x", "y"]].mean()
    for t, text in enumerate(fig.axes[0].texts[: len(NAMES)]):
        off = np.linalg.norm(middles - np.array(text.get_position()), axis=1)
        assert off.argmin() == t


@pytest.mark.slow
def test_small_maps_say_what_they_show_and_how_many():
    _, fig = drawn(12)
    titles = [ax.get_title() for ax in fig.axes[1:]]
    assert titles == ["to Ukraine\n240 articles", "to Russia\n120 articles"]


def test_no_topic_has_a_colour_that_is_taken_for_a_camps():
    def seen(colour):
        return cspace_convert(to_rgb(colour), "sRGB1", "CAM02-UCS")

    for camp in (style.RUSSIAN, style.UKRAINIAN):
        assert min(np.linalg.norm(seen(camp) - seen(colour)) for colour in maps.RING) > 12


@pytest.mark.slow
def test_a_number_that_was_chosen_has_a_ring():
    rows = [(w, n, m, n / 30) for w in "ab" for n in (6, 9, 12) for m in ("x", "y")]
    table = pd.DataFrame(rows, columns=["way", "number", "measure", "value"])
    fig = figures.topic_numbers(table, {"x": "steady", "y": "follows"}, {"a": 9}, {"x": 0.3})
    with style.style():
        style.lettered(fig, "Twelve topics", "Which?", "n: 480 articles")
        assert legible.faults(fig) == []
    rings = [line for line in fig.axes[0].lines if line.get_markersize() == 12]
    assert [list(ring.get_xdata()) for ring in rings if len(ring.get_xdata())] == [[9]]
