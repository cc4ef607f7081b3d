"""Every choice crossed: the same estimates as elsewhere, each specification once, known answers."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pandas as pd
import pytest

from defection_framing import corpus, domain, stats
from defection_framing.study import estimands, multiverse, what_survives
from defection_framing.study.estimands import (
    COERCION,
    COLLAPSE_RU,
    COLLAPSE_UA,
    MIRROR_INDEX,
    MIRROR_WITHOUT_TREASON,
    REWARD,
    TRAITOR_AWAY,
    TREASON_AWAY,
)
from defection_framing.study.material import CHOICES, coded, material

pytestmark = pytest.mark.slow

FEW = ("weighting", "exits", "events")


@pytest.fixture(scope="module")
def data():
    return corpus.load()


@pytest.fixture(scope="module")
def m(data):
    return material(data)


@pytest.fixture
def narrow(monkeypatch):
    """Cross only some of the choices that bear on estimates."""

    def narrow(*choices):
        monkeypatch.setattr(multiverse, "bearing", lambda e: choices)

    return narrow


def reported(m, e):
    return multiverse.estimated(e, [multiverse.as_reported(m, e)]).iloc[0]


def tables(data, **change):
    both = data.article_table().reset_index(), data.claim_table()
    camps = domain.CAMPS | change
    return tuple(t.assign(camp=t["camp_detail"].astype(str).map(camps)) for t in both)


def shuffled(m, seed):
    """The corpus with directions shuffled over whole events: no effect of the direction."""
    rng = np.random.default_rng(seed)
    return replace(m, panel=m.panel.shuffled("direction", m.panel.event, rng))


def planted(m, seed, chance=0.6):
    """The corpus with claims of treason planted where a person leaves the teller's side."""
    rng = np.random.default_rng(seed)
    teller, direction = m.tellers["with pro-Russian abroad"], m.panel.labels["direction"]
    leaves = ((teller == 0) & np.isin(direction, [0, 2])) | (
        (teller == 1) & np.isin(direction, [1, 3])
    )
    treason = m.codes["frame"].index("treason")
    first = rng.integers(len(m.codes["frame"]), size=len(m.first))
    hit = rng.random(len(first)) < np.where(leaves[m.article], chance, 0.05)
    return replace(m, first=np.where(hit, treason, first), second=np.full(len(first), -1))


def test_as_reported_the_estimates_are_those_of_the_comparison(data, m):
    articles, claims = tables(data)
    mirror = stats.mirror(claims, domain.TOWARD)
    found = reported(m, MIRROR_INDEX)
    for column in ("value", "low", "high", "n_articles", "n_events"):
        assert found[column] == pytest.approx(mirror.index[column], nan_ok=True)
    treason = mirror.frames.loc["treason"]
    found = reported(m, TREASON_AWAY)
    assert found["value"] == pytest.approx(-treason["relational"])
    assert found["low"] == pytest.approx(-treason["relational_high"], abs=0.01)
    rest = stats.mirror(claims[claims["frame"] != "treason"], domain.TOWARD, draws=50)
    assert reported(m, MIRROR_WITHOUT_TREASON)["value"] == pytest.approx(rest.index["value"])
    for e in (TRAITOR_AWAY, TREASON_AWAY, COLLAPSE_UA, COLLAPSE_RU, COERCION, REWARD):
        own, found = e.of().estimate(articles, claims).loc[e.code], reported(m, e)
        for column in ("value", "n_articles", "n_events"):
            assert found[column] == pytest.approx(own[column])
        assert found["low"] == pytest.approx(own["low"], abs=0.01)  # of other draws


def test_stacked_specifications_have_the_intervals_of_single_ones(m):
    for e in (TRAITOR_AWAY, MIRROR_INDEX):
        specs = list(islice(multiverse.specifications(m, e), 0, 200, 9))
        found = multiverse.estimated(e, specs, draws=60)
        weights = dict(enumerate(e.of().weights.values()))
        for spec, row in zip(specs, found.itertuples(), strict=True):
            used = spec.cell >= 0
            panel = replace(spec.panel.take(used), labels={"cell": spec.cell[used]})
            groups = pd.RangeIndex(len(weights))
            s = panel.shares(["cell"], groups, 60, multiverse.weighting(spec.options))
            if e.code is None:
                wanted = stats.index_interval(s, list(weights))
            else:
                wanted = [x.item() for x in stats.combined(s, weights)]
            if s.n["effective_events"].min() < stats.MIN_EVENTS:
                wanted = [wanted[0], np.nan, np.nan]
            assert np.allclose([row.value, row.low, row.high], wanted, equal_nan=True)


def test_a_crossing_of_choices_does_what_the_options_say(data, m, monkeypatch, narrow):
    wanted = {
        "Russian camp": "state only",
        "codes": "second frame too",
        "exits": "as leaving",
        "weighting": "each article once",
        "outlets of doubtful camp": "out",
        "copies": "no aggregators or mirrors",
        "events": "single cases only",
    }
    for choice, option in wanted.items():
        monkeypatch.setitem(CHOICES, choice, (CHOICES[choice][0], option))
    narrow(*wanted)
    curve = what_survives.curve(m, TREASON_AWAY.name, draws=2)
    [row] = curve[np.all([curve[c] == o for c, o in wanted.items()], axis=0)].itertuples()

    _, claims = tables(data, russian_mainstream="other")
    claims = claims[(claims["confidence"] != "low") & (claims["event"] != "general")]
    claims = claims[~claims["kind"].isin(["aggregator", "mirror"])]
    left = claims["direction"].astype(str).replace({"ru_exit": "ru_to_ua", "ua_exit": "ua_to_ru"})
    own = {"Russian": "ru_to_ua", "Ukrainian": "ua_to_ru"}
    crossing = claims["direction"].isin(["ru_to_ua", "ua_to_ru"])
    claims = claims.assign(direction=left)[crossing | (left == claims["camp"].map(own))]
    pairs = zip(claims["frame"], claims["frame_2"], strict=True)
    both = [tuple(f for f in pair if isinstance(f, str)) for pair in pairs]
    claims = claims.assign(frame=pd.Series(both, index=claims.index, dtype=object))
    mirror = stats.mirror(claims, domain.TOWARD, weighting="article", draws=2)
    assert row.value == pytest.approx(-mirror.frames.loc["treason", "relational"])
    assert row.n_articles == mirror.index["n_articles"]


@pytest.mark.parametrize("e", [TREASON_AWAY, COLLAPSE_UA])
def test_no_specification_is_there_twice_and_the_first_is_the_reported(m, e):
    specs = list(multiverse.specifications(m, e))
    assert len(specs) >= 200
    assert len({tuple(s.options.values()) for s in specs}) == len(specs)
    used = [(multiverse.weighting(s.options), s.options["codes"], s.rows[s.cell >= 0].tobytes(),
             s.cell[s.cell >= 0].tobytes()) for s in specs]  # fmt: skip
    assert len(set(used)) == len(specs)
    assert all(o == CHOICES[c][0] for c, o in specs[0].options.items())


def test_an_option_that_changes_no_article_or_code_is_not_counted(m):
    dated = replace(m, keeps=m.keeps | {("dates", "dated only"): np.ones(len(m.articles), bool)})
    few = [s.options["dates"] for s in multiverse.specifications(dated, TREASON_AWAY)]
    assert set(few) == {"all"}
    alone = replace(m, second=np.full_like(m.second, -1))
    codes = [s.options["codes"] for s in multiverse.specifications(alone, TREASON_AWAY)]
    assert set(codes) == {"as coded", "recoded by confusion"}


def test_exits_count_as_leaving_and_never_as_coming_over(m):
    teller, direction = m.teller({}), m.panel.labels["direction"]
    cell = m.cell(TREASON_AWAY.of(), {"exits": "as leaving"})
    by_hand = [[1, 0, 1, -1, -1], [2, 3, -1, 3, -1], [-1] * 5]
    assert (cell == np.array(by_hand)[teller, direction]).all()
    cell = m.cell(COERCION.of(), {"exits": "as leaving"})
    assert (cell == np.array([1, 0, 1, 0, -1])[direction]).all()


def test_a_planted_effect_survives_every_choice(m, narrow):
    narrow("Russian camp", "codes", "copies", "dates", *FEW)
    curve = what_survives.curve(planted(m, 1), TREASON_AWAY.name, draws=60)
    assert len(curve) > 200
    row = what_survives.summary({"x": curve}).loc["x"]
    assert row["same_sign"] == 1 and row["median"] > 0.3
    assert row["with_interval"] > 100 and row["excludes_zero"] > 0.97


def test_where_there_is_no_effect_few_intervals_exclude_zero(m, narrow):
    narrow("codes", "weighting", "events")
    for e in (TREASON_AWAY, COLLAPSE_RU):
        curves = [what_survives.curve(shuffled(m, seed), e.name, 100) for seed in range(10)]
        shares = what_survives.summary(dict(enumerate(curves)))["excludes_zero"].dropna()
        assert len(shares) >= 5 and shares.mean() < 0.15


def test_the_test_of_a_curve_tells_an_effect_from_none(data, monkeypatch, narrow):
    narrow("codes", "weighting")
    monkeypatch.setattr(estimands, "HEADLINES", {TREASON_AWAY.name: TREASON_AWAY})
    rng, events = np.random.default_rng(5), data.articles["event"].unique()
    ps = []
    for _ in range(6):
        to = pd.Series(rng.choice(["ru_to_ua", "ua_to_ru"], len(events)), events)
        direction = data.articles["event"].map(to).astype(data.articles["direction"].dtype)
        none = replace(data, articles=data.articles.assign(direction=direction))
        ps.append(what_survives.null_medians(none, 39, 1)["value"].iloc[0])
    assert np.median(ps) > 0.1
    [real] = what_survives.null_medians(data, 39, 1).itertuples()
    assert real.value == (1 + real.as_far) / (1 + real.shuffles) and real.shuffles == 39
    assert real.value < 0.05 and not real.null_low < real.median < real.null_high


def test_recoding_keeps_what_the_passes_agree_on_and_weakens_what_they_do_not(m, narrow):
    size = len(m.codes["frame"])
    sure = replace(m, confusion=m.confusion | {"frame": np.eye(size) * 1e6})
    anew = "recoded by confusion"
    runs = ((m, "as coded"), (sure, anew), (m, anew))
    codes = [coded(x, MIRROR_INDEX, option).codes for x, option in runs]
    assert np.nanmean(np.abs(codes[0] - codes[1])) < 1e-3
    assert np.nanmean(np.abs(codes[0] - codes[2])) > 0.02
    assert np.allclose(codes[2].sum(1), 1)
    alone = coded(m, TREASON_AWAY, anew).codes[:, 0]
    assert np.array_equal(alone, codes[2][:, m.codes["frame"].index("treason")])
    narrow("codes", *FEW)
    curve = what_survives.curve(planted(m, 2), TREASON_AWAY.name, draws=2)
    by_codes = curve.set_index([*FEW, "codes"])["value"].unstack()
    assert (by_codes[anew] - by_codes["as coded"]).mean() < -0.02


def test_a_corpus_without_second_coder_or_codes_has_fewer_curves(data):
    silent = data.articles.assign(motives=[()] * len(data.articles))
    one_coder = replace(data, second_claims=data.second_claims.head(0), articles=silent)
    alone = material(one_coder)
    options = {s.options["codes"] for s in multiverse.specifications(alone, MIRROR_INDEX)}
    assert options == {"as coded", "second frame too"}
    curves = {REWARD.name: what_survives.curve(alone, REWARD.name)}
    summary = what_survives.summary(curves)
    assert summary["specifications"].tolist() == [0] and np.isnan(summary["value"].iloc[0])
    assert np.isnan(reported(alone, REWARD)["value"])


def test_summary_of_a_curve_by_hand():
    t = pd.DataFrame(
        {
            "weighting": ["each event once", "each event once"] + ["each article once"] * 2,
            "dates": ["all", "dated only"] * 2,
            "value": [0.1, 0.3, -0.2, 0.4],
            "excludes_zero": [True, True, False, False],
            "reported": [True, False, False, False],
        }
    ).assign(low=[0.0, 0.1, -0.3, np.nan], high=0.5)
    row = what_survives.summary({"x": t}).loc["x"]
    assert row[["same_sign", "with_interval", "median"]].tolist() == [0.75, 3, 0.2]
    assert row["excludes_zero"] == pytest.approx(2 / 3)
    other = t.assign(excludes_zero=[True, True, True, False])
    assert what_survives.summary({"x": other})["other_sign"].tolist() == [1]
