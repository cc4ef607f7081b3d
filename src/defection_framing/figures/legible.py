"""Whether a figure can be read: letters large enough, nothing written over something else.

Measured on the figure as it is drawn, by the boxes that its renderer gives.
"""

from itertools import combinations

import numpy as np
from matplotlib.collections import PathCollection
from matplotlib.text import Text
from matplotlib.transforms import Bbox

WIDEST = 7.5
"""Inches that a notebook and a page show whole."""

SMALLEST = 7
"""Points, at the width at which a figure is shown."""

SLACK = 1.5
"""Pixels at 100 dpi by which boxes may meet: those of letters reach above and below them."""


def faults(fig) -> list[str]:
    """Say what of a figure cannot be read, as it stands; empty if all can be."""
    fig.draw_without_rendering()
    found = [] if fig.get_figwidth() <= WIDEST else [f"wider than {WIDEST} inches"]
    unseen = {text for ax in fig.axes for text in _out_of_view(ax)}
    read = [text for text in fig.findobj(Text) if _is_read(text) and text not in unseen]
    texts = [(text, text.get_window_extent()) for text in read]
    found += [f"small: {t.get_text()!r}" for t, _ in texts if t.get_fontsize() < SMALLEST]
    for (one, box), (other, its_box) in combinations(texts, 2):
        if _meet(box, its_box):
            found.append(f"{one.get_text()!r} meets {other.get_text()!r}")
    marks = [box for ax in fig.axes if ax.get_visible() for box in _marks(ax)]
    for text, box in texts:
        # On a map a label may lie on points that its own box or outline covers.
        covers = text.get_bbox_patch() is not None or text.get_path_effects()
        if not covers and any(_meet(box, mark) for mark in marks):
            found.append(f"{text.get_text()!r} meets a mark")
    return found


def _is_read(text: Text) -> bool:
    """Whether a text is seen."""
    shown = text.get_visible() and (text.axes is None or text.axes.get_visible())
    return shown and bool(text.get_text().strip())


def _meet(box: Bbox, other: Bbox) -> bool:
    """Whether two boxes share more than their edges."""
    wide = min(box.x1, other.x1) - max(box.x0, other.x0)
    high = min(box.y1, other.y1) - max(box.y0, other.y0)
    return wide > SLACK and high > SLACK


def _out_of_view(ax) -> list[Text]:
    """Labels of ticks that lie beyond the ends of an axis."""
    beyond = []
    for axis in (ax.xaxis, ax.yaxis):
        low, high = sorted(axis.get_view_interval())
        for tick in axis.get_major_ticks():
            if not low <= tick.get_loc() <= high:
                beyond += [tick.label1, tick.label2]
    return beyond


def _marks(ax) -> list[Bbox]:
    """Boxes of the marks in a panel."""
    places = [
        (line.get_transform().transform(line.get_xydata()), [line.get_markersize()])
        for line in ax.lines
        if line.get_marker() not in ("None", "", None) and len(line.get_xydata())
    ]
    places += [
        (points.get_offset_transform().transform(points.get_offsets()), points.get_sizes() ** 0.5)
        for points in ax.collections
        if isinstance(points, PathCollection) and not points.get_rasterized()  # a map's ground
    ]
    boxes = []
    for at, sizes in places:
        half = np.broadcast_to(sizes, len(at))[:, None] * ax.figure.dpi / 72 / 2
        sides = np.hstack([at - half, at + half])
        boxes += [Bbox.from_extents(*side) for side in sides[np.isfinite(sides).all(axis=1)]]
    return boxes
