import json
import shutil

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from defection_framing import corpus, settings
from defection_framing.cli import app
from defection_framing.people import given, human, page, sheets
from defection_framing.people.sheets import SheetError

pytestmark = pytest.mark.slow

SEEDS = 300


def run(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Sheets as they are handed out, made once: they are the same on every run."""
    folder = tmp_path_factory.mktemp("blind")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DEFECTION_DATA", raising=False)
        human.blind_sheet(200, folder / "sheets")
    return folder


@pytest.fixture
def blind(drawn, tmp_path):
    shutil.copytree(drawn, tmp_path, dirs_exist_ok=True)
    return tmp_path / "sheets"


def key(folder, name):
    path = folder.with_name(f"{folder.name}-key") / f"{name}.csv"
    return pd.read_csv(path, dtype=str, keep_default_na=False, index_col="id")


def shown(folder, name):
    """What the page shows of its articles or claims, by id, in its order."""
    units = pd.DataFrame(page.units(folder / sheets.PAGE)).fillna("")
    return units[units["unit"] == name[:-1]].set_index("id")


def fill(folder, name, **columns):
    """Give codes, each a series by id, as one coder; what is left out stays open."""
    path, unit = folder / "codes-one.csv", name[:-1]
    rows = [
        ("one", unit, key, code, value)
        for code, values in columns.items()
        for key, value in values.items()
        if value
    ]
    table = pd.DataFrame(rows, columns=given.HEADER)
    if path.exists():
        before = pd.read_csv(path, dtype=str)
        table = pd.concat([before[before["unit"] != unit], table])
    table.to_csv(path, index=False)


def fill_as_the_key(folder):
    articles, claims = key(folder, "articles"), key(folder, "claims")
    fill(folder, "articles", **{code: articles[code] for code in sheets.CODES["article"]})
    fill(folder, "claims", **{code: claims[code] for code in sheets.CODES["claim"]})


# The sample


def strata(**sizes):
    names = np.repeat(list(sizes), list(sizes.values()))
    return pd.Series(names, index=[f"u{i}" for i in range(len(names))])


def test_every_stratum_is_drawn_from_and_the_rest_is_proportional():
    sample = sheets.draw(strata(large=600, middle=300, small=3, tiny=1), 90)
    sizes = sample["stratum"].value_counts()
    assert len(sample) == 90 and sample.index.is_unique
    assert sizes.min() >= sheets.MINIMUM
    assert sizes["large"] == pytest.approx(2 * sizes["middle"], abs=1)


def test_units_stand_for_the_whole_corpus():
    sample = sheets.draw(strata(large=600, middle=300, small=3, tiny=1), 90)
    assert (1 / sample["probability"]).sum() == pytest.approx(904)


def test_units_are_drawn_as_often_as_their_inclusion_probability_says(monkeypatch):
    units = strata(large=40, small=3)
    times = pd.Series(0.0, index=units.index)
    for seed in range(SEEDS):
        monkeypatch.setattr(settings, "SEED", seed)
        sample = sheets.draw(units, 10)
        times[sample.index] += 1
    expected = sample.groupby("stratum")["probability"].first().reindex(units).to_numpy()
    error = np.sqrt(expected * (1 - expected) / SEEDS)
    assert (abs(times / SEEDS - expected) <= 4.5 * error + 1e-9).all()


def test_a_part_read_from_the_top_is_no_single_stratum():
    top = sheets.draw(strata(a=200, b=200, c=200), 90)["stratum"].head(30)
    assert top.value_counts().min() >= 4


def test_a_stratum_is_taken_whole_beside_the_others():
    sample = sheets.draw(strata(open=30, x=100, y=50), 15, whole="open")
    assert sample["stratum"].value_counts().to_dict() == {"open": 30, "x": 10, "y": 5}
    assert (sample.loc[sample["stratum"] == "open", "probability"] == 1).all()


def test_no_more_is_drawn_than_there_is():
    sample = sheets.draw(strata(a=5, b=2), 100)
    assert len(sample) == 7 and (sample["probability"] == 1).all()


def test_too_small_a_sample_is_refused():
    with pytest.raises(SheetError, match="A sample of 2 is too small for its 3 strata; .* 3"):
        sheets.draw(strata(a=5, b=2, c=9), 2)


# The page


def test_the_corpus_is_covered_stratum_by_stratum(blind):
    data = corpus.load(settings.ROOT / "data")
    for name, size in (("articles", len(data.articles)), ("claims", len(data.claims))):
        sample = key(blind, name)
        assert len(sample) == 200
        assert (1 / sample["probability"].astype(float)).sum() == pytest.approx(size)
    frames = key(blind, "claims")["frame"]
    assert set(frames) == set(data.claims["frame"])


def test_the_page_holds_no_existing_code(blind):
    data = corpus.load(settings.ROOT / "data")
    articles, claims = shown(blind, "articles"), shown(blind, "claims")
    assert (articles["url"] == data.articles["url"].reindex(articles.index)).all()
    assert (claims["text"] == data.claims["text"].reindex(claims.index)).all()
    assert set(articles) <= {"unit", "url", "text", "article"}
    # nor does the order of the rows tell: neighbours share a code no oftener than any two rows
    for name, code in (
        ("articles", "direction"),
        ("claims", "frame"),
        ("claims", "article_direction"),
    ):
        codes = key(blind, name)[code].to_numpy()
        share = (pd.Series(codes).value_counts(normalize=True) ** 2).sum()
        neighbours = (codes[1:] == codes[:-1]).mean()
        assert neighbours == pytest.approx(share, abs=4 * np.sqrt(share / len(codes)))


def test_the_folder_that_is_handed_on_has_the_page_alone(blind):
    assert [p.name for p in blind.rglob("*")] == [sheets.PAGE]
    units = page.units(blind / sheets.PAGE)
    assert {name for unit in units for name in unit} == {"unit", "id", "text", "url", "article"}


def test_the_page_has_every_code_that_can_be_given_and_the_rules(blind):
    text = (blind / sheets.PAGE).read_text(encoding="utf-8")
    for unit, names in sheets.CODES.items():
        for name in names:
            for code in corpus.codes(sheets.UNITS[unit], name):
                assert f'["{code}",' in text, (name, code)
    assert "JSON of" not in text and "Stance" not in text
    assert "### Operation or integration" in text


def test_the_same_units_are_drawn_again(drawn, tmp_path):
    result = run("blind-sheet", "--n", 200, "--out", tmp_path / "again")
    assert result.exit_code == 0, result.output
    for place in (f"sheets/{sheets.PAGE}", "sheets-key/claims.csv"):
        again = tmp_path / place.replace("sheets", "again")
        assert again.read_bytes() == (drawn / place).read_bytes()


def test_a_page_is_never_written_over(blind):
    before = {p: p.read_bytes() for p in blind.parent.rglob("*.*")}
    result = run("blind-sheet", "--out", blind)
    assert result.exit_code == 2
    assert "exists already; name another folder" in result.stderr
    assert {p: p.read_bytes() for p in blind.parent.rglob("*.*")} == before


# Reading back


def whole(table):
    return table[(table["frame"] == "") & (table["direction"] == "")].set_index("code")


def test_a_coder_who_agrees_always_has_full_agreement(blind):
    fill_as_the_key(blind)
    codes = human.human_codes(blind)
    assert list(codes)[:6] == ["unit", "id", "code", "human", "model", "probability"]
    result = human.compare(codes)
    assert (result["agreement"] == 1).all()
    assert whole(result)["alpha"].to_numpy() == pytest.approx(1)
    assert set(whole(result).index) == {*sheets.CODES["article"], "frame", "frames", "voice"}
    # no disagreement among 200 is no proof that there is none
    assert 0.8 < whole(result).loc["frame", "low"] < 1


def test_a_coder_who_guesses_has_no_agreement(blind):
    articles = key(blind, "articles")
    rng = np.random.default_rng(0)
    guess = pd.Series(rng.permutation(articles["direction"]), articles.index)
    fill(blind, "articles", direction=guess)
    row = whole(human.compare(human.human_codes(blind))).loc["direction"]
    assert row["alpha_low"] < 0 < row["alpha_high"]
    assert abs(row["alpha"]) < 0.15
    assert row["n"] == 200


def test_agreement_is_that_of_the_corpus_and_not_of_the_sample(blind):
    # A coder who errs on one frame only errs on exactly its share of the corpus.
    claims = key(blind, "claims")
    fill(blind, "claims", frame=claims["frame"].replace("appeal", "policy"))
    data = corpus.load(settings.ROOT / "data")
    share = (data.claims["frame"] == "appeal").mean()
    result = human.compare(human.human_codes(blind))
    row = whole(result).loc["frame"]
    assert row["agreement"] == pytest.approx(1 - share)
    assert (claims["frame"] == "appeal").mean() != pytest.approx(share, rel=0.2)
    assert row["low"] < 1 - share < row["high"]
    by_frame = result.set_index("frame")["alpha"]
    assert by_frame["appeal"] < 0.01 and by_frame["treason"] == pytest.approx(1)


def test_rows_left_out_are_taken_for_like_the_others_of_their_stratum(blind):
    articles = key(blind, "articles")
    place = articles.groupby("stratum").cumcount()
    half = articles[(place % 2 == 0)]
    fill(blind, "articles", direction=half["direction"].replace("ua_exit", "ru_exit"))
    codes = human.human_codes(blind)
    assert len(codes) == len(half)
    data = corpus.load(settings.ROOT / "data")
    assert (1 / codes["probability"]).sum() == pytest.approx(len(data.articles))
    row = whole(human.compare(codes)).loc["direction"]
    assert row["agreement"] == pytest.approx(1 - (data.articles["direction"] == "ua_exit").mean())


def test_directions_are_told_apart(blind):
    articles = key(blind, "articles")
    wrong = articles["direction"] == "ru_to_ua"
    fill(blind, "articles", portrayal=articles["portrayal"].mask(wrong, "asset"))
    result = human.compare(human.human_codes(blind)).query("direction != ''")
    agreed = result.set_index("direction")["agreement"]
    assert agreed["ua_to_ru"] == 1
    assert agreed["ru_to_ua"] < 0.3


def test_the_command_says_how_far_the_coder_is_and_writes_the_table(blind):
    claims = key(blind, "claims")
    fill(blind, "claims", frame=claims["frame"].head(50))
    result = run("agreement", blind)
    assert result.exit_code == 0, result.output
    assert "claims: 50 of 200 are coded by one" in result.stdout
    assert "articles: 0 of 200 are coded" in result.stdout
    written = pd.read_csv(blind / "agreement.csv")
    assert written.loc[0, ["code", "n", "agreement"]].to_list() == ["frame", 50, 1.0]


def test_a_page_without_any_code_is_said_to_have_none(blind):
    result = run("agreement", blind)
    assert result.exit_code == 0
    assert "0 of 200 are coded" in result.stdout
    assert not (blind / "agreement.csv").exists()


def test_a_lost_key_is_named(blind):
    shutil.rmtree(blind.with_name("sheets-key"))
    result = run("agreement", blind)
    assert result.exit_code == 2
    assert "is missing; put it there" in result.stderr


def test_another_table_in_the_place_of_the_key_is_named(blind):
    path = blind.with_name("sheets-key") / "articles.csv"
    path.write_text("id,text\n", encoding="utf-8")
    result = run("agreement", blind)
    assert result.exit_code == 2
    assert "articles.csv, row 1: the column 'stratum' of the key is missing" in result.stderr


def test_a_folder_without_a_page_is_named(tmp_path):
    result = run("agreement", tmp_path)
    assert result.exit_code == 2
    assert "is missing; put it there" in result.stderr


# Review


@pytest.fixture
def coded(tmp_path):
    return write_coded(tmp_path, 6)


def write_coded(folder, n):
    """A coded folder: n articles of 2 claims each; of three, one has a code that is open."""
    ids = [f"a{i:010d}" for i in range(n)]
    texts = [
        {"id": a, "url": f"https://o.example/{a}", "outlet": "o.example", "date": "", "lang": "en"}
        | {"title": f"Title of {a}", "author": "", "text": "A soldier left his unit. " * 200}
        for a in ids
    ]
    lines = [json.dumps(row) + "\n" for row in texts]
    (folder / "texts.jsonl").write_text("".join(lines), encoding="utf-8")
    sentences = [(a, n, f"Soldier {n} of {a} left.", "") for a in ids for n in (1, 2)]
    codes = []
    for unit, keys, values in (
        ("article", ids, {"direction": "ru_exit", "portrayal": "victim"}),
        ("claim", [f"{a}-{n}" for a, n, *_ in sentences], {"frame": "survival", "voice": ""}),
    ):
        for i, key_ in enumerate(keys):
            for code, value in values.items():
                is_open = code == "voice" or (i % 3 == 0 and code in ("portrayal", "frame"))
                codes.append((unit, key_, code, value, 0.5, str(is_open).lower(), "model"))
    # An article that is not studied has its direction only.
    codes = [row for row in codes if not row[1].startswith(ids[-1]) or row[2] == "direction"]
    for name, rows, columns in (
        ("sentences", sentences, ["article_id", "n", "text", "set_aside"]),
        ("sources", [(a, "") for a in ids], ["article_id", "sources"]),
        (
            "families",
            [(a, a, "", "", "") for a in ids],
            ["article_id", "family", "copied_from", "how", "similarity"],
        ),
        (
            "outlets",
            [("o.example", "O", "", "unknown", "undisclosed", "low", "made up for a test")],
            corpus.columns()["outlets"],
        ),
        ("events_sheet", [(a, f"story-{a}") for a in ids], ["article_id", "event"]),
        ("codes", codes, ["unit", "id", "code", "value", "probability", "open", "by"]),
    ):
        pd.DataFrame(rows, columns=columns).to_csv(folder / f"{name}.csv", index=False)
    return folder


def test_review_asks_for_every_unit_with_an_open_code_and_some_others(coded, monkeypatch):
    monkeypatch.setattr(human, "DECIDED", 3)
    monkeypatch.setattr(sheets, "MINIMUM", 0)
    result = run("review", coded)
    assert result.exit_code == 0, result.output
    codes = pd.read_csv(coded / "codes.csv")
    for unit, name in sheets.UNITS.items():
        asked = codes[(codes["unit"] == unit) & (codes["code"] != "voice")]
        units = asked.groupby("id")["open"].any()
        drawn = key(coded / "review", name)
        certain = drawn[drawn["stratum"] == "open"]
        assert set(certain.index) == set(units.index[units])
        assert (certain["probability"].astype(float) == 1).all()
        assert len(drawn) == len(certain) + 3
        assert (1 / drawn["probability"].astype(float)).sum() <= len(units) + 1e-9


def test_review_shows_the_text_and_no_guess(coded):
    run("review", coded)
    articles, claims = (shown(coded / "review", name) for name in ("articles", "claims"))
    assert (articles["text"].str.len() <= 2000).all()
    texts = articles["text"].str.split().str.join(" ")
    assert all(t.startswith(f"Title of {a} A soldier") for a, t in texts.items())
    assert all(t == f"Soldier {i[-1]} of {i[:-2]} left." for i, t in claims["text"].items())
    fields = sheets.fields_of("claim", key(coded / "review", "claims"))
    assert {field.name for field in fields if field.optional} == {"voice"}


def test_review_waits_until_something_is_filled_in(coded):
    run("review", coded)
    before = (coded / "review" / sheets.PAGE).read_bytes()
    result = run("review", coded)
    assert result.exit_code == 0
    assert "Nothing in" in result.stdout and "code.html" in result.stdout
    assert (coded / "review" / sheets.PAGE).read_bytes() == before


def test_review_names_slips_and_stores_nothing(coded):
    run("review", coded)
    fill(coded / "review", "claims", frame=key(coded / "review", "claims")["frame"] + "?")
    before = (coded / "codes.csv").read_bytes()
    result = run("review", coded)
    assert result.exit_code == 2
    assert "codes-one.csv, row 2, column value" in result.stderr
    assert (coded / "codes.csv").read_bytes() == before


@pytest.mark.slow  # the coders are fitted first
def test_what_a_person_decided_is_stored_and_what_it_opens_is_told(coded):
    lines = (coded / "texts.jsonl").read_text().splitlines()
    lines[-1] = lines[-1].replace('"en"', '"fi"')  # a language unknown: its claims are open
    (coded / "texts.jsonl").write_text("\n".join(lines) + "\n")
    run("review", coded)
    drawn = key(coded / "review", "articles")
    # The last article was not studied: with a direction by a person it is, and has claims to code.
    fill(coded / "review", "articles", direction=pd.Series("ua_exit", drawn.index))
    result = run("review", coded)
    assert result.exit_code == 0, result.output
    codes = pd.read_csv(coded / "codes.csv").query("code == 'direction'")
    assert (codes["value"] == "ua_exit").all() and (codes["by"] == "person").all()
    assert "6 codes by a person are stored" in result.stdout
    assert "articles: 6 of 6 are coded by one" in result.stdout
    agreed = pd.read_csv(coded / "review" / "agreement.csv")
    assert agreed.loc[0, ["code", "agreement"]].to_list() == ["direction", 0]
    assert "Empty DataFrame" not in result.stdout
    # Its claims were not asked for, since its direction was decided; they are a round of their own.
    assert "More articles or claims have an open code now" in result.stdout
    assert f"a{5:010d}-1" in key(coded / "review-2", "claims").index
    assert shown(coded / "review-2", "articles").empty
    assert "review-2" in run("review", coded).stdout


def open_direction(folder):
    """Leave the direction of the last article, which is not studied, open."""
    codes = pd.read_csv(folder / "codes.csv", dtype=str, keep_default_na=False)
    last = codes["id"] == f"a{5:010d}"
    codes.loc[last, ["value", "open"]] = ["", "true"]
    codes.to_csv(folder / "codes.csv", index=False)
    return codes["id"][last].iloc[0]


def test_an_article_whose_direction_is_open_is_asked_for_all_at_once(coded):
    last = open_direction(coded)
    assert run("review", coded).exit_code == 0
    articles, claims = (key(coded / "review", name) for name in ("articles", "claims"))
    assert articles.loc[last, ["stratum", "direction", "portrayal"]].tolist() == ["open", "", ""]
    assert {f"{last}-1", f"{last}-2"} <= set(claims.index)
    assert claims.loc[f"{last}-1", "article_direction"] == ""


@pytest.mark.slow  # the coders are fitted first
def test_one_round_is_enough(coded):
    last = open_direction(coded)
    run("review", coded)
    sheet = key(coded / "review", "articles").index
    fill(coded / "review", "articles", direction=pd.Series("ua_exit", sheet),
         portrayal=pd.Series("victim", sheet))  # fmt: skip
    sheet = key(coded / "review", "claims").index
    fill(coded / "review", "claims", frame=pd.Series("policy", sheet),
         voice=pd.Series("outlet", sheet))  # fmt: skip
    result = run("review", coded)
    assert result.exit_code == 0, result.output
    assert not (coded / "review-2").exists() and "Empty" not in result.stdout
    loaded = corpus.load(coded)
    assert loaded.articles.at[last, "portrayal"] == "victim"
    assert set(loaded.claims.loc[[f"{last}-1", f"{last}-2"], "frame"]) == {"policy"}


def test_a_folder_without_codes_is_named(tmp_path):
    result = run("review", tmp_path)
    assert result.exit_code == 2
    assert "codes.csv is missing; run `defection-framing code corpus" in result.stderr
