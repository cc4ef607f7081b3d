"""Synthetic corpora with a known truth: events, outlets, camps, and frames with chosen effects."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from defection_framing import corpus
from defection_framing.settings import ROOT

FRAMES = ["treason", "collapse", "operation", "coercion", "policy", "survival"]


def claims(
    seed, events=60, relational=0.0, directional=0.0, clustering=20.0, coverage=0.6, per_article=4
):
    """Draw claims of a Russian and a Ukrainian camp on crossings both ways.

    `relational` is added to the share of `treason` when the person leaves the teller's side,
    `directional` to that of `coercion` when the crossing is to Russia; both are taken from
    `operation`. Each event draws its own frame shares for each camp (Dirichlet with the given
    concentration), so that claims of one event are alike.
    """
    rng = np.random.default_rng(seed)
    outlets = {"Russian": [f"ru{i}" for i in range(20)], "Ukrainian": [f"ua{i}" for i in range(20)]}
    rows = []
    for e in range(events):
        direction = ("ru_to_ua", "ua_to_ru")[e % 2]
        size = 1 + rng.poisson(1.5) + (15 if e < 2 else 0)
        for camp, names in outlets.items():
            if rng.random() > coverage:
                continue
            share = np.array([0.15, 0.15, 0.4, 0.1, 0.1, 0.1])
            away = (camp == "Russian") == (direction == "ru_to_ua")
            share[[0, 2]] += np.array([relational, -relational]) * away
            share[[3, 2]] += np.array([directional, -directional]) * (direction == "ua_to_ru")
            share = rng.dirichlet(share * clustering)
            for a in range(size):
                outlet = names[rng.integers(len(names))]
                for frame in rng.choice(FRAMES, per_article, p=share):
                    rows.append((f"a{e}-{camp}-{a}", f"e{e}", outlet, camp, direction, frame))
    columns = ["article_id", "cluster", "outlet", "camp", "direction", "frame"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(frame=pd.Categorical(table["frame"], FRAMES))


CAMPS = {"Russian": "russian_state", "Ukrainian": "ukrainian"}


def coded(truth: pd.DataFrame, column: str, names: list[str], right: float, seed: int):
    """Codings by two coders who give the true code in `right` of units, else any other."""
    rng, out = np.random.default_rng(seed), {}
    for coder in "AB":
        other = rng.integers(1, len(names), len(truth)) * (rng.random(len(truth)) > right)
        at = (pd.Index(names).get_indexer(truth[column]) + other) % len(names)
        out[coder] = pd.DataFrame({column: np.array(names)[at]}, truth.index)
    return pd.concat(out, names=["coder"]).reset_index().assign(blind="true")


def write(folder: Path, table: pd.DataFrame, right: float | None = None, seed: int = 0) -> Path:
    """Write claims, as `claims` draws them, as a data package that the study reads.

    An article whose first claim is `treason` portrays a traitor, others are neutral, so that what
    is planted in the frame is planted in the portrayal too. A third of the events is of wave 2.
    With `right` there are two blind coders, as in `coded`.
    """
    ids = {a: f"a{i:010x}" for i, a in enumerate(table["article_id"].unique())}
    table = table.assign(article_id=table["article_id"].map(ids), outlet=table["outlet"] + ".test")
    table["n"] = table.groupby("article_id").cumcount() + 1
    articles = table.groupby("article_id", as_index=False).first()
    articles["portrayal"] = np.where(articles["frame"] == "treason", "traitor", "neutral")
    articles = articles.rename(columns={"cluster": "event"}).assign(
        url="https://" + articles["outlet"] + "/" + articles["article_id"],
        date="2024", lang="en", gist="A gist.", motives="not_stated", sources="", slice="a",
        origin="original", occasion="crossing", who="soldier", outcome="completed",
        wave=np.where(articles["cluster"].str[1:].astype(int) // 2 % 3 == 0, 2, 1),
    )  # fmt: skip
    outlets = table.groupby("outlet")["camp"].first().map(CAMPS).rename("camp").reset_index()
    outlets = outlets.rename(columns={"outlet": "domain"}).assign(
        name="A name", country="", kind="private", confidence="high", basis="Invented."
    )
    table = table.assign(
        claim_id=table["article_id"] + "-" + table["n"].astype(str),
        text="A claim.", voice="outlet", frame_2="",
    )  # fmt: skip
    events = corpus.event_facts(articles, outlets.set_index("domain")).map(corpus.cell_text)
    tables = {"articles": articles, "claims": table, "outlets": outlets}
    tables["events"] = events.reset_index()
    if right is not None:
        of_claims, of_articles = table.set_index("claim_id"), articles.set_index("article_id")
        tables["codings_claims"] = coded(of_claims, "frame", FRAMES, right, seed)
        portrayals = ["neutral", "traitor", "convert"]
        tables["codings_articles"] = coded(of_articles, "portrayal", portrayals, right, seed)
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        own = rows.reindex(columns=corpus.columns()[name])
        own.to_csv(folder / f"{name}.csv", index=False)
    shutil.copy(ROOT / "data" / "datapackage.json", folder)
    return folder
