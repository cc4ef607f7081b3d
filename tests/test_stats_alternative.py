"""May a model stand in for people: the alternative annotator test, on data with a known answer."""

import krippendorff
import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_1samp

from defection_framing import stats
from defection_framing.stats import agreement

CODES = list("abcd")


def planted(seed, n=200, people=(0.8, 0.8, 0.8), model=0.8):
    """Codes of people and of a model who are right that often and else guess among the others."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(4, size=n)

    def coded(right):
        wrong = rng.integers(1, 4, size=n) * (rng.random(n) > right)
        return [CODES[i] for i in (truth + wrong) % 4]

    table = pd.DataFrame({f"p{j}": coded(right) for j, right in enumerate(people)})
    return table, pd.Series(coded(model))


def against(people, model, **more):
    return stats.alternative_annotator(people, model, pd.Series(people.index), **more)


def test_the_advantages_of_a_handful_of_units_are_those_counted_by_hand():
    people = pd.DataFrame({"x": list("aab"), "y": list("aba"), "z": ["a", "b", None]})
    table = against(people, pd.Series(list("abb")))
    # x against y, z. Unit 0: both as near. Unit 1: the model's b is y's and z's, x's a nobody's.
    # Unit 2: y alone stands against x, and neither x nor the model is near.
    assert table.loc["x", ["n", "model", "person"]].tolist() == [3, 1, pytest.approx(2 / 3)]
    # z coded two units; in both it and the model gave the same code.
    assert table.loc["z", ["n", "model", "person"]].tolist() == [2, 1, 1]
    assert table["p"].isna().all() and not table["wins"].any()  # too few units to test


def test_with_independent_units_it_is_the_t_test_of_the_paper():
    people, model = planted(1, n=80)
    people.iloc[::7, 1] = None
    table = against(people, model)
    for name in people:
        rest = people.drop(columns=name)
        more = []
        for i in people.index[people[name].notna()]:
            others = [c for c in rest.loc[i] if isinstance(c, str)]
            near = [np.mean([c == o for o in others]) for c in (people.loc[i, name], model[i])]
            more.append(float(near[0] >= near[1]) - float(near[1] >= near[0]))
        p = ttest_1samp(more, agreement.EPSILON, alternative="less").pvalue
        assert table.loc[name, "p"] == pytest.approx(p)
    m = len(people.columns)  # Benjamini and Yekutieli: the sum of 1, 1/2, 1/3 in place of 1
    p = np.sort(table["p"])
    q = np.minimum.accumulate((p * m / np.arange(1, m + 1) * (1 + 1 / 2 + 1 / 3))[::-1])[::-1]
    assert np.sort(table["q"]) == pytest.approx(np.minimum(q, 1))


@pytest.mark.slow
def test_a_model_as_good_as_people_stands_in_and_one_that_guesses_does_not():
    good = [against(*planted(seed))["wins"].mean() for seed in range(30)]
    bad = [against(*planted(seed, model=0.25))["wins"].mean() for seed in range(30)]
    assert np.mean(np.array(good) >= stats.WINNING_RATE) >= 0.9
    assert max(bad) == 0


@pytest.mark.slow
def test_a_better_model_has_the_advantage_more_often():
    means = [
        np.mean([against(*planted(seed, model=right))["model"].mean() for seed in range(10)])
        for right in (0.3, 0.6, 0.9)
    ]
    assert means == sorted(means) and means[2] > 0.9


@pytest.mark.slow
def test_models_on_the_border_pass_about_as_often_as_the_level_says(monkeypatch):
    people, model = planted(1, n=10_000, model=0.6)
    whole = against(people, model)
    border = float((whole["person"] - whole["model"]).mean())
    monkeypatch.setattr(agreement, "EPSILON", border)
    p = [against(*planted(seed, n=150, model=0.6))["p"] for seed in range(1, 201)]
    assert 0.02 <= np.mean(np.array(p) <= 0.05) <= 0.085


def test_copies_of_units_within_clusters_add_no_certainty():
    people, model = planted(3, n=60, model=0.7)
    once = against(people, model)
    twice = pd.concat([people, people], ignore_index=True)
    again = stats.alternative_annotator(
        twice, pd.concat([model, model], ignore_index=True), pd.Series([*range(60)] * 2)
    )
    assert again["p"].to_numpy() == pytest.approx(once["p"].to_numpy())
    assert (again["n"] == 2 * once["n"]).all()


def test_weights_count_as_so_many_units():
    people, model = planted(4, n=60)
    weights = pd.Series(np.where(people.index < 20, 2.0, 1.0))
    repeated = pd.concat([people, people.head(20)])
    weighted = against(people, model, weights=weights)
    again = stats.alternative_annotator(
        repeated.reset_index(drop=True),
        pd.concat([model, model.head(20)], ignore_index=True),
        pd.Series(repeated.index),
    )
    for column in ("model", "person", "p"):
        assert weighted[column].to_numpy() == pytest.approx(again[column].to_numpy())


def test_sets_of_codes_are_as_near_as_they_overlap():
    people = pd.DataFrame({"x": [("a",)] * 40, "y": [("a", "b")] * 40})
    table = against(people, pd.Series([("a", "b")] * 40))
    assert table.loc["x", ["model", "person"]].tolist() == [1, 0]
    assert table.loc["y", ["model", "person"]].tolist() == [1, 1]
    other = against(people, pd.Series([("c",)] * 40))
    assert other.loc["y", ["model", "person"]].tolist() == [0, 1]
    assert table["wins"].all() and other["wins"].tolist() == [False, False]


def test_nobody_to_compare_with_is_no_test():
    table = against(pd.DataFrame({"x": ["a"] * 40}), pd.Series(["a"] * 40))
    assert table.loc["x", "n"] == 0 and not table["wins"].any()


def test_alpha_leaves_out_what_one_coded():
    people, _ = planted(5, n=60, people=(0.8, 0.8))
    units = pd.Series(people.index)
    people.loc[people.index[:10], "p1"] = None
    assert stats.alpha(people, units, draws=50)["n"] == 50
    assert stats.alpha(people[["p0"]], units)["n"] == 0


def test_alpha_of_many_is_that_of_the_krippendorff_library():
    people, _ = planted(6, n=12, people=(0.7, 0.8, 0.5, 0.9))
    people.iloc[:5, 0] = people.iloc[3:8, 1] = people.iloc[4, 2] = None
    found = stats.alpha(people, pd.Series(people.index), draws=20)
    numbers = people.apply(lambda column: column.map({c: i for i, c in enumerate(CODES)}))
    library = krippendorff.alpha(numbers.T.to_numpy(float), level_of_measurement="nominal")
    assert found["alpha"] == pytest.approx(library)
    assert found["n"] == (people.notna().sum(axis=1) > 1).sum()


def test_a_unit_that_stands_for_two_weighs_in_alpha_of_many_as_twice_the_unit():
    people, _ = planted(7, n=400, people=(0.7, 0.8, 0.6))
    weights = pd.Series(np.where(people.index < 100, 2.0, 1.0))
    units = pd.Series(people.index)
    weighted = stats.alpha(people, units, draws=20, weights=weights)
    repeated = pd.concat([people, people.head(100)], ignore_index=True)
    again = stats.alpha(repeated, pd.Series(repeated.index), draws=20)
    assert weighted["alpha"] == pytest.approx(again["alpha"], abs=1e-3)
    assert weighted["agreement"] == pytest.approx(again["agreement"])
    plain = stats.alpha(people, units, draws=20)
    assert abs(plain["alpha"] - weighted["alpha"]) > 2e-3


def test_a_code_that_nobody_else_gave_counts_for_nobody():
    people, model = planted(8, n=60, people=(0.8, 0.8))
    people.loc[people.index[:20], "p1"] = None
    alone = people.loc[people.index >= 20].reset_index(drop=True)
    of = model.loc[model.index >= 20].reset_index(drop=True)
    found, expected = against(people, model), against(alone, of)
    assert found.loc["p0"].to_dict() == pytest.approx(expected.loc["p0"].to_dict())


@pytest.mark.parametrize("n", [agreement.LEAST_UNITS - 1, agreement.LEAST_UNITS])
def test_the_test_asks_for_so_many_units(n):
    people, model = planted(9, n=n, people=(0.9, 0.9))
    assert against(people, model)["p"].notna().all() == (n == agreement.LEAST_UNITS)


def test_sets_that_overlap_are_nearer_than_sets_that_do_not_and_a_single_code_is_no_set():
    people = pd.DataFrame({"x": [("a", "b")] * 40, "y": [("a", "c")] * 40})
    table = against(people, pd.Series([("d",)] * 40))
    assert table.loc["x", ["model", "person"]].tolist() == [0, 1]
    near = agreement._nearness(pd.Series([("a", "b"), "a"]), people[["y"]].head(2))
    assert near == pytest.approx([1 / 9, 0])  # a third overlaps, neither holds the other
