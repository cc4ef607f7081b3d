import pytest

from defection_framing import settings
from defection_framing.publish import findings
from defection_framing.publish.ledger import Estimate


def faults(text, *holds):
    """Faults of a finding, without its name."""
    conditions = tuple(findings.Condition.parse(condition, "here") for condition in holds)
    finding = findings.Finding("f", "1_a", "figure", text, conditions)
    said = finding.faults()
    assert all(fault.startswith("findings.toml, f: ") for fault in said)
    return [fault.removeprefix("findings.toml, f: ") for fault in said]


@pytest.mark.parametrize(
    ("condition", "is_true"),
    [
        ("a value > 0.4", True),
        ("a low > 0.4", False),
        ("a value == 0.5", True),
        ("a value > b value", True),
        ("a low >= b high", False),
        ("b n_events <= 10", True),
    ],
)
def test_conditions_compare_with_numbers_and_with_other_estimates(condition, is_true):
    known = {"a": Estimate(0.5, 0.1, 0.9), "b": Estimate(0.2, 0.1, 0.3, n_events=10)}
    parsed = findings.Condition.parse(condition, "here")
    assert parsed.is_true(known) is is_true
    assert str(parsed) == condition


@pytest.mark.parametrize(
    "condition",
    ["a value", "a value >", "a middle > 0", "a value = 0", "a value > b", "a value > b c d"],
)
def test_what_is_no_condition_is_named(condition):
    text = f'[f]\nnotebook = ""\nfigure = ""\nholds = ["{condition}"]\ntext = ""'
    with pytest.raises(settings.DefectionError, match="findings.toml, f: 'a .*is no condition"):
        findings.parse(text)


def test_every_printed_estimate_has_a_condition_but_its_n_may_stand_without():
    assert faults("It is {a:index} ({b:n}, {c.n_articles:.0f} articles).", "a value > 1") == []
    assert faults("It is {a:index}.", "b value > 1") == [
        "a: it is printed, and no condition is about it."
    ]
    assert faults("It is {a.value:.0%}.", "b value > a value") == []


@pytest.mark.parametrize(
    ("spec", "holds", "is_right"),
    [
        ("points", ["a q < 0.05"], False),
        ("points", ["a low > 0"], True),
        ("points", ["a high < 0"], True),
        ("points", ["a value > 0"], True),
        ("points", ["a high > 0"], False),
        ("points", ["a low < 0"], False),
        ("points", ["a low < 0", "a high > 0"], True),
        ("points", ["a low < 0.3", "a high > 0.1"], False),
        ("points", ["a q > 0.05"], True),
        ("points", ["a value > b value"], True),
        ("gap", ["a low > 0"], True),
        ("gap", ["a high < 0"], False),
        ("gap", ["a low < 0", "a high > 0"], False),
    ],
)
def test_a_printed_difference_has_a_sign_or_is_said_to_be_open(spec, holds, is_right):
    assert (faults(f"They differ by {{a:{spec}}}.", *holds) == []) is is_right


def test_a_word_of_comparison_needs_a_condition_on_the_value():
    assert faults("It is {a:share}. More of it.", "a p < 0.05") == []
    assert faults("It is rarely so ({a:share}).", "a p < 0.05") == [
        "a: 'rarely' needs a condition on its value."
    ]
    assert faults("It is rarely so ({a:share}).", "a high < 0.25") == []


@pytest.mark.parametrize(
    ("spec", "condition"),
    [
        ("count", "a value >= 0"),
        ("count", "a value > 0"),
        ("count", "a value >= 1"),
        ("share", "a value <= 1"),
        ("share", "a low >= 0"),
        ("points", "a value >= -1"),
        ("index", "a p >= 0"),
        ("index", "a p <= 1"),
        ("index", "a n_events >= 0"),
    ],
)
def test_a_condition_that_cannot_fail_is_refused(spec, condition):
    said = faults(f"It is {{a:{spec}}}.", condition, "a value == 2", "a low > 0.1")
    assert len(said) == 1 and repr(condition) in said[0]


def test_of_what_is_not_printed_it_may_be_said_that_it_exists_but_not_less():
    assert faults("Some do.", "a value > 0") == []
    assert len(faults("Some do.", "a value >= 0")) == 1


def test_a_faulty_finding_is_refused_when_findings_are_loaded(tmp_path, monkeypatch):
    text = '[f]\nnotebook = ""\nfigure = ""\nholds = ["b value > 1"]\ntext = "It is {a:index}."'
    (tmp_path / "findings.toml").write_text(text)
    monkeypatch.setattr(findings.resources, "files", lambda package: tmp_path)
    with pytest.raises(settings.DefectionError, match="findings.toml, f: a: it is printed"):
        findings.load.__wrapped__()


def test_every_finding_names_a_notebook():
    notebooks = {path.stem for path in settings.notebook_sources()}
    assert {finding.notebook for finding in findings.load().values()} <= notebooks
