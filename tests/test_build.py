import json
from pathlib import Path

import pandas as pd
import pytest

from defection_framing import corpus, settings
from defection_framing.corpus import build
from defection_framing.corpus.outlets import outlet_of

DATA = settings.ROOT / "data"
URLS = ["https://www.one.example/a", "http://two.example./b?p=7"]


def record(url: str, **changes) -> dict:
    return {
        "url": url,
        "date": None,
        "lang": "en",
        "direction": "ru_to_ua",
        "event": "general",
        "gist": "A crew is said to have crossed over.",
        "claims": [
            {"s": f"The crew of {url} wanted to live.", "v": "peer", "f": ["survival"]},
            {"s": "The crew, it says, was beaten.", "v": "peer", "f": ["mistreatment", "cost"]},
        ],
        "portrayal": "victim",
        "motives": ["survival", "family"],
        "sources": [],
        "stance": "attributed",
        "origin": "rewrite",
        "slice": "b",
        "wave": 1,
    } | changes


def write_lines(path: Path, records: list[dict]) -> None:
    lines = (json.dumps(r, ensure_ascii=False) + "\n" for r in records)
    path.write_text("".join(lines), encoding="utf-8")


@pytest.fixture
def source(tmp_path) -> Path:
    """A folder of raw records of two articles, both coders."""
    folder = tmp_path / "source"
    folder.mkdir()
    articles = [record(URLS[0], date="2023-08", event="crew-2023"), record(URLS[1])]
    write_lines(folder / "articles.jsonl", articles)
    texts = {a["url"]: [c["s"] for c in a["claims"]] for a in articles}
    second = [{"url": URLS[1], "claim": 1, "s": texts[URLS[1]][1], "f": ["cost"]}]
    write_lines(folder / "second_coder_claims.jsonl", second)
    again = {k: articles[0][k] for k in ("direction", "portrayal", "motives", "stance", "origin")}
    again = {"url": URLS[0], "frames": ["survival", "cost"], **again}
    write_lines(folder / "second_coder_articles.jsonl", [again])
    frames = {"A": ("survival", "cost"), "B": ("survival", "cost")}
    blind = [
        {"url": url, "claim": n, "coder": coder, "frame": pair[0], "frame_2": pair[1]}
        for url in URLS for n in (0, 1) for coder, pair in frames.items()
    ]  # fmt: skip
    write_lines(folder / "blind_claim_codings.jsonl", blind)
    codes = {"portrayal": "hero", "occasion": "unit", "who": "group", "outcome": "completed"}
    codes |= {"motives": ["family"], "guess": "R"}
    write_lines(
        folder / "blind_article_codings.jsonl",
        [{"url": url, "coder": coder, **codes} for url in URLS for coder in "AB"],
    )
    swap = "".join(f"{URLS[0]},{version},F1,hero\n" for version in ("true", "swapped"))
    (folder / "flag_swap.csv").write_text("url,version,sheet,portrayal\n" + swap, encoding="utf-8")
    for side in ("ru", "ua"):
        log = f"crew-2023\ttank of Ivan Vymyslenko, side {side}\tnothing\n"
        (folder / f"pairs_{side}_side.log").write_text(log, encoding="utf-8")
    (folder / "outlets.csv").write_text(
        "domain,name,country,kind,camp,confidence,basis\n"
        "two.example.,Two,,blog,undisclosed,low,made up\n"
        'one.example,One,NA,private,western,high,"made up, too"\n',
        encoding="utf-8",
    )
    (folder / "CODEBOOK.md").write_text("# Codebook, `crew-2023`\n", encoding="utf-8")
    return folder


def complaint(source: Path, target: Path) -> str:
    with pytest.raises(corpus.CorpusError) as caught:
        build.build(source, target)
    assert not target.exists(), "a failed build must leave the target alone"
    return str(caught.value)


@pytest.mark.slow
def test_the_tables_hold_what_the_records_say(source, tmp_path):
    build.build(source, tmp_path / "data")
    built = corpus.load(tmp_path / "data")
    one, two = (build.article_id(url) for url in URLS)
    assert built.articles["outlet"].to_dict() == {one: "one.example", two: "two.example."}
    assert pd.isna(built.articles.loc[two, "date"])
    assert list(built.claims.loc[[f"{one}-1", f"{one}-2"], "n"]) == [1, 2]
    assert built.events["n_articles"].to_dict() == {"general": 1, "crew-2023": 1}
    assert built.outlets.loc["one.example", "country"] == "NA"
    # the raw index of a claim counts from 0, claim_id from 1
    assert built.codings_claims.loc[(f"{two}-2", "S"), "frame"] == "cost"
    assert built.codings_claims.loc[(f"{one}-2", "0"), "frame"] == "mistreatment"
    assert built.codings_articles.loc[(one, "S"), "motives"] == ("survival", "family")
    rules = (tmp_path / "data" / "CODEBOOK.md").read_text(encoding="utf-8")
    assert rules == "# Codebook, `crew-2023`\n"


@pytest.mark.slow
def test_the_code_used_is_that_of_the_passes_that_are_pooled(source, tmp_path):
    build.build(source, tmp_path / "data")
    built = corpus.load(tmp_path / "data")
    one = build.article_id(URLS[0])
    assert built.claims.loc[f"{one}-2", ["frame", "frame_2"]].tolist() == ["survival", "cost"]
    assert built.articles.loc[one, ["portrayal", "occasion"]].tolist() == ["hero", "unit"]
    assert built.articles.loc[one, "motives"] == ("family",)
    assert built.codings_articles.loc[(one, "0"), "portrayal"] == "victim"


@pytest.mark.slow
def test_a_private_surname_is_an_initial_wherever_it_stands(source, tmp_path):
    tale = record(URLS[0], event="vymyslenko-tank", gist="Ivan Vymyslenko crossed, says TASS.")
    tale["claims"][0]["s"] = "Vymyslenko's tank broke down."
    tale["sources"] = ["Anna Vymyslenko", "TASS"]
    second = record(URLS[1])
    write_lines(source / "articles.jsonl", [tale, second])
    log = "vymyslenko-tank\ttank of Ivan Vymyslenko\tnothing\n"
    (source / "pairs_ru_side.log").write_text(log, encoding="utf-8")
    (source / "CODEBOOK.md").write_text("a slug (`vymyslenko-tank`)\n", encoding="utf-8")
    build.build(source, tmp_path / "data")
    for path in (tmp_path / "data").iterdir():
        assert "vymyslenko" not in path.read_text(encoding="utf-8").casefold(), path.name
    told = corpus.load(tmp_path / "data").articles.loc[build.article_id(URLS[0])]
    assert told[["event", "gist"]].tolist() == ["v-tank", "Ivan V. crossed, says TASS."]
    assert told["sources"] == ("Anna V.", "TASS")


@pytest.mark.slow
def test_ids_and_bytes_do_not_depend_on_the_order_of_rows(source, tmp_path):
    build.build(source, tmp_path / "first")
    for path in source.glob("*.*"):
        if path.suffix in (".jsonl", ".csv"):
            header = 1 if path.suffix == ".csv" else 0
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            path.write_text("".join(lines[:header] + lines[header:][::-1]), encoding="utf-8")
    build.build(source, tmp_path / "second")
    names = sorted(path.name for path in (tmp_path / "first").iterdir())
    assert len(names) == 9
    for name in names:
        first, second = ((tmp_path / f / name).read_bytes() for f in ("first", "second"))
        assert first == second and b"\r" not in first, name


@pytest.mark.parametrize("name", ["articles.jsonl", "outlets.csv", "CODEBOOK.md"])
def test_a_missing_source_is_one_sentence(source, tmp_path, name):
    (source / name).unlink()
    said = complaint(source, tmp_path / "data")
    assert f"{name} does not exist; `make data` needs" in said and "\n" not in said
    assert "does not exist" in complaint(tmp_path / "nowhere", tmp_path / "data")


FAULTS = {
    "an unknown outlet": (record("https://far.example/"), "no row for 'far.example'"),
    "a code of no codebook": (
        record(URLS[1], origin="sure"),
        "column origin: 'sure' does not fit",
    ),
    "the same address twice": (record(URLS[0]), "the same as in the row at position 2"),
    "three frames": (
        record(URLS[1], claims=[{"s": "One.", "v": "peer", "f": ["cost", "other", "policy"]}]),
        "claim 1: 3 frames; the codebook wants one or two",
    ),
    "a semicolon in a list": (record(URLS[1], sources=["TASS; RIA"]), "'TASS; RIA' holds a semi"),
    "an unknown field": (
        record(URLS[1], mood="grim"),
        "articles.jsonl, line 2: missing or unknown: mood",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_record_that_does_not_fit_is_named(source, tmp_path, fault):
    bad, says = FAULTS[fault]
    for kind in ("second_coder_claims", "blind_claim_codings", "blind_article_codings"):
        (source / f"{kind}.jsonl").write_text("", encoding="utf-8")
    write_lines(source / "articles.jsonl", [record(URLS[0]), bad])
    assert says in complaint(source, tmp_path / "data")


def test_a_broken_line_is_named(source, tmp_path):
    with (source / "articles.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"url": "https://on')
    assert "articles.jsonl, line 3: not a JSON object" in complaint(source, tmp_path / "data")


def test_a_second_coding_of_an_unknown_claim_is_named(source, tmp_path):
    stray = {"url": URLS[0], "claim": 2, "s": "No such.", "f": ["cost"]}
    write_lines(source / "second_coder_claims.jsonl", [stray])
    assert f"no claim 3 of {URLS[0]}" in complaint(source, tmp_path / "data")


def test_a_second_coding_of_another_sentence_is_named(source, tmp_path):
    other = {"url": URLS[0], "claim": 0, "s": "An older wording.", "f": ["cost"]}
    write_lines(source / "second_coder_claims.jsonl", [other])
    said = complaint(source, tmp_path / "data")
    assert "line 1: the second coder read another sentence" in said and URLS[0] in said


def test_a_log_without_three_columns_is_named(source, tmp_path):
    (source / "pairs_ua_side.log").write_text("crew-2023\ta query\n", encoding="utf-8")
    assert "pairs_ua_side.log, line 1: write event" in complaint(source, tmp_path / "data")


@pytest.mark.slow
def test_the_counts_in_a_datasheet_are_rewritten_and_nothing_else(source, tmp_path):
    target = tmp_path / "data"
    target.mkdir()
    start, end = "<!-- counts:start -->", "<!-- counts:end -->"
    (target / "README.md").write_text(f"Before.\n{start}\nstale\n{end}\nAfter.\n", encoding="utf-8")
    build.build(source, target)
    text = (target / "README.md").read_text(encoding="utf-8")
    assert text.startswith(f"Before.\n{start}\n| what") and text.endswith(f"|\n{end}\nAfter.\n")
    assert "stale" not in text and "| claims | 4, 4 of them with two frames |" in text
    build.build(source, target)
    assert (target / "README.md").read_text(encoding="utf-8") == text
    (target / "README.md").write_text("No marks.\n", encoding="utf-8")
    with pytest.raises(settings.DefectionError, match="must contain the line"):
        build.build(source, target)


def test_the_repositorys_ids_come_from_the_addresses():
    articles = corpus.load(DATA).articles
    assert [build.article_id(url) for url in articles["url"]] == list(articles.index)
    domains = set(articles["outlet"])
    assert [outlet_of(url, domains) for url in articles["url"]] == list(articles["outlet"])
    assert articles.index.is_monotonic_increasing


def test_the_numbers_of_the_datasheet_are_those_of_the_data():
    text = (DATA / "README.md").read_text(encoding="utf-8")
    block = text.split("<!-- counts:start -->")[1].split("<!-- counts:end -->")[0]
    assert block.strip() == build.counts(corpus.load(DATA))
