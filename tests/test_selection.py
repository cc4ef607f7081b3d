"""What was found and what was not: parts left out, camps settled late."""

from dataclasses import replace

import numpy as np
import pytest

from defection_framing import corpus
from defection_framing.corpus import NotEnough
from defection_framing.study import multiverse, selection
from defection_framing.study.estimands import SAME_TRAITOR, TRAITOR_AWAY

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data():
    return corpus.load()


@pytest.fixture(scope="module")
def m(data):
    return multiverse.material(data)


def test_parts_are_left_out_and_counted(m):
    tables = {kind: selection.moved(m, kind) for kind in ("slice", "language")}
    languages = {f"{part}" for _, part in tables["language"].index}
    assert languages == {*selection.LANGUAGES.values(), "other languages"}
    english = m.articles["lang"].eq("en").to_numpy()
    own = multiverse.unpaired(m, [TRAITOR_AWAY], (), ~english)[TRAITOR_AWAY.name].iloc[0]
    assert tables["language"].loc[(TRAITOR_AWAY.name, "English"), "value"] == own["value"]
    found = selection.held(tables)
    of = tables["slice"].loc[TRAITOR_AWAY.name, "value"]
    lowest = f"{TRAITOR_AWAY.name}/slice_left_out/lowest"
    assert found.at[lowest, "value"] == of.min()
    assert set(found["source"]) == {"study.selection.held"}
    assert found.at[f"{SAME_TRAITOR.name}/language_left_out/parts", "value"] == 4


def test_a_corpus_of_one_side_has_too_little_to_leave_any_out(m):
    alone = replace(m, camps={option: np.minimum(camp, 0) for option, camp in m.camps.items()})
    with pytest.raises(NotEnough, match="too few events from both sides"):
        selection.moved(alone, "language")


def test_listed_outlets_count_as_ukrainian_where_camps_are_as_before(data):
    listed = data.outlets["basis"].str.contains(selection.LISTED)
    assert set(data.outlets.loc[listed, "camp"]) == {"undisclosed"}
    found = selection.camps_settled(data)
    n = found["n_articles"].filter(like="all_events").tolist()
    assert n[1] > n[0] > n[2]
    assert np.ptp(found["value"].filter(like="new_events")) < 0.05
