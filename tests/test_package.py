"""From ingested articles to tables that the study runs on; what a person decides stays."""

import csv
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from defection_framing import corpus, settings
from defection_framing.cli import app
from defection_framing.own import coding, package
from defection_framing.own.ingest import ingest
from defection_framing.own.package import PackageError, code_folder, set_codes
from defection_framing.publish.run import embedded_texts
from defection_framing.text import embed

pytestmark = pytest.mark.slow  # the coders are fitted first

SAMPLES = settings.ROOT / "data" / "sample_articles"


@pytest.fixture(scope="module")
def ingested(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own") / "in"
    ingest([SAMPLES], folder)
    return folder


@pytest.fixture(scope="module")
def coded(ingested):
    folder = ingested.with_name("coded")
    shutil.copytree(ingested, folder)
    code_folder(folder)
    return folder


@pytest.fixture
def own(coded, tmp_path):
    """A copy of the samples, ingested and coded."""
    return shutil.copytree(coded, tmp_path / "own")


def ids(folder):
    """Articles by the name of their file, or the last part of their address."""
    rows = map(json.loads, (folder / "texts.jsonl").read_text().splitlines())
    return {row["url"].rpartition("/")[2]: row["id"] for row in rows}


def codes(folder):
    table = pd.read_csv(folder / "codes.csv", dtype=str, keep_default_na=False)
    return table.set_index(["unit", "id", "code"])


def given(*rows):
    return pd.DataFrame(rows, columns=["unit", "id", "code", "value"])


def ferry(folder, direction="ru_exit"):
    """What a person says of the three articles on the deckhand."""
    names = ids(folder)
    told = [names[n] for n in ("ferry_deckhand.txt", "ferry_copy.txt", "ex-private-ferry")]
    return given(*(("article", key, "direction", direction) for key in told)), told


def contents(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir()}


# What comes out


def test_the_samples_can_be_loaded_and_what_is_left_out_is_told(ingested, tmp_path):
    own = shutil.copytree(ingested, tmp_path / "own")
    before = contents(own)
    report = code_folder(own)
    loaded, names = corpus.load(own), ids(own)
    orchard = names["orchard_volunteer.txt"]
    assert loaded.articles["direction"].to_dict()[orchard] == "ua_to_ru"
    assert report.articles == len(loaded.articles) and report.claims == len(loaded.claims)
    assert set(report.left_out) | set(loaded.articles.index) == set(names.values())
    originals = {
        "bericht_de.txt": "ua_exit",
        "desertor_es.txt": "ru_exit",
        "dezertir_ru.txt": "ru_exit",
        "perekhid_uk.html": "ru_to_ua",
    }
    for name, direction in originals.items():
        row = codes(own).loc[("article", names[name], "direction")]
        assert (row["value"], row["by"]) == (direction, "model")
    assert all(reason in str(report) for reason in report.left_out.values())
    assert {name: before[name] for name in before} == {n: contents(own)[n] for n in before}
    added = {*package._BESIDE, *package._TABLES, *embed.FILES}
    assert set(contents(own)) - set(before) == added
    assert f" {report.open['frame']} of {report.claims} frames" in loaded.coder


def test_a_corpus_in_several_languages_brings_vectors_of_its_own(own, monkeypatch):
    monkeypatch.setenv("DEFECTION_DATA", str(own))
    monkeypatch.setattr(embed, "embed", lambda *_: pytest.fail("the English encoder was asked"))
    texts = embedded_texts(corpus.load(own))
    assert embed.vectors(texts).shape == (len(texts), 384)


def test_claims_are_the_candidate_sentences_and_events_the_story_families(own):
    loaded = corpus.load(own)
    orchard = ids(own)["orchard_volunteer.txt"]
    sentences = pd.read_csv(own / "sentences.csv", keep_default_na=False)
    mine = sentences[(sentences["article_id"] == orchard) & (sentences["set_aside"] == "")]
    claims = loaded.claims[loaded.claims["article_id"] == orchard]
    assert list(claims["text"]) == list(mine["text"])
    assert list(claims.index) == [f"{orchard}-{n}" for n in mine["n"]]
    article = loaded.articles.loc[orchard]
    assert article["event"].endswith(f"-{orchard[:5]}")
    assert article["gist"] == sentences.loc[sentences["article_id"] == orchard, "text"].iloc[0]
    assert article["sources"] == (
        "Ministry of Defence of Russia",
        "TASS",
        "General Staff of Ukraine",
    )
    assert article["motives"] == () and article["wave"] == 1
    assert article[["origin", "occasion", "who", "outcome"]].isna().all()


def test_every_code_below_its_threshold_is_an_empty_cell(own):
    loaded, table = corpus.load(own), codes(own)
    cells = {"article": loaded.articles, "claim": loaded.claims}
    opened = 0
    for (unit, key, code), row in table.iterrows():
        if key in cells[unit].index:
            unsure = code == "voice" or float(row["probability"]) < coding.OPEN_BELOW[code]
            assert (row["open"] == "true") == unsure
            cell = cells[unit].at[key, code]
            assert pd.isna(cell) if row["open"] == "true" else cell == row["value"]
            opened += row["open"] == "true"
    assert 0 < opened < len(table)


def test_the_folder_says_who_coded_and_its_texts_have_vectors(own, monkeypatch):
    loaded = corpus.load(own)
    assert loaded.coder.startswith("Classifiers learnt from the coded corpus")
    assert "0 of " in loaded.coder
    events = corpus.load(settings.ROOT / "data").events.index
    described = (own / "datapackage.json").read_text()
    assert not [event for event in events if f'"{event}"' in described]  # it is not the study's
    monkeypatch.setenv("DEFECTION_DATA", str(own))
    vectors = embed.vectors(corpus.article_texts(corpus.load()))
    assert vectors.shape == (len(loaded.articles), 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=0.002)


def test_a_second_run_changes_nothing_and_a_later_ingestion_is_added(own, tmp_path):
    before, earlier = contents(own), len(corpus.load(own).articles)
    code_folder(own)
    assert contents(own) == before
    text = (
        "A Russian pilot defected to Ukraine and landed his helicopter near Kharkiv, the Ukrainian "
        "military intelligence said. He surrendered the machine to the Ukrainian army. The agency "
        "has paid the pilot a reward of half a million dollars for it. Moscow calls him a traitor. "
        "His wife and children left Russia before him, a spokesman said in Kyiv on Monday."
    )
    (tmp_path / "pilot.txt").write_text(text)
    ingest([tmp_path / "pilot.txt"], own)
    articles = code_folder(own).articles
    loaded = corpus.load(own)
    assert articles == len(loaded.articles) == earlier + 1
    assert loaded.articles.at[ids(own)["pilot.txt"], "direction"] == "ru_to_ua"


WHO = ["cook", "driver", "sapper", "guard", "gunner", "medic", "sailor", "clerk", "signaller"]


def test_only_the_lead_is_coded_and_an_article_without_claims_is_told(tmp_path):
    rows = [
        "Thousands of Ukrainian soldiers deserted their units this year, prosecutors said. " * 60,
        " ".join(f"Has a Ukrainian {who} deserted his unit and gone home again?" for who in WHO),
    ]
    with (tmp_path / "a.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("text", "lang"), *((row, "en") for row in rows)])
    ingest([tmp_path / "a.csv"], tmp_path / "own")
    report = code_folder(tmp_path / "own")
    claims = corpus.load(tmp_path / "own").claims
    assert len(claims) == coding.LEAD // (len(rows[0]) // 60)
    assert list(report.left_out.values()) == ["without a claim in the lead"]
    [silent] = report.left_out
    assert codes(tmp_path / "own").at[("article", silent, "direction"), "value"] == "ua_exit"


# What persons decide


def test_what_a_person_decides_is_in_the_study_and_stays(own):
    directions, told = ferry(own)
    german = ids(own)["bericht_de.txt"]
    more = given(("article", german, "direction", "ua_exit"))
    report = set_codes(own, pd.concat([directions, more]))
    assert report.articles == 8 and report.by_person == 4
    loaded = corpus.load(own)
    assert set(loaded.articles.loc[told, "direction"]) == {"ru_exit"}
    assert f"4 of {len(loaded.articles) + decided(loaded)} codes" in loaded.coder

    # The three are one story: one event, one cluster of every interval.
    table = loaded.article_table()
    assert table.loc[told, "cluster"].nunique() == 1
    assert loaded.events["n_articles"].to_dict()[table.at[told[0], "event"]] == 3
    assert table.loc[told, "origin"].isna().tolist() == [True, False, False]
    assert set(table.loc[told[1:], "origin"]) == {"rewrite"}

    theirs = loaded.claims[loaded.claims["article_id"] == german]
    assert len(theirs) and theirs["voice"].isna().all()
    claim = theirs.index[0]
    set_codes(own, given(("claim", claim, "frame", "policy"), ("claim", claim, "voice", "outlet")))
    loaded = corpus.load(own)
    assert tuple(loaded.claims.loc[claim, ["frame", "voice"]]) == ("policy", "outlet")
    assert tuple(codes(own).loc[("claim", claim, "frame")]) == ("policy", "", "false", "person")
    before = contents(own)
    code_folder(own)
    assert contents(own) == before


def decided(loaded):
    """How many codes of a corpus, but for directions, are not left open."""
    claims = loaded.claims[["frame", "voice"]]
    return int(loaded.articles["portrayal"].notna().sum() + claims.notna().sum().sum())


def test_a_person_can_take_an_article_out_and_change_their_mind(own):
    orchard = ids(own)["orchard_volunteer.txt"]
    claim = corpus.load(own).claims.index[0]
    set_codes(own, given(("claim", claim, "frame", "cost")))
    directions, told = ferry(own, "both")
    out = given(("article", orchard, "direction", "not_about"))
    report = set_codes(own, pd.concat([directions, out]))
    assert (
        "not about" in report.left_out[orchard] and orchard not in corpus.load(own).articles.index
    )
    table = pd.read_csv(own / "left_out.csv").set_index("article_id")
    assert table["reason"].to_dict() == report.left_out and table["title"].str.len().all()
    assert table["lang"].str.len().eq(2).all() and "Left out by language: en " in str(report)
    said = f"Of 8 articles {len(table)} are left out ({report.reasons()}). Left open are"
    assert said in corpus.load(own).coder
    assert codes(own).at[("claim", claim, "frame"), "by"] == "person"  # kept meanwhile
    set_codes(own, given(("article", orchard, "direction", "ua_exit")))
    loaded = corpus.load(own)
    assert loaded.articles.at[orchard, "direction"] == "ua_exit"
    assert loaded.claims.at[claim, "frame"] == "cost"
    assert set(loaded.articles.loc[told, "direction"]) == {"both"}


def test_a_persons_code_is_not_put_on_another_sentence(tmp_path):
    said = [
        f"A Ukrainian {who} deserted his unit, prosecutors in Kyiv said on Monday." for who in WHO
    ]
    path = tmp_path / "a.txt"
    path.write_text(" ".join(said))
    ingest([path], tmp_path / "own")
    code_folder(tmp_path / "own")
    claim = corpus.load(tmp_path / "own").claims.index[1]
    set_codes(tmp_path / "own", given(("claim", claim, "frame", "cost")))
    path.write_text(" ".join(said[1:]))
    ingest([path], tmp_path / "own")
    with pytest.raises(PackageError, match=f"codes.csv, row .*, column id: '{claim}' is another"):
        code_folder(tmp_path / "own")


def test_with_nothing_left_to_study_only_the_codes_stay(own):
    orchard = ids(own)["orchard_volunteer.txt"]
    studied = corpus.load(own).articles.index
    report = set_codes(own, given(*(("article", a, "direction", "not_about") for a in studied)))
    assert report.articles == 0 and "nothing to study" in str(report)
    assert not set(package._TABLES) & set(contents(own))
    assert codes(own).at[("article", orchard, "direction"), "value"] == "not_about"


BAD_ROWS = {
    "unit": (("story", "{a}", "direction", "both"), "row 3, column unit: 'story' is not a code"),
    "id": (("article", "a0", "direction", "both"), "row 3, column id: 'a0' is no article"),
    "no claim": (("claim", "{a}-99", "frame", "cost"), "row 3, column id: '{a}-99' is no claim"),
    "code": (("article", "{a}", "frame", "cost"), "row 3, column code: 'frame' is not a code"),
    "value": (
        ("article", "{a}", "portrayal", "angry"),
        "row 3, column value: 'angry' is not a code",
    ),
    "empty": (("article", "{a}", "portrayal", ""), "row 3, column value: '' is not a code"),
    "twice": (("article", "{a}", "direction", "both"), "row 3, column code: .* in row 2 too"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_a_wrong_code_of_a_person_is_named_and_nothing_is_stored(case, own):
    row, said = BAD_ROWS[case]
    key = ids(own)["orchard_volunteer.txt"]
    row = [cell.format(a=key) for cell in row]
    before = contents(own)
    with pytest.raises(PackageError, match="^codes, " + said.format(a=key)) as error:
        set_codes(own, given(("article", key, "direction", "both"), row))
    assert "\n" not in str(error.value)
    assert contents(own) == before


# Bad folders


def replaced(name, old, new):
    def damage(folder):
        path = folder / name
        raw = path.read_bytes()
        assert old.encode() in raw
        path.write_bytes(raw.replace(old.encode(), new.encode(), 1))

    return damage


def by_person(folder):
    replaced("codes.csv", "ua_to_ru,", "to_moon,")(folder)
    text = (folder / "codes.csv").read_text()
    line = next(line for line in text.splitlines() if "to_moon" in line)
    replaced("codes.csv", line, line.replace("model", "person"))(folder)


BAD = {
    "not ingested": (lambda d: (d / "texts.jsonl").unlink(), PackageError, "holds no texts.jsonl"),
    "broken text": (replaced("texts.jsonl", "{", "["), PackageError, "texts.jsonl, line 1: no art"),
    "no table": (lambda d: (d / "families.csv").unlink(), PackageError, "families.csv cannot be"),
    "header": (replaced("sentences.csv", "n,", "m,"), PackageError, "sentences.csv, row 1: write"),
    "article lost": (replaced("sources.csv", "\na", "\nb"), PackageError, "sources.csv has no row"),
    "sources": (
        replaced("sources.csv", "TASS", "TASS;;"),
        PackageError,
        "does not fit; write names like 'TASS; RIA Novosti'",
    ),
    "binary": (
        replaced("codes.csv", "article", "\0"),
        PackageError,
        "codes.csv, row 2, column uni",
    ),
    "ragged": (
        replaced("codes.csv", ",false,model", ""),
        PackageError,
        "row 2, column by: '' is not a code",
    ),
    "by whom": (
        replaced("codes.csv", "model", "me"),
        PackageError,
        "row 2, column by: 'me' is not a code",
    ),
    "a person's": (by_person, PackageError, "column value: 'to_moon' is not a code"),
    "outlet lost": (
        replaced("outlets.csv", "\nunknown.invalid,", "\nother.invalid,"),
        PackageError,
        "outlets.csv has no row for 'unknown.invalid'",
    ),
    "confidence": (
        replaced("outlets.csv", ",low,", ",sure,"),
        PackageError,
        "outlets.csv, row 2, column confidence: 'sure' is not a code",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_folder_gets_one_sentence_and_stays_as_it_was(case, own):
    damage, kind, said = BAD[case]
    damage(own)
    before = contents(own)
    with pytest.raises(kind) as error:
        code_folder(own)
    assert said in str(error.value) and "\n" not in str(error.value)
    assert contents(own) == before


def test_outlets_saved_with_semicolons_are_written_back_for_the_study(own):
    before = contents(own)
    table = pd.read_csv(own / "outlets.csv", dtype=str, keep_default_na=False)
    table.to_csv(own / "outlets.csv", sep=";", index=False)
    code_folder(own)
    assert contents(own) == before


def test_the_command_says_what_there_is_or_what_is_wrong(own, tmp_path):
    done = CliRunner().invoke(app, ["code", "corpus", str(own)])
    assert done.exit_code == 0 and " of 8 articles" in done.stdout
    done = CliRunner().invoke(app, ["code", "corpus", str(tmp_path)])
    assert done.exit_code == 2 and done.stderr.count("\n") == 1 and "ingest" in done.stderr
