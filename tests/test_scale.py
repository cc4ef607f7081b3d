"""Claims by the million: the same results by any number of workers, resumed, and known answers."""

import json

import dask
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from defection_framing import corpus, settings, stats
from defection_framing.cli import app
from defection_framing.own import coders, frames, scale, wording
from defection_framing.study import topics_model

pytestmark = pytest.mark.slow  # dask, scikit-learn and worker processes are loaded
ROWS = 100


@pytest.fixture(scope="module")
def claims():
    """Claims of the corpus, some sentences twice, on a few events."""
    table = corpus.load(settings.ROOT / "data").claim_table()
    table = table[["text", "event", "direction", "camp"]].astype(str).iloc[::9].head(420)
    again = table.head(40).assign(event="again")
    return pd.concat([table, again], ignore_index=True)


@pytest.fixture
def source(claims, tmp_path, monkeypatch):
    monkeypatch.setattr(scale, "ROWS", ROWS)
    claims.to_parquet(tmp_path / "claims.parquet")
    return tmp_path / "claims.parquet"


@pytest.fixture(autouse=True)
def _one_by_one():
    with dask.config.set(scheduler="synchronous"):
        yield


def results(out):
    """All that a run leaves for its reader."""
    paths = sorted(out.glob("coded/*.parquet"))
    coded = pd.concat(map(pd.read_parquet, paths)).sort_values("row")
    return coded.reset_index(drop=True), {p.name: p.read_bytes() for p in out.glob("*.csv")}


def same(one, other):
    pd.testing.assert_frame_equal(results(one)[0], results(other)[0], check_exact=True)
    assert results(one)[1] == results(other)[1]


def test_two_workers_give_what_one_process_gives_to_the_last_digit(source, tmp_path):
    scale.scale(source, tmp_path / "one")
    scale.on_this_machine(source, tmp_path / "two", workers=2)
    same(tmp_path / "one", tmp_path / "two")


def test_an_interrupted_run_codes_only_what_is_left(source, tmp_path, monkeypatch):
    scale.scale(source, tmp_path / "whole")
    coder, coded = scale.probabilities, []

    def interrupted(texts):
        if len(coded) == 2:
            raise KeyboardInterrupt
        coded.append(texts)
        return coder(texts)

    monkeypatch.setattr(scale, "probabilities", interrupted)
    with pytest.raises(KeyboardInterrupt):
        scale.scale(source, tmp_path / "halves")
    before = list(coded)
    monkeypatch.setattr(scale, "probabilities", lambda texts: coded.append(texts) or coder(texts))
    scale.scale(source, tmp_path / "halves")
    assert len(before) == 2 and len(coded) == 5
    same(tmp_path / "whole", tmp_path / "halves")
    sentences = [text for texts in coded for text in texts]
    assert len(sentences) == len(set(sentences)) == pd.read_parquet(source)["text"].nunique()
    scale.scale(source, tmp_path / "halves")
    assert len(coded) == 5


def test_a_stop_while_the_table_is_sorted_costs_nothing_but_time(source, tmp_path, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(scale.dd, "read_parquet", stopped)
        with pytest.raises(KeyboardInterrupt):
            scale.scale(source, tmp_path / "halves")
    scale.scale(source, tmp_path / "halves")
    scale.scale(source, tmp_path / "whole")
    same(tmp_path / "whole", tmp_path / "halves")


def test_shares_are_means_over_events_of_the_shares_within_them(source, claims, tmp_path):
    scale.scale(source, tmp_path / "out")
    coded, _ = results(tmp_path / "out")
    pd.testing.assert_frame_equal(coded[list(claims)], claims, check_dtype=False)
    own = coded[~coded["open"]]
    shares = pd.read_csv(tmp_path / "out/shares.csv", keep_default_na=False)
    whole = shares[shares["camp"] == ""].set_index(["column", "direction", "code"])
    for column in ("frame", "telling"):
        for direction, told in own[own["direction"] != "both"].groupby("direction"):
            events = told.groupby("event")[column].value_counts(normalize=True)
            known = events.unstack(fill_value=0).mean()
            found = whole.loc[(column, direction)]["value"].astype(float)
            found.index = found.index.astype(known.index.dtype)
            assert np.allclose(found[found > 0].sort_index(), known.sort_index(), rtol=1e-5)
    of_camp = shares[(shares["camp"] == "Russian") & (shares["column"] == "frame")]
    told = own[(own["camp"] == "Russian") & own["direction"].isin(of_camp["direction"])]
    assert of_camp.drop_duplicates("direction")["n_claims"].sum() == len(told)


def test_a_contrast_is_the_difference_of_the_shares_and_its_interval_is_clustered_on_events():
    rng = np.random.default_rng(1)
    counts = [pd.DataFrame(rng.poisson([3, 1], (n, 2)) + [1, 0], range(n)) for n in (30, 25)]
    shares = [scale.estimated([cell], [1]) for cell in counts]
    both = scale.estimated(counts, [1, -1])
    assert np.allclose(both["value"], shares[0]["value"] - shares[1]["value"])
    assert (both["low"] < both["value"]).all() and (both["value"] < both["high"]).all()
    assert list(both["n_events"]) == [30, 30]
    many = scale.estimated([cell * 1000 for cell in counts], [1, -1])
    pd.testing.assert_frame_equal(many.drop(columns="n_claims"), both.drop(columns="n_claims"))
    few = scale.estimated([cell.head(6) for cell in counts], [1, -1])
    assert few[["low", "high"]].isna().all(axis=None) and few["value"].notna().all()


def test_intervals_are_those_of_the_study_but_for_its_draws():
    rng = np.random.default_rng(2)
    counts = [pd.DataFrame(rng.multinomial(9, p, 200)) for p in ([0.2, 0.3, 0.5], [0.3, 0.3, 0.4])]
    panel = stats.Panel(
        names=counts[0].columns,
        codes=np.concatenate(counts) / 9,
        claims=np.full(400, 9),
        event=np.tile(np.arange(200), 2),
        labels={"direction": np.repeat(["a", "b"], 200).astype(object)},
    )
    drawn = stats.contrast(panel.shares(["direction"]), {"a": 1, "b": -1})
    own = scale.estimated(counts, [1, -1])
    for column in ("value", "low", "high"):
        assert np.allclose(own[column], drawn[column], atol=0.004)


def test_lines_of_json_are_read_as_parquet_is(source, claims, tmp_path):
    lines = tmp_path / "claims.jsonl"
    claims.drop(columns="camp").to_json(lines, orient="records", lines=True)
    claims.drop(columns="camp").to_parquet(source)
    for file, out in ((source, "parquet"), (lines, "json")):
        said = scale.scale(file, tmp_path / out)
        assert said.startswith("460 claims coded")
    same(tmp_path / "parquet", tmp_path / "json")


def test_other_claims_do_not_go_on_in_the_same_folder(source, claims, tmp_path):
    scale.scale(source, tmp_path / "out")
    claims.head(50).to_parquet(source)
    with pytest.raises(scale.TableError, match="results of other claims .* another folder"):
        scale.scale(source, tmp_path / "out")


def test_a_handful_of_claims_without_direction_is_no_fault(tmp_path):
    lines = [{"text": f"A pilot left his army on day {i}.", "event": 1} for i in range(3)]
    (tmp_path / "few.jsonl").write_text("\n".join(map(json.dumps, lines)))
    scale.scale(tmp_path / "few.jsonl", tmp_path / "out")
    assert len(results(tmp_path / "out")[0]) == 3
    assert len(pd.read_csv(tmp_path / "out/shares.csv")) == 0


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "holds no claim; write one to a row"),
        ([{"event": "a"}], "has no column text; give one of these its name: event"),
        ([{"text": "A pilot left."}], "has no column event"),
        ([{"text": "A pilot left.", "event": "a"}, {"text": "?", "event": "a"}], "row 2, column t"),
        ([{"text": "A pilot left.", "event": " "}], "row 1, column event: ' '"),
        ([{"text": "A pilot left.", "event": "a", "direction": "east"}], "column direction: 'east"),
        (["no object"], "row 1: no JSON object"),
        ([{"text": "A \ud800 pilot", "event": "a"}], "row 1: no JSON object"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(rows, said, tmp_path):
    (tmp_path / "bad.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(scale.TableError) as error:
        list(scale.checked(tmp_path / "bad.jsonl", ROWS))
    assert "bad.jsonl" in str(error.value) and said in str(error.value)


def test_rows_of_parquet_are_numbered_across_what_is_read_at_once(claims, tmp_path):
    claims.assign(text=claims["text"].where(claims.index != 250)).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(scale.TableError, match="row 251, column text: ''"):
        list(scale.checked(tmp_path / "a.parquet", ROWS))


def test_a_file_that_is_not_what_its_name_says_is_one_plain_sentence(tmp_path):
    (tmp_path / "bad.parquet").write_text("text,event\n")
    result = CliRunner().invoke(
        app, ["scale", str(tmp_path / "bad.parquet"), "--out", str(tmp_path / "out")]
    )
    assert result.exit_code == 2
    assert "bad.parquet is damaged or not Parquet; export it again." in result.output


def test_both_coders_name_the_frames_in_one_order_and_other_languages_go_to_the_encoder():
    model = coders.train()["frame"]
    assert list(wording._learnt().classes_) == sorted(model.classes)
    texts = ["The court sentenced the pilot for treason.", "Суд приговорил лётчика за измену."]
    p = scale.probabilities(texts)
    assert np.allclose(p.sum(1), 1)
    there = model.proba(frames.kept()[0].seen(texts[1:]))[0]
    assert sorted(model.classes)[p[1].argmax()] == model.classes[there.argmax()]
    assert np.allclose(sorted(p[1]), sorted(there), atol=1e-4)


def test_there_are_as_many_tellings_as_the_study_has():
    assert scale.TELLINGS == topics_model.TOPICS
