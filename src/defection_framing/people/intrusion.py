"""Word and topic intrusion: can people tell what does not belong?

Words: five of a topic's words stand with one of another topic; whoever sees what the five share
finds the sixth. Topics: the claims of an article stand with three of its topics and one that it
lacks. The answers are in the key, apart. After Chang, Boyd-Graber, Gerrish, Wang & Blei (2009),
Reading tea leaves, Advances in Neural Information Processing Systems 22.
"""

from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from .. import corpus, settings
from ..stats import share_of
from . import sheets
from .sheets import Field, SheetError

ITEMS = 5
"""Items of each test for each topic."""

TESTS = {"words": 6, "topics": 4}
"""The tests, by the name of their sheet, and how many choices an item has."""

_ANSWERS = ["topic", "answer"]  # columns of the key
_SHOWN_WORDS = 8  # of each topic in an item of topic intrusion, as Chang et al. have it


def write(out: Path) -> str:
    """Write the sheets of both tests for the topics of the corpus under study, and say so."""
    words, belongs = _topics()
    rng = np.random.default_rng(settings.SEED)
    items = {"words": _word_items(words, rng), "topics": _topic_items(words, belongs, rng)}
    out, key = Path(out), sheets.key_folder(out)
    files: dict = {}
    for test, table in items.items():
        files[out / f"{test}.csv"] = (table.drop(columns=_ANSWERS), [_field(test)])
        files[key / f"{test}.csv"] = table[_ANSWERS].to_csv(lineterminator="\n")
    instructions = (resources.files(__package__) / "intrusion.md").read_text(encoding="utf-8")
    sheets.write(files | {out / "INSTRUCTIONS.md": instructions})
    counts = " and ".join(f"{len(table)} items ({test}.csv)" for test, table in items.items())
    return (
        f"{counts} written to {out}, with INSTRUCTIONS.md.\n"
        f"The answers are in {key}; do not hand them on to those who are tested."
    )


def precision(folder: Path) -> pd.DataFrame:
    """Read filled sheets, one of the two or both, and measure how often the intruder was found.

    A row is a test and topic (of the five words; for topic intrusion the one that intrudes), or
    `all` topics: `test`, `topic`, `n` (items answered), `precision`, `low`, `high` (Wilson's
    interval, for all topics that of `stats.share_of` with topics as clusters, since the items of
    one topic share words), `chance`.
    """
    rows = []
    for test, choices in TESTS.items():
        path = Path(folder) / f"{test}.csv"
        if not path.exists():
            continue
        answers = sheets.read_key(sheets.key_folder(folder) / path.name, _ANSWERS)
        given = sheets.read(path, answers.index, [_field(test)])["intruder"]
        given = given[given != ""]
        found = given == answers["answer"].reindex(given.index)
        topics = answers["topic"].reindex(given.index).astype(int)
        for topic, hits in found.groupby(topics):
            low, high = binomtest(int(hits.sum()), len(hits)).proportion_ci(method="wilson")
            rows.append((test, str(topic), len(hits), hits.mean(), low, high, 1 / choices))
        if len(given):
            share = share_of(found, topics)
            rows.append((test, "all", len(found), *share.values(), 1 / choices))
    columns = ["test", "topic", "n", "precision", "low", "high", "chance"]
    return pd.DataFrame(rows, columns=columns)


def report(folder: Path) -> str:
    """Read filled sheets, write `precision.csv` beside them, and say what they hold."""
    table = precision(folder)
    if table.empty:
        return f"No item in {folder} is answered yet."
    path = Path(folder) / "precision.csv"
    table.to_csv(path, index=False, float_format="%.10g", lineterminator="\n")
    return table.to_string(index=False, float_format="%.2f")


def _topics() -> tuple[dict[int, list[str]], pd.Series]:
    """Words of each topic, and the topic of each claim that has one."""
    folder = settings.derived_dir()
    for name in ("topics.csv", "claim_topics.csv"):
        if not (folder / name).is_file():
            raise SheetError(f"{folder / name} is missing; run the study first.")
    topics = pd.read_csv(folder / "topics.csv", index_col="topic")
    belongs = pd.read_csv(folder / "claim_topics.csv", index_col="claim_id")["topic"]
    return topics["words"].str.split(", ").to_dict(), belongs[belongs >= 0]


def _field(test: str) -> Field:
    return Field("intruder", tuple(str(i + 1) for i in range(TESTS[test])))


def _items(rows: list[tuple], choices: str, rng: np.random.Generator) -> pd.DataFrame:
    """Make a table of items, in random order, from (topic, shown, those that belong, intruder)."""
    table = []
    for topic, shown, belong, intruder in rows:
        listed = list(rng.permutation([*belong, intruder]))
        numbered = {f"{choices}_{place}": each for place, each in enumerate(listed, 1)}
        table.append(shown | numbered | {"topic": topic, "answer": listed.index(intruder) + 1})
    items = pd.DataFrame(table).iloc[rng.permutation(len(table))]
    return items.set_axis([f"{choices}-{i + 1}" for i in range(len(items))]).rename_axis("id")


def _word_items(words: dict[int, list[str]], rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for topic, own in words.items():
        stems = {word[:5] for word in own}
        others = {w for t, listed in words.items() if t != topic for w in listed}
        strangers = sorted(word for word in others if word[:5] not in stems)
        for intruder in rng.choice(strangers, ITEMS, replace=False):
            belong = rng.choice(own, TESTS["words"] - 1, replace=False)
            rows.append((topic, {}, belong, intruder))
    return _items(rows, "word", rng)


def _topic_items(
    words: dict[int, list[str]], belongs: pd.Series, rng: np.random.Generator
) -> pd.DataFrame:
    claims = corpus.load().claims
    of_article = belongs.groupby(claims["article_id"].reindex(belongs.index)).agg(set)
    many = of_article[of_article.map(len) >= TESTS["topics"] - 1]
    listed = {topic: ", ".join(own[:_SHOWN_WORDS]) for topic, own in words.items()}
    texts = claims.groupby("article_id")["text"].agg(" ".join)
    rows = []
    for intruder in words:
        without = many[many.map(lambda touched, t=intruder: t not in touched)]
        for article in rng.choice(without.index, min(ITEMS, len(without)), replace=False):
            touched = rng.choice(sorted(many[article]), TESTS["topics"] - 1, replace=False)
            shown = {"text": texts[article]}
            rows.append((intruder, shown, [listed[t] for t in touched], listed[intruder]))
    return _items(rows, "topic", rng)
