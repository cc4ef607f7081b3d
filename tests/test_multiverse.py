"""Every choice crossed: the same estimates as elsewhere, each specification once, known answers."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from defection_framing import compare, corpus, multiverse

FEW = ("weighting", "exits", "events")


@pytest.fixture(scope="module")
def data():
    return corpus.load()


@pytest.fixture(scope="module")
def m(data):
    return multiverse.material(data)


def narrow(monkeypatch, key, *choices):
    """Cross only some of the choices that bear on an estimate."""
    few = multiverse.HEADLINES[key]._replace(choices=choices)
    monkeypatch.setitem(multiverse.HEADLINES, key, few)


def tables(data, **change):
    both = data.article_table().reset_index(), data.claim_table()
    sides = compare.SIDES | change
    return tuple(t.assign(side=t["camp"].astype(str).map(sides)) for t in both)


def shuffled(m, seed):
    """The corpus with directions shuffled over whole events: no effect of the direction."""
    rng = np.random.default_rng(seed)
    _, first, unit = np.unique(m.event * 5 + m.direction, return_index=True, return_inverse=True)
    return replace(m, direction=rng.permutation(m.direction[first])[unit])


def planted(m, seed, chance=0.6):
    """The corpus with claims of treason planted where a person leaves the teller's side."""
    rng = np.random.default_rng(seed)
    teller = m.tellers["with pro-Russian abroad"]
    leaves = ((teller == 0) & np.isin(m.direction, [0, 2])) | (
        (teller == 1) & np.isin(m.direction, [1, 3])
    )
    treason = m.codes["frame"].get_loc("treason")
    of_claim = leaves[m.gather.tocsc().indices]
    first = rng.integers(len(m.codes["frame"]), size=len(m.first))
    hit = rng.random(len(first)) < np.where(of_claim, chance, 0.05)
    return replace(m, first=np.where(hit, treason, first), second=np.full(len(first), -1))


def test_as_reported_the_estimates_are_those_of_the_comparison(data, m):
    articles, claims = tables(data)
    mirror = compare.mirror(claims)
    found = multiverse.reported(m, "mirror_index")
    for column, value in found.items():
        assert value == pytest.approx(mirror.index[column], nan_ok=True)
    treason = mirror.frames.loc["treason"]
    found = multiverse.reported(m, "treason_away")
    assert found["value"] == pytest.approx(-treason["relational"])
    assert found["low"] == pytest.approx(-treason["relational_high"], abs=0.01)
    found = multiverse.reported(m, "portrayal_traitor_away")
    assert found["value"] == pytest.approx(compare.away(articles).loc["traitor", "value"])
    rest = compare.mirror(claims[claims["frame"] != "treason"], draws=50)
    found = multiverse.reported(m, "mirror_without_treason")
    assert found["value"] == pytest.approx(rest.index["value"])
    motives = compare.shares(articles, "motives", ["direction"])
    for code in ("coercion", "reward"):
        there = compare.contrast(motives, {"ua_to_ru": 1, "ru_to_ua": -1}).loc[code]
        found = multiverse.reported(m, f"motive_{code}_direction")
        assert found["value"] == pytest.approx(there["value"])
        assert found["n_events"] == there["n_events"]


def test_a_crossing_of_choices_does_what_the_options_say(data, m, monkeypatch):
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
        two = multiverse.CHOICES[choice][0], option
        monkeypatch.setitem(multiverse.CHOICES, choice, two)
    narrow(monkeypatch, "treason_away", *wanted)
    curve = multiverse.curve(m, "treason_away", draws=2)
    [row] = curve[np.all([curve[c] == o for c, o in wanted.items()], axis=0)].itertuples()

    _, claims = tables(data, russian_mainstream="other")
    claims = claims[(claims["confidence"] != "low") & (claims["event"] != "general")]
    claims = claims[~claims["kind"].isin(["aggregator", "mirror"])]
    left = claims["direction"].astype(str).replace({"ru_exit": "ru_to_ua", "ua_exit": "ua_to_ru"})
    own = {"Russian": "ru_to_ua", "Ukrainian": "ua_to_ru"}
    crossing = claims["direction"].isin(["ru_to_ua", "ua_to_ru"])
    claims = claims.assign(direction=left)[crossing | (left == claims["side"].map(own))]
    pairs = zip(claims["frame"], claims["frame_2"], strict=True)
    both = [tuple(f for f in pair if isinstance(f, str)) for pair in pairs]
    claims = claims.assign(frame=pd.Series(both, index=claims.index, dtype=object))
    mirror = compare.mirror(claims, weighting="article", draws=2)
    assert row.value == pytest.approx(-mirror.frames.loc["treason", "relational"])
    assert row.n_articles == mirror.index["n_articles"]


@pytest.mark.parametrize("key", ["treason_away", "frame_collapse_exit_from_ua"])
def test_no_specification_is_there_twice_and_the_first_is_the_reported(m, key):
    specs = list(multiverse.specifications(m, key))
    assert len(specs) >= 200
    assert len({tuple(s.options.values()) for s in specs}) == len(specs)
    used = [(s.options["weighting"], s.rows[s.cell >= 0].tobytes(), s.cell[s.cell >= 0].tobytes(),
             s.codes[s.cell >= 0].tobytes()) for s in specs]  # fmt: skip
    assert len(set(used)) == len(specs)
    assert all(o == multiverse.CHOICES[c][0] for c, o in specs[0].options.items())


def test_an_option_that_changes_no_article_is_not_counted(m):
    dated = replace(m, keeps=m.keeps | {("dates", "dated only"): np.ones(len(m.articles), bool)})
    few = [s.options["dates"] for s in multiverse.specifications(dated, "treason_away")]
    assert set(few) == {"all"}


def test_a_planted_effect_survives_every_choice(m, monkeypatch):
    narrow(monkeypatch, "treason_away", "Russian camp", "codes", "copies", "dates", *FEW)
    curve = multiverse.curve(planted(m, 1), "treason_away", draws=60)
    assert len(curve) > 200
    row = multiverse.summary({"x": curve}).loc["x"]
    assert row["same_sign"] == 1 and row["median"] > 0.3
    assert row["with_interval"] > 100 and row["excludes_zero"] > 0.97


def test_where_there_is_no_effect_few_intervals_exclude_zero(m, monkeypatch):
    for key in ("treason_away", "frame_collapse_exit_from_ru"):
        narrow(monkeypatch, key, "codes", "weighting", "events")
        curves = [multiverse.curve(shuffled(m, seed), key, draws=100) for seed in range(10)]
        shares = multiverse.summary(dict(enumerate(curves)))["excludes_zero"].dropna()
        assert len(shares) >= 5 and shares.mean() < 0.15


def test_the_test_of_a_curve_tells_an_effect_from_none(data, monkeypatch):
    h = multiverse.HEADLINES["treason_away"]._replace(choices=("codes", "weighting"))
    monkeypatch.setattr(multiverse, "HEADLINES", {"treason_away": h})
    rng, events = np.random.default_rng(5), data.articles["event"].unique()
    ps = []
    for _ in range(6):
        to = pd.Series(rng.choice(["ru_to_ua", "ua_to_ru"], len(events)), events)
        direction = data.articles["event"].map(to).astype(data.articles["direction"].dtype)
        none = replace(data, articles=data.articles.assign(direction=direction))
        ps.append(multiverse.null_medians(none, 39, 1)["value"].iloc[0])
    assert np.median(ps) > 0.1
    [real] = multiverse.null_medians(data, 39, 1).itertuples()
    assert real.value == (1 + real.as_far) / (1 + real.shuffles) and real.shuffles == 39
    assert real.value < 0.05 and not real.null_low < real.median < real.null_high


def test_recoding_keeps_what_the_passes_agree_on_and_weakens_what_they_do_not(m, monkeypatch):
    size = len(m.codes["frame"])
    sure = replace(m, confusion=m.confusion | {"frame": np.eye(size) * 1e6})
    anew = "recoded by confusion"
    runs = ((m, "as coded"), (sure, anew), (m, anew))
    codes = [multiverse.article_codes(x, "frame", option) for x, option in runs]
    assert np.nanmean(np.abs(codes[0] - codes[1])) < 1e-3
    assert np.nanmean(np.abs(codes[0] - codes[2])) > 0.02
    assert np.allclose(codes[2].sum(1), 1)
    narrow(monkeypatch, "treason_away", "codes", *FEW)
    curve = multiverse.curve(planted(m, 2), "treason_away", draws=2)
    assert multiverse.effects(curve).loc[("codes", anew), "value"] < -0.02


def test_a_corpus_without_second_coder_or_codes_has_fewer_curves(data):
    silent = data.articles.assign(motives=[()] * len(data.articles))
    one_coder = replace(data, second_claims=data.second_claims.head(0), articles=silent)
    alone = multiverse.material(one_coder)
    options = {s.options["codes"] for s in multiverse.specifications(alone, "mirror_index")}
    assert options == {"as coded", "second frame too"}
    curve = multiverse.curve(alone, "motive_reward_direction")
    summary = multiverse.summary({"motive_reward_direction": curve})
    assert summary["specifications"].tolist() == [0] and np.isnan(summary["value"].iloc[0])
    assert multiverse.effects(curve).empty
    assert np.isnan(multiverse.reported(alone, "motive_reward_direction")["value"])
    assert "too little" in multiverse.in_words("motive_reward_direction", curve)


def test_summary_and_effects_of_a_curve_by_hand():
    t = pd.DataFrame(
        {
            "weighting": ["each event once", "each event once"] + ["each article once"] * 2,
            "dates": ["all", "dated only"] * 2,
            "value": [0.1, 0.3, -0.2, 0.4],
            "excludes_zero": [True, True, False, False],
            "reported": [True, False, False, False],
        }
    ).assign(low=[0.0, 0.1, -0.3, np.nan], high=0.5)
    row = multiverse.summary({"x": t}).loc["x"]
    assert row[["same_sign", "with_interval", "median"]].tolist() == [0.75, 3, 0.2]
    assert row["excludes_zero"] == pytest.approx(2 / 3)
    effects = multiverse.effects(t)["value"]
    assert effects["weighting", "each article once"] == pytest.approx((-0.3 + 0.1) / 2)
    assert effects["dates", "dated only"] == pytest.approx((0.2 + 0.6) / 2)
    assert multiverse.in_words("treason_away", t) == (
        "3 of 4 specifications have the median's sign; of the 3 with an interval 2 exclude zero on "
        "that side and 0 on the other. The option that lowers it most is *weighting: each article "
        "once* (by 10.0 points on average). The option that raises it most is *dates: dated only* "
        "(by 40.0 points on average)."
    )
    other = t.assign(excludes_zero=[True, True, True, False])
    assert multiverse.summary({"x": other})["other_sign"].tolist() == [1]
