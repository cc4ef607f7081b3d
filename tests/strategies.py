"""Tables and arrays that hypothesis draws for the properties of `stats`."""

import numpy as np
import pandas as pd
from hypothesis import settings
from hypothesis import strategies as st

FEW = settings(max_examples=15, deadline=None, derandomize=True)
"""The same few examples every time: what fails here fails everywhere."""


@st.composite
def claims(draw, codes="xyz", groups="ab", events=6):
    """Claims of articles on events; an article has one event, one group and one to three claims."""
    article = st.tuples(
        st.integers(0, events - 1),
        st.sampled_from(groups),
        st.lists(st.sampled_from(codes), min_size=1, max_size=3),
    )
    rows = [
        (f"a{i}", f"e{event}", group, code)
        for i, (event, group, said) in enumerate(draw(st.lists(article, min_size=2, max_size=25)))
        for code in said
    ]
    table = pd.DataFrame(rows, columns=["article_id", "cluster", "direction", "frame"])
    return table.assign(frame=pd.Categorical(table["frame"], list(codes)))


@st.composite
def distributions(draw, n, codes=4):
    """So many vectors of shares that sum to one, as rows."""
    raw = st.lists(st.floats(0.01, 1), min_size=codes, max_size=codes)
    rows = np.array(draw(st.lists(raw, min_size=n, max_size=n)))
    return rows / rows.sum(1, keepdims=True)
