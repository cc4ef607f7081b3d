"""Every choice crossed: the same estimates as elsewhere, each specification once, known answers."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from defection_framing import corpus, domain, stats
from defection_framing.study import multiverse, same_act, what_survives
from defection_framing.study.estimands import (
    COLLAPSE_RU,
    CONTRASTS,
    HEADLINES,
    PAIRED,
    SAME_CONVERT,
    SAME_TRAITOR,
    SAME_TREASON,
    TRAITOR_AWAY,
)
from defection_framing.study.multiverse import CHOICES, REPORTED_OPTIONS

pytestmark = pytest.mark.slow

AS_SENSITIVITY = {
    "completed crossings": ("acts", "completed"),
    "no prosecutions": ("acts", "no prosecutions"),
    "laws and counts too": ("acts", "laws and counts too"),
    "new events": ("wave", "new events"),
    "old events": ("wave", "old events"),
    "one service, one cluster": ("announcements", "of one service as one"),
    "same language": ("languages of an event", "those of both camps"),
    "outlets of firm camp": ("outlets of doubtful camp", "out"),
    "first pass, not blind": ("codes", "first pass"),
    "majority of all passes": ("codes", "majority"),
    "third blind pass too": ("codes", "with C"),
}


@pytest.fixture(scope="module")
def data():
    return corpus.load()


@pytest.fixture(scope="module")
def m(data):
    return multiverse.material(data)


def coded(m, share, column="portrayal", code="traitor"):
    """The corpus with another share of a code in each article, whoever coded."""
    made = dict(m.codes)
    for variant in CHOICES["codes"]:
        of = m.codes[column, variant]
        expected = of.expected.copy()
        expected[:, of.names.get_loc(code)] = share * of.units
        made[column, variant] = replace(of, expected=expected)
    return replace(m, codes=made)


def leaving(m):
    """Whether the teller's side is the one that is left."""
    return (
        m.articles["camp"] == m.articles["direction"].astype(str).map(same_act.CAMP_LEFT)
    ).to_numpy()


def option(table, choice, wanted):
    [row] = table[table[choice] == wanted].itertuples()
    return row


def test_as_reported_the_estimates_are_those_of_the_study(data, m):
    for p in (SAME_TRAITOR, SAME_CONVERT, SAME_TREASON):
        [row] = multiverse.paired(m, [p], ())[p.name].itertuples()
        own = same_act.paired(data, p)
        assert (row.value, row.n_events) == (pytest.approx(own["value"]), own["n_events"])
        assert row.reported and own["low"] < row.low < row.value < row.high < own["high"]
    for e in HEADLINES.values():
        [row] = multiverse.unpaired(m, [e], ())[e.name].itertuples()
        own = e.of().estimate(data, draws=20).loc[e.code]
        assert row.value == pytest.approx(own["value"])
        assert (row.n_articles, row.n_events) == (own["n_articles"], own["n_events"])


@pytest.mark.parametrize("sensitivity", AS_SENSITIVITY)
def test_an_option_does_what_the_sensitivity_of_its_name_does(data, m, sensitivity):
    choice, wanted = AS_SENSITIVITY[sensitivity]
    for p in (SAME_TRAITOR, SAME_TREASON):
        row = option(multiverse.paired(m, [p], (choice,))[p.name], choice, wanted)
        made, cluster = same_act.paired_events(data, p, sensitivity)
        own = stats.paired_contrast(made, cluster, flips=10).loc[p.code]
        assert row.value == pytest.approx(own["value"])
        assert row.n_events == len(made.names)


def test_contrasts_by_option_are_those_of_their_subset(data, m):
    table = multiverse.unpaired(m, [TRAITOR_AWAY], ("acts",))[TRAITOR_AWAY.name]
    for wanted, ending in (("no prosecutions", "_unprosecuted"), ("completed", "_completed")):
        own = CONTRASTS[f"portrayal_away{ending}"].estimate(data, draws=20).loc["traitor"]
        assert option(table, "acts", wanted).value == pytest.approx(own["value"])


def by_hand(data, copies, **camps):
    """Articles with the first pass's portrayal, of firm camps, with copies or without."""
    t = data.article_table()
    first = data.codings_articles["portrayal"].xs("0", level="coder").astype(str)
    t = t.assign(hit=first.reindex(t.index).eq("traitor").astype(float))
    t["camp"] = t["camp_detail"].astype(str).map(domain.CAMPS | camps)
    t = t[copies | ~t["kind"].isin(["aggregator", "mirror"]) & (t["origin"] != "rewrite")]
    t = t[(t["confidence"] != "low") & (t["event"] != "general") & (t["outcome"] != "none")]
    t = t[t["camp"].isin(domain.TOWARD) & t["direction"].isin(domain.TOWARD.values())]
    return t.assign(left=t["camp"] != t["direction"].astype(str).map(
        {d: camp for camp, d in domain.TOWARD.items()}))  # fmt: skip


COPIES = {"copies": CHOICES["copies"][1], "outlets of doubtful camp": "out", "codes": "first pass"}


def test_crossed_choices_of_a_pair_do_together_what_each_says(data, m):
    wanted = COPIES | {"copies": "in", "acts": "no prosecutions"}
    wanted |= {"Russian camp": "with pro-Russian abroad", "directions": "each event the same"}
    wanted |= {"within a camp": "each outlet the same"}
    table = multiverse.paired(m, [SAME_TRAITOR], tuple(wanted))[SAME_TRAITOR.name]
    [row] = table[np.all([table[c] == o for c, o in wanted.items()], axis=0)].itertuples()
    t = by_hand(data, True, pro_russian_abroad="Russian")
    t = t[(t["occasion"] != "prosecution") & ~t["sought_by_law"]].astype({"direction": str})
    sides = t.groupby(["event", "direction", "left", "outlet"])["hit"].mean()
    sides = sides.groupby(["event", "direction", "left"]).mean().unstack("left").dropna()
    assert row.value == pytest.approx((sides[True] - sides[False]).mean())
    assert row.n_events == len(sides)


def test_crossed_choices_of_a_contrast_do_together_what_each_says(data, m):
    wanted = COPIES | {"Russian camp": "state only", "weighting": "each article once"}
    table = multiverse.unpaired(m, [TRAITOR_AWAY], tuple(wanted))[TRAITOR_AWAY.name]
    [row] = table[np.all([table[c] == o for c, o in wanted.items()], axis=0)].itertuples()
    t = by_hand(data, False, russian_mainstream="other")
    share = t.groupby(["camp", "left"])["hit"].mean().unstack("left")
    assert row.value == pytest.approx((share[True] - share[False]).mean())
    assert row.n_articles == len(t)


def test_no_specification_is_there_twice_and_one_is_the_reported(m):
    tables = multiverse.paired(m, [SAME_TRAITOR])
    both = tables[SAME_TRAITOR.name], multiverse.unpaired(m, [COLLAPSE_RU])[COLLAPSE_RU.name]
    for table in both:
        choices = [c for c in CHOICES if c in table]
        assert len(table) > 500 and not table.duplicated(choices).any()
        assert table["reported"].sum() == 1 and table["value"].round(9).is_monotonic_increasing
        others = [c for c in choices if c != "codes"]
        first = table[table["codes"] == "pooled"].set_index(others)
        assert not first.duplicated(["value", "low", "high", "n_articles", "n_events"]).mean() > 0.1


def test_an_option_that_changes_nothing_is_not_counted(m):
    everything = np.ones(len(m.articles), bool)
    dated = replace(m, keeps=m.keeps | {("dates", "dated only"): everything})
    table = multiverse.paired(dated, [SAME_TRAITOR], ("dates", "directions"))[SAME_TRAITOR.name]
    assert table["dates"].tolist() == ["all", "all"]
    table = multiverse.unpaired(dated, [TRAITOR_AWAY], ("dates",))[TRAITOR_AWAY.name]
    assert table["dates"].tolist() == ["all"]


def test_a_service_that_only_one_event_owes_to_merges_nothing(m):
    one = m.articles["event"] == m.articles["event"][m.articles["shared"]].iloc[0]
    alone = replace(m, served=np.where(one.to_numpy()[:, None], m.served * 0 + 1, 0))
    everything = np.ones(len(m.articles), bool)
    assert len([*multiverse.tellings(alone, ("announcements",), everything)]) == 1
    table = multiverse.unpaired(alone, [TRAITOR_AWAY], ("announcements",))[TRAITOR_AWAY.name]
    assert table["announcements"].tolist() == ["each event by itself"]


@pytest.mark.parametrize("choice", [c for c in multiverse.OF_PAIRS if c not in multiverse.MADE])
def test_what_is_planted_in_articles_that_an_option_drops_or_adds_shows_there_alone(m, choice):
    known = np.ones(len(m.articles), bool)
    told, tried = list(multiverse.tellings(m, (choice,), known)), 0
    for other in told[1:]:
        for more, less in ((told[0], other), (other, told[0])):
            planted = np.zeros(len(known))
            planted[np.setdiff1d(more.rows, less.rows)] = 1
            planted *= leaving(m)
            if not planted.any():
                continue
            tried += 1
            table = multiverse.paired(coded(m, planted), [SAME_TRAITOR], (choice,))
            table = table[SAME_TRAITOR.name]
            assert option(table, choice, less.options[choice]).value == 0
            assert option(table, choice, more.options[choice]).value > 0
    assert tried


def test_outlets_directions_and_services_weigh_as_their_options_say(m):
    known = np.ones(len(m.articles), bool)
    [first] = multiverse.tellings(m, (), known)
    for t in multiverse.tellings(m, ("within a camp", "announcements", "directions"), known):
        joined, weights, stratum = t.weights()
        assert weights.sum() == pytest.approx(1) and np.allclose(joined.sum(1), 1)
        of_direction = [weights[stratum == s].sum() for s in (0, 1)]
        equal = t.options["directions"] == "the same weight"
        assert (np.ptp(of_direction) < 1e-9) == equal and equal or np.ptp(weights) < 1e-9
        merged = t.options["announcements"] != REPORTED_OPTIONS["announcements"]
        assert (len(stratum) < len(t.unit)) == merged
        outlet = m.articles["outlet"].to_numpy()[t.rows]
        weight = np.abs(t.differences)
        if t.options["within a camp"] == REPORTED_OPTIONS["within a camp"]:
            assert np.allclose(t.differences, first.differences)
            continue
        for row in range(0, len(t.unit), 5):
            side = t.differences[row] > 0
            of_outlet = pd.Series(weight[row][side]).groupby(outlet[side]).sum()
            assert np.ptp(of_outlet) < 1e-9 and of_outlet.sum() == pytest.approx(1)


def test_weights_services_and_shared_events_change_a_contrast_as_they_say(m):
    choices = ("told by", "announcements", "weighting")
    table = multiverse.unpaired(m, [TRAITOR_AWAY], choices)[TRAITOR_AWAY.name]
    assert len(table) == 8
    by = table.set_index(list(choices))
    either = by.xs("either camp", level="told by")
    assert by.xs("both camps", level="told by")["n_events"].max() < either["n_events"].min()
    n = either["n_events"].groupby("announcements").first()
    assert n["of one service as one"] < n["each event by itself"]
    kuzminov = (m.articles["event"] == "kuzminov-mi8").to_numpy()
    planted = coded(m, (kuzminov & leaving(m)).astype(float))
    own = multiverse.unpaired(planted, [TRAITOR_AWAY], ("weighting",))[TRAITOR_AWAY.name]
    own = own.set_index("weighting")["value"]
    assert own["each article once"] > 2 * own["each event once"] > 0


def test_one_coder_has_fewer_specifications_and_no_material_none(data):
    none = {c: getattr(data, c).head(0) for c in ("codings_claims", "codings_articles")}
    alone = multiverse.material(replace(data, **none))
    table = multiverse.paired(alone, [SAME_TRAITOR], ("codes", "dates"))[SAME_TRAITOR.name]
    assert set(table["codes"]) == {"pooled"} and len(table) == 2
    nothing = np.zeros(len(alone.articles), bool)
    curves = {
        **multiverse.paired(alone, [SAME_TRAITOR], keep=nothing),
        **multiverse.unpaired(alone, [TRAITOR_AWAY], keep=nothing),
    }
    summary = what_survives.summary(curves)
    assert summary["specifications"].tolist() == [0, 0] and summary["value"].isna().all()
    assert what_survives.by_option(curves).isna().all(axis=None)


def test_a_curve_is_summed_up_by_hand():
    t = pd.DataFrame(
        {
            "weighting": ["each event once", "each event once"] + ["each article once"] * 2,
            "dates": ["all", "dated only"] * 2,
            "value": [-0.2, 0.1, 0.3, 0.4],
            "excludes_zero": [False, True, True, False],
            "reported": [False, True, False, False],
            "effective": [8, 7, 5, 12],
            "more than one, z": [0, 1, 1, np.nan],
        }
    ).assign(low=[-0.3, 0.05, 0.1, np.nan], high=0.5)
    s = what_survives.summary({"x": t})
    counts = ["specifications", "same_sign", "with_interval", "without_interval", "holds"]
    assert s.loc["x", counts].tolist() == [4, 3, 3, 1, 2]
    assert s.loc["x", ["percentile", "median"]].tolist() == [0.375, 0.2]
    assert what_survives.by_option({"x": t}).at[("dates", "dated only"), "x"] == 0.25
    rules = what_survives.by_rule({"x": t}, s)["x"]
    assert rules.loc[("more than one, z", 7)].tolist() == [0.5, 0.5]
    assert rules.loc[("more than one, z", 5)].tolist() == [0.75, pytest.approx(2 / 3)]


def test_recorded_names_are_of_what_the_study_estimates(m):
    curves = multiverse.paired(m, [SAME_TRAITOR], ("wave", "codes"))
    s = what_survives.summary(curves)
    medians = what_survives.by_option(curves)
    found = what_survives.surviving(s, medians, {SAME_TRAITOR.name: 0.8})["value"]
    assert set(PAIRED) >= {n.removesuffix("/width") for n in found.index if n.endswith("/width")}
    assert found[f"{SAME_TRAITOR.name}/specifications"] == 12
    new = curves[SAME_TRAITOR.name].query("wave == 'new events'")["value"].median()
    assert found[f"{SAME_TRAITOR.name}/median/new_events"] == new
