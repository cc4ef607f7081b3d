"""The pages on which people code: in a browser, and what they give out is read back."""

import numpy as np
import pandas as pd
import pytest

from defection_framing.people import between, codebook, given, human, sheets
from defection_framing.people import page as pages
from defection_framing.people.sheets import Field, SheetError

NASTY = "</script><script>hacked = 1</script><img src=x onerror='hacked = 1'><!-- & {{data}}"
ARTICLES = [f"a{i}" for i in range(4)]
CLAIMS = [f"{a}-{n}" for a in ARTICLES for n in (1, 2)]
MODEL = {
    "article": {"direction": "ru_exit", "portrayal": "victim", "motives": "family; survival"},
    "claim": {"frame": "survival", "frame_2": "", "voice": "peer"},
}


PATIENCE = 10_000  # milliseconds that an action may take


@pytest.fixture
def page(browser):
    """A page that says no error and asks for nothing from elsewhere."""
    made = browser.new_page(viewport={"width": 1300, "height": 900})
    made.set_default_timeout(PATIENCE)
    said = []
    made.on("console", lambda message: said.append(message.text))
    made.on("pageerror", lambda error: said.append(str(error)))
    made.on("request", lambda r: r.url.startswith(("file:", "blob:")) or said.append(r.url))
    yield made
    assert said == []
    made.close()


def violations(page, axe):
    """What axe finds on a page: rules, and the first element of each."""
    page.evaluate(axe)
    found = page.evaluate("axe.run().then(result => result.violations)")
    return [(v["id"], v["nodes"][0]["html"][:200]) for v in found]


@pytest.fixture
def folder(tmp_path):
    """Sheets of four articles with two claims each, as they are handed out."""
    shown = {
        "article": pd.DataFrame({"url": "https://o.example/", "text": "A text."}, ARTICLES),
        "claim": pd.DataFrame({"text": "A claim.", "url": ""}, CLAIMS),
    }
    shown["article"].loc["a0", ["text", "url"]] = [NASTY, "javascript:hacked = 1"]
    shown["article"].loc["a2", "url"] = "https://no-address.invalid/mine/2.txt"
    drawn, population = {}, {}
    for unit, table in shown.items():
        of = [key.partition("-")[0] for key in table.index]
        facts = {"stratum": "all", "probability": 0.5, "cluster": of}
        facts |= {"article_direction": "ru_exit"}
        drawn[unit] = pd.DataFrame(facts | MODEL[unit], table.index).rename_axis("id")
        population[unit] = drawn[unit].assign(article_id=of, camp="Russian")
    sheets.hand_out(tmp_path / "sheets", shown, drawn, population)
    return tmp_path / "sheets"


def begin(page, path, coder="Анна K."):
    page.goto(path.as_uri())
    page.fill("#coder", coder)
    page.press("#coder", "Enter")
    return page


def keys(page, *pressed):
    for key in pressed:
        page.keyboard.press(key)


def title(page):
    return page.inner_text("#unit-title")


def download(page, folder):
    with page.expect_download() as found:
        page.click("#download")
    found.value.save_as(folder / found.value.suggested_filename)
    return folder / found.value.suggested_filename


def rows(path):
    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    return [tuple(row) for row in table.itertuples(index=False)]


def picked(page, field):
    return [b.get_attribute("value") for b in page.query_selector_all(f"[name={field}]:checked")]


@pytest.mark.slow
def test_an_article_is_coded_by_keys_alone_and_the_file_is_read_back(page, folder):
    begin(page, folder / sheets.PAGE)
    assert title(page) == "Article 1 of 12"
    keys(page, "3", "2", "1", "8")  # direction, portrayal, two motives
    assert picked(page, "direction") == ["ru_exit"] and picked(page, "portrayal") == ["victim"]
    assert page.inner_text("#status") == "1 of 12 coded"
    keys(page, "u", "n")
    assert title(page) == "Article 2 of 12"
    page.fill("#note", '=HYPERLINK("x"), "so"')
    page.locator("#unit-title").focus()
    keys(page, "p", "r")  # back, and the first box cleared
    assert picked(page, "direction") == []
    keys(page, "3")
    path = download(page, folder)
    assert path.name == "codes-Анна-K-.csv"
    assert rows(path)[:2] == [
        ("Анна K.", "article", "a0", "direction", "ru_exit"),
        ("Анна K.", "article", "a0", "portrayal", "victim"),
    ]
    assert [row[2:] for row in rows(path)[-2:]] == [
        ("a0", "unsure", "yes"),
        ("a1", "note", ' =HYPERLINK("x"), "so"'),
    ]
    read = given.read(folder)["article"]
    assert list(read.coders.index.unique("coder")) == ["Анна K."]
    assert tuple(read.settled.loc["a0"])[:2] == ("ru_exit", "victim")
    assert read.unsure.to_dict() == {a: a == "a0" for a in ARTICLES}


@pytest.mark.slow
def test_several_codes_and_a_second_frame_come_back_as_sets(page, folder):
    begin(page, folder / sheets.PAGE)
    keys(page, "3", "2", "1", "8", *"nnnn")
    assert title(page) == "Claim 5 of 12"
    page.check("[name=frame][value=treason]")
    page.check("[name=frame_2][value=cost]")
    download(page, folder)
    read = given.read(folder)
    assert read["article"].settled.loc["a0", "motives"] == "family; survival"
    assert read["claim"].settled.loc["a0-1", "frames"] == "cost; treason"


@pytest.mark.slow
def test_codes_stay_in_the_browser_and_each_coder_has_their_own(page, folder):
    begin(page, folder / sheets.PAGE, "one")
    keys(page, "3", "n", "1")
    begin(page, folder / sheets.PAGE, "two")
    assert title(page) == "Article 1 of 12" and picked(page, "direction") == []
    page.click("#change")
    page.fill("#coder", "ONE ")
    page.press("#coder", "Enter")
    assert title(page) == "Article 2 of 12" and picked(page, "direction") == ["ru_to_ua"]
    keys(page, "p")
    assert picked(page, "direction") == ["ru_exit"]


@pytest.mark.slow
def test_claims_of_an_article_on_something_else_are_not_asked(page, folder):
    begin(page, folder / sheets.PAGE)
    page.check("[name=direction][value=not_about]")
    keys(page, "n")
    assert title(page) == "Article 2 of 10"
    keys(page, "p")
    page.check("[name=direction][value=both]")
    keys(page, "n")
    assert title(page) == "Article 2 of 12"


@pytest.mark.slow
def test_next_without_all_codes_skips_what_is_done(page, folder):
    begin(page, folder / sheets.PAGE)
    keys(page, "n", "3", "2", "1", "p", "3", "2", "1")
    page.click("#open")
    assert title(page) == "Article 3 of 12"


@pytest.mark.slow
def test_keys_can_be_turned_off_and_do_nothing_while_one_writes(page, folder):
    begin(page, folder / sheets.PAGE)
    page.fill("#note", "")
    page.locator("#note").press_sequentially("1 under n")
    assert picked(page, "direction") == [] and title(page) == "Article 1 of 12"
    page.uncheck("#keys")
    page.locator("#unit-title").focus()
    keys(page, "1", "n")
    assert picked(page, "direction") == [] and title(page) == "Article 1 of 12"


@pytest.mark.slow
def test_a_text_that_is_code_is_shown_as_text(page, folder):
    begin(page, folder / sheets.PAGE)
    assert page.inner_text("#text") == NASTY
    assert page.evaluate("typeof hacked") == "undefined"
    assert page.query_selector("#link a") is None  # only web addresses are links
    keys(page, "n")
    assert page.get_attribute("#link a", "href") == "https://o.example/"
    assert "example" not in page.inner_text("#link")  # coders are blind to the outlet
    keys(page, "n")
    assert page.query_selector("#link a") is None  # the article has no address


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1300])
def test_axe_finds_nothing_and_nothing_overflows(page, axe, folder, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto((folder / sheets.PAGE).as_uri())
    assert violations(page, axe) == []
    begin(page, folder / sheets.PAGE)
    page.locator("summary").click()
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    keys(page, *"nnnn")
    assert violations(page, axe) == []


# ---- Where coders differ


def write(folder, name, *codes, kind="codes"):
    lines = [",".join(given.HEADER), *(f'{name},{u},{i},{c},"{v}"' for u, i, c, v in codes)]
    (folder / f"{kind}-{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def differ(folder):
    write(folder, "Anna", ("article", "a1", "portrayal", "victim"),
          ("article", "a2", "portrayal", "hero"), ("claim", "a1-1", "frame", "treason"),
          ("article", "a3", "portrayal", "hero"), ("article", "a3", "unsure", "yes"))  # fmt: skip
    write(folder, "Boris", ("article", "a1", "portrayal", "traitor"),
          ("article", "a2", "portrayal", "hero"), ("claim", "a1-1", "frame", "treason"),
          ("claim", "a1-1", "frame_2", "cost"))  # fmt: skip


def test_codes_that_differ_count_only_when_decided(folder):
    differ(folder)
    read = given.read(folder)
    assert read["article"].settled["portrayal"].tolist() == ["", "", "hero", "hero"]
    assert read["claim"].settled.loc["a1-1"].tolist() == ["treason", "", ""]
    write(folder, "C", ("article", "a1", "portrayal", "neutral"), kind="decided")
    read = given.read(folder)
    assert read["article"].settled.loc["a1", "portrayal"] == "neutral"
    assert not given.differing(read["article"]).any(axis=None)
    codes = human.human_codes(folder)
    assert set(codes["human"]) == {"neutral", "hero", "treason"}


@pytest.mark.slow
def test_what_differs_or_was_unsure_is_on_the_page_without_names(folder):
    differ(folder)
    said = human.report(folder)
    assert "differ, or one was unsure, on 3 texts" in said
    html = (folder / between.PAGE).read_text(encoding="utf-8")
    assert "Anna" not in html and "Boris" not in html and "peer" not in NASTY
    units = {unit["id"]: unit for unit in pages.units(folder / between.PAGE)}
    assert list(units) == ["a1", "a3", "a1-1"]
    assert sorted(units["a1"]["given"]["portrayal"]) == ["traitor", "victim"]
    assert units["a1-1"]["asked"] == ["frame", "frame_2"]
    assert sorted(units["a1-1"]["given"]["frame_2"]) == ["cost", "none"]
    assert "direction" not in units["a1"]["given"]  # neither gave one


@pytest.mark.slow
def test_who_decides_does_so_in_the_browser_and_the_file_is_read_back(page, axe, folder):
    differ(folder)
    human.report(folder)
    begin(page, folder / between.PAGE, "Judge")
    assert title(page) == "Article 1 of 3"
    assert set(page.inner_text("fieldset p").removeprefix("Given: ").split(" | ")) == {
        "victim",
        "traitor",
    }
    assert violations(page, axe) == []
    keys(page, "2", "n", "1", "n")
    page.check("[name=frame][value=cost]")
    path = download(page, folder)
    assert path.name == "decided-Judge.csv"
    read = given.read(folder)
    assert read["article"].settled.loc["a1", "portrayal"] == "victim"
    assert read["claim"].settled.loc["a1-1", ["frame", "frames"]].tolist() == ["cost", "cost"]
    assert "unsure" not in human.report(folder)
    assert not (folder / between.PAGE).exists()


# ---- Files with slips

BAD = {
    "header": ("who,unit,id,code,value\n", "codes-x.csv, row 1: write the header as coder,unit,id"),
    "unit": ("x,story,a1,portrayal,hero", "row 2, column unit: 'story' is not a code"),
    "id": ("x,article,a9,portrayal,hero", "row 2, column id: 'a9' is no article of this page"),
    "code": ("x,article,a1,frame,cost", "row 2, column code: 'frame' is not a code of this column"),
    "value": ("x,article,a1,portrayal,angry", "row 2, column value: 'angry' is not a code of this"),
    "no name": (",article,a1,portrayal,hero", "row 2, column coder: '' is no name"),
    "twice": (
        "x,article,a1,portrayal,hero\nX,article,a1,portrayal,hero",
        "row 3, column code: 'portrayal' is given twice",
    ),
    "one code twice": (
        'x,article,a1,motives,"family; family"',
        "column value: 'family; family' names one code twice",
    ),
    "unsure": ("x,article,a1,unsure,perhaps", "row 2, column value: 'perhaps' is not a code"),
    "cells": ("x,article,a1,note,a,b", "row 2: has more cells than the header"),
    "second frame": ("x,claim,a1-1,frame_2,cost", "column value: 'cost' has no main"),
    "same frames": (
        "x,claim,a1-1,frame,cost\nx,claim,a1-1,frame_2,cost",
        "row 3, column value: 'cost' is the main frame already",
    ),
    "empty": ("", "codes-x.csv, row 1: "),
}


@pytest.mark.parametrize("case", BAD)
def test_a_slip_is_named_with_file_row_and_column(folder, case):
    lines, said = BAD[case]
    head = "" if case in ("header", "empty") else ",".join(given.HEADER) + "\n"
    (folder / "codes-x.csv").write_text(head + lines, encoding="utf-8")
    with pytest.raises(SheetError) as caught:
        given.read(folder)
    [line] = str(caught.value).splitlines()
    assert line.startswith("codes-x.csv") and said in line


def test_slips_of_all_files_are_named_at_once(folder):
    write(folder, "x", ("article", "a1", "portrayal", "angry"))
    write(folder, "y", ("claim", "a1-1", "voice", "me"), ("claim", "a9", "voice", "peer"))
    with pytest.raises(SheetError) as caught:
        given.read(folder)
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()] == [
        "codes-x.csv, row 2, column value",
        "codes-y.csv, row 2, column value",
        "codes-y.csv, row 3, column id",
    ]


def test_two_files_of_one_coder_are_named(folder):
    write(folder, "x", ("article", "a1", "portrayal", "hero"))
    (folder / "codes-x (1).csv").write_bytes((folder / "codes-x.csv").read_bytes())
    with pytest.raises(SheetError, match=r"codes-x.csv: holds codes of 'x', as codes-x \(1\).csv"):
        given.read(folder)


def test_what_a_spreadsheet_saved_is_read(folder):
    text = "coder;unit;id;code;value\r\nx;article;a1;Portrayal;HERO \r\n;;;;\r\n"
    (folder / "codes-x.csv").write_text(text.replace("Portrayal", "portrayal"), encoding="cp1251")
    assert given.read(folder)["article"].settled.loc["a1", "portrayal"] == "hero"


def test_each_code_has_its_definition_beside_it():
    assert codebook.definitions("ru_exit", ["x"]) == {"x": ""}
    found = codebook.definitions("direction", ["ru_exit", "ua_exit", "not_about"])
    assert "the Russian side" in found["ru_exit"] and "the Ukrainian side" in found["ua_exit"]
    assert " / " not in found["ru_exit"] + found["ua_exit"] and "nobody" in found["not_about"]
    assert "### Denials" in codebook.rules(["frame"])  # without numbers, which begin with 2 here
    for field, code in (("frame", "cost"), ("portrayal", "asset"), ("who", "many")):
        assert codebook.definitions(field, [code])[code]


# ---- Agreement between people, and the model


def planted(folder, n=60, model=0.9):
    """Three coders and a model who agree that often with a truth, on n events."""
    rng = np.random.default_rng(0)
    ids = [f"a{i}" for i in range(n)]
    truth = rng.choice(["victim", "hero", "traitor"], n)
    shown = pd.DataFrame({"text": "A text."}, ids)

    def coded(right):
        return np.where(rng.random(n) < right, truth, rng.choice(["victim", "hero", "traitor"], n))

    facts = {"stratum": "all", "probability": 1.0, "cluster": ids, "article_direction": "ru_exit"}
    drawn = pd.DataFrame(facts | {"portrayal": coded(model)}, ids).rename_axis("id")
    population = drawn.assign(article_id=ids, camp="Russian")
    sheets.hand_out(folder, {"article": shown}, {"article": drawn}, {"article": population})
    for who in "ABC":
        write(
            folder,
            who,
            *(("article", a, "portrayal", c) for a, c in zip(ids, coded(0.85), strict=True)),
        )
    return folder


@pytest.mark.parametrize(("right", "verdict"), [(0.95, "may stand in"), (0.0, "may not stand in")])
def test_the_verdict_on_the_model_is_said_code_by_code(tmp_path, right, verdict):
    folder = planted(tmp_path / "sheets", model=right)
    said = human.report(folder)
    table = pd.read_csv(folder / between.TABLE).set_index("code")
    assert table.loc["portrayal", ["people", "n"]].tolist() == [3, 60]
    assert 0.6 < table.loc["portrayal", "alpha"] < 0.95
    assert table.loc["portrayal", "verdict"].startswith(verdict) and verdict in said


def test_with_too_few_events_there_is_no_verdict(tmp_path):
    folder = planted(tmp_path / "sheets", n=20)
    human.report(folder)
    table = pd.read_csv(folder / between.TABLE).set_index("code")
    assert table.loc["portrayal", "verdict"].startswith("too few to say: 30 events")
    assert pd.isna(table.loc["portrayal", "wins"])


def test_one_coder_alone_is_compared_with_the_model_only(folder):
    write(folder, "x", ("article", "a1", "portrayal", "hero"))
    human.report(folder)
    assert not (folder / between.TABLE).exists() and (folder / "agreement.csv").exists()


def test_fields_of_another_study_are_read_as_well(tmp_path):
    fields = {"article": [Field("co1", ("yes", "no"))]}
    write(tmp_path, "x", ("article", "7", "co1", "yes"))
    assert given.read_files(tmp_path, {"article": ["7"]}, fields)["value"].tolist() == ["yes"]


def test_where_one_code_given_always_would_pass_nothing_is_said_for_the_model(tmp_path):
    folder = tmp_path / "sheets"
    planted(folder)
    for who in "ABC":
        path = folder / f"codes-{who}.csv"
        text = path.read_text(encoding="utf-8").replace("hero", "victim")
        path.write_text(text.replace("traitor", "victim"), encoding="utf-8")
    human.report(folder)
    table = pd.read_csv(folder / between.TABLE).set_index("code")
    assert table.loc["portrayal", "always"] == 1
    model = given.read(folder)["article"].key["portrayal"]
    assert set(model) == {"victim", "hero", "traitor"}
    said = table.loc["portrayal", "verdict"]
    assert said.startswith("may not stand in")  # this model is not as near
    key = folder.with_name("sheets-key")
    for path in (key / "articles.csv", key / sheets.DRAWN_FROM / "articles.csv"):
        text = path.read_text(encoding="utf-8").replace("hero", "victim")
        path.write_text(text.replace("traitor", "victim"), encoding="utf-8")
    human.report(folder)
    said = pd.read_csv(folder / between.TABLE).loc[0, "verdict"]
    assert said == "cannot be told: whoever always said victim would pass too"
