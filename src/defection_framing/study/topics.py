"""Kinds of story and ways of telling: what they are, whether they hold still, where they differ.

Stories are topics of articles, found without any code (`study.topics_stories`); tellings are topics
of claims, guided by frames (`study.topics_model`). What is done with topics of either is here.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score, jaccard_score

from .. import settings, stats
from ..corpus import leads_somewhere
from ..domain import TO_RUSSIA, TOWARD
from ..settings import SEED
from . import topics_number, topics_words
from .estimands import COMPARED_CAMPS, estimates, name
from .topics_model import folds

# Clusters that recur with a mean Jaccard index below this are not to be trusted (Hennig 2007).
STABLE = 0.6

# Ways to make topics of claims, in words, and in names of estimates.
MODELS = {"this model": "model", "this model, strict": "strict", "coded main frame": "coded"}

# Columns that topics may follow.
FOLLOWED = ("frame", "event", "direction", "camp_detail")

DRAWS = 150  # over events, of each refit of the topics
TYPICAL = 3  # claims that are shown of each topic


def renumbered(others: pd.DataFrame, labels: np.ndarray) -> np.ndarray:
    """The refits of `other_fits`, (n, n_texts), numbered so that most agree with `labels`."""
    again = []
    for refit in others.filter(regex="^refit_").to_numpy().T:
        both = (refit >= 0) & (labels >= 0)
        shared = pd.crosstab(refit[both], labels[both])
        mine, theirs = linear_sum_assignment(-shared.to_numpy())
        number = dict(zip(shared.index[mine], shared.columns[theirs], strict=True))
        again.append([number.get(t, -1) for t in refit])
    return np.array(again)


def stability(reference: np.ndarray, again: np.ndarray) -> pd.Series:
    """How well each topic recurs in refits: mean Jaccard index (Hennig 2007), 0 to 1."""
    found = sorted(set(reference) - {-1})
    share = [jaccard_score(reference, refit, labels=found, average=None) for refit in again]
    return pd.Series(np.mean(share, axis=0), found, name="stability")


def describe(
    labels: np.ndarray, words: dict[int, list[str]], table: pd.DataFrame, again: np.ndarray
) -> pd.DataFrame:
    """What each topic is.

    `table` has the articles or claims as `fit` takes them, indexed by id; `again` as `renumbered`
    returns it.

    Returns
    -------
    pd.DataFrame, one row per topic
        `label`, `words`, `n`, `n_articles`, `n_events`, `stability`, `stable`, `main_frame`,
        `frame_share` (of the main frame), `largest_event`, `event_share` (of that event).
    """
    names = topics_words.names_given(labels, table.index)
    recurs = stability(labels, again)
    rows = {}
    for topic, own_words in words.items():
        own = table[labels == topic]
        frames = own["frame"].value_counts(normalize=True)
        events = own["event"].value_counts(normalize=True)
        rows[topic] = {
            "label": names.get(topic, topics_words.label(own_words)),
            "words": ", ".join(own_words),
            "n": len(own),
            "n_articles": own["article_id"].nunique(),
            "n_events": own["cluster"].nunique(),
            "stability": recurs[topic],
            "stable": recurs[topic] >= STABLE,
            "main_frame": frames.index[0] if frames.any() else None,  # none of its claims has one
            "frame_share": frames.iloc[0],
            "largest_event": events.index[0],
            "event_share": events.iloc[0],
        }
    return pd.DataFrame(rows).T.rename_axis("topic").infer_objects()


def typical(labels: np.ndarray, far: np.ndarray, claims: pd.DataFrame) -> pd.DataFrame:
    """Claims near the middle of each topic, of different events where there are such.

    Of claims with their topics and distances from the middle of it, both (n,): from the nearest
    quarter. Index `topic`, `rank`; columns `claim_id`, `claim`, `outlet`, `address`.
    """
    parts = {}
    for topic in sorted(set(labels) - {-1}):
        near = claims[labels == topic].assign(far=far[labels == topic])
        near = near.sort_values("far", kind="stable").drop_duplicates("article_id")
        near = near.head(max(TYPICAL, len(near) // 4))
        near["again"] = near.groupby("cluster").cumcount()
        near = near.sort_values(["again", "far"]).head(TYPICAL).rename_axis("claim_id")
        parts[topic] = near.reset_index().set_axis(range(1, len(near) + 1))
    found = pd.concat(parts, names=["topic", "rank"])
    found = found.rename(columns={"text": "claim", "url": "address"})
    return found[["claim_id", "claim", "outlet", "address"]]


def listed(table: pd.DataFrame, nearest: pd.DataFrame, what: str) -> str:
    """Topics in Markdown: name, size, words, and typical claims with their articles' addresses."""
    lines = []
    for topic, row in table.iterrows():
        lines.append(
            f"- **{row['label']}** ({row['n']:,} {what}, {row['n_events']} events; stability "
            f"{row['stability']:.2f}). Words: *{row['words']}*."
        )
        for _, own in nearest.loc[topic].iterrows():
            plain = re.sub(r"([*_`<>\[\]])", r"\\\1", own["claim"])  # not to be read as Markdown
            linked = leads_somewhere(own["address"])
            link = f"[{own['outlet']}]({own['address']})" if linked else own["outlet"]
            lines.append(f"  - {plain} {link}")
    return "\n".join(lines)


def write(kind: str, points: pd.DataFrame, table: pd.DataFrame, nearest: pd.DataFrame) -> None:
    """Write topics with their typical claims, and each text's topic and place, to derived tables.

    As `<kind>.csv` and, by the index of `points` (columns `x`, `y`, `topic`), `claim_<kind>.csv` or
    `article_<kind>.csv`.
    """
    folder = settings.derived_dir()
    folder.mkdir(parents=True, exist_ok=True)
    flat = nearest[["claim_id", "claim", "address"]].stack().unstack(["rank", None])
    flat.columns = [f"{column}_{rank}" for rank, column in flat.columns]
    table.join(flat).to_csv(folder / f"{kind}.csv", float_format="%.6g", lineterminator="\n")
    unit = points.index.name.removesuffix("_id")
    points.to_csv(folder / f"{unit}_{kind}.csv", float_format="%.6g", lineterminator="\n")


def parts(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Which texts are of each direction, exits together, and of each large camp's outlets."""
    direction, camp = table["direction"].astype(str), table["camp"]
    masks = {
        "to Ukraine": direction == "ru_to_ua",
        "to Russia": direction == "ua_to_ru",
        "exits, either side": direction.isin(["ru_exit", "ua_exit"]),
    }
    masks |= {f"{c} outlets": camp == c for c in COMPARED_CAMPS}
    return {title: mask.to_numpy() for title, mask in masks.items() if mask.any()}


def follows(topics: Sequence[int], table: pd.DataFrame, columns=FOLLOWED) -> pd.Series:
    """Adjusted mutual information of topics with what they may follow (Vinh et al. 2010).

    0 for chance, 1 for the same partition. Texts that fit no topic count as a topic of their own.
    """
    properties = table[list(columns)].astype(object).fillna("").astype(str)  # codes may be open
    return properties.apply(adjusted_mutual_info_score, args=(topics,))


def strict(others: pd.DataFrame, claims: pd.DataFrame) -> pd.Series:
    """Mean over folds of what topics follow, and the share `none` of claims that fit none."""
    rows = []
    for _, test in folds(claims):
        labels = others["strict"].to_numpy()[test]
        rows.append({**follows(labels, claims.iloc[test]), "none": (labels < 0).mean()})
    return pd.DataFrame(rows).mean()


def follow(labels: np.ndarray, others: pd.DataFrame, claims: pd.DataFrame) -> pd.DataFrame:
    """What topics of claims follow: a row by way of making topics (`MODELS`), columns as `follows`.

    The row `coded main frame` is what the codes that guide the topics follow themselves.
    """
    held_out, coded = strict(others, claims).drop("none"), claims["frame"].astype(str)
    rows = [follows(labels, claims), held_out, follows(coded, claims)]
    return pd.DataFrame(rows, pd.Index(MODELS, name="model"))


def together(labels: np.ndarray, events: pd.Series) -> tuple[float, float]:
    """Share of pairs of articles that share a topic: on one named event, and of any pair.

    Each event of two articles or more counts once.
    """
    told = pd.crosstab(events.to_numpy(), labels).drop(index="general", errors="ignore")
    n, sizes = told.sum(axis=1), np.bincount(labels)
    same = (told * (told - 1)).sum(axis=1) / (n * (n - 1))  # missing of a single article
    return same.mean(), (sizes * (sizes - 1)).sum() / (len(labels) * (len(labels) - 1))


@estimates
def of_stories(
    labels: np.ndarray, others: pd.DataFrame, articles: pd.DataFrame, table: pd.DataFrame
) -> pd.DataFrame:
    """How many kinds of story, and how far they are events: see `describe`, `together`, `follows`.

    `follows/...` of the stories, `written/...` of those of articles whose sides are not masked.
    """
    same, chance = together(labels, articles["event"])
    values = {
        "number": len(table),
        "largest": (labels == 0).mean(),
        "one_event": (table["event_share"] > 0.5).sum(),
        "same_event": same,
        "any_pair": chance,
        "unstable": (~table["stable"].astype(bool)).sum(),
    }
    columns = (*FOLLOWED, "occasion")
    values |= follows(labels, articles, columns).add_prefix("follows/")
    values |= follows(others["written"], articles, columns).add_prefix("written/")
    return pd.DataFrame({"value": values}).rename(lambda what: name("stories", what))


@estimates
def of_tellings(
    labels: np.ndarray, others: pd.DataFrame, claims: pd.DataFrame, table: pd.DataFrame
) -> pd.DataFrame:
    """How many ways of telling, how large, and what they follow (of what `follow` returns)."""
    values = {
        "number": len(table),
        "largest": (labels == 0).mean(),
        "none": (labels < 0).mean(),
        "none_unseen": strict(others, claims)["none"],
        "unstable": (~table["stable"].astype(bool)).sum(),
    }
    for model, row in follow(labels, others, claims).iterrows():
        values |= {f"ami/{column}/{MODELS[model]}": value for column, value in row.items()}
    return pd.DataFrame({"value": values}).rename(lambda what: name("topics", what))


@estimates
def steadiness(kind: str, labels: np.ndarray, others: pd.DataFrame) -> pd.DataFrame:
    """Adjusted Rand index of the topics between seeds, after noise, and with the refits.

    And, where `others` has one, with a fit to shuffled rows.
    """
    seeds = others.filter(regex="^seed_").to_numpy().T
    between = [adjusted_rand_score(a, b) for i, a in enumerate(seeds) for b in seeds[:i]]
    refits = others.filter(regex="^refit_").to_numpy().T
    values = {
        "seeds": np.mean(between or [np.nan]),
        "seeds_worst": min(between, default=np.nan),
        "noise": adjusted_rand_score(others["noise"], labels),
        "left_out": np.mean([adjusted_rand_score(labels, refit) for refit in refits]),
    }
    if "order" in others:
        values["order"] = adjusted_rand_score(others["order"], labels)
    return pd.DataFrame({"value": values}).rename(lambda what: name(f"{kind}/ari", what))


@estimates
def numbers(measures: pd.DataFrame) -> pd.DataFrame:
    """What topics of claims would be without codes, and how steady twice as many would be.

    Of what `topics_number.by_number` returns.
    """
    at = measures.set_index(["way", "number", "measure"])["value"]
    told, other = topics_number.TOLD, topics_number.UNGUIDED
    n = topics_number.CHOSEN[told]
    keys = {f"{what}/unguided": (other, n, what) for what in topics_number.MEASURES}
    keys["coherence/guided"] = told, n, "coherence"
    keys["left_out/twice"] = told, 2 * n, "left_out"
    values = {what: at.get(key, np.nan) for what, key in keys.items()}
    return pd.DataFrame({"value": values}).rename(lambda what: name("topics_number", what))


def composed(
    labels: np.ndarray, again: np.ndarray, texts: pd.DataFrame, by: Sequence[str]
) -> stats.Shares:
    """Shares of topics in texts on crossings, with the uncertainty of the topics themselves.

    Texts that fit none count, too.

    The method of composition (Treier & Jackman 2008, as in R's stm): each refit of the topics gives
    its own `DRAWS` over events, and the pooled draws vary by both.
    """
    crossing = texts["direction"].isin(TO_RUSSIA).to_numpy()
    numbers = sorted(set(labels[crossing]))

    def of(found, seed, n):
        own = texts[crossing].assign(topic=pd.Categorical(found[crossing], numbers))
        return stats.shares(own.reset_index(drop=True), "topic", by, draws=n, seed=seed)

    pooled = np.concatenate([of(r, SEED + i, DRAWS).draws for i, r in enumerate(again)])
    return replace(of(labels, SEED, 2), draws=pooled)


def by_direction(
    labels: np.ndarray, again: np.ndarray, texts: pd.DataFrame, table: pd.DataFrame
) -> pd.DataFrame:
    """Difference between directions in the share of each topic, as `stats.contrast` returns it.

    Here `q` is the p-value over all topics at once (min-P, Westfall & Young 1993). `table` as
    `describe` returns it: rows are named by it.
    """
    s = composed(labels, again, texts, ["direction"])
    found = stats.contrast(s, TO_RUSSIA).drop(index=-1, errors="ignore")
    found = found.drop(columns="q").rename(columns={"p_all": "q"})
    found = found.assign(shown=stats.is_shown(found)).rename_axis("topic").sort_values("value")
    return found.rename(index=_names(table))


def by_camp(
    labels: np.ndarray, again: np.ndarray, texts: pd.DataFrame, table: pd.DataFrame
) -> pd.DataFrame:
    """Share of each topic in the two camps' crossings, by direction and camp (`prevalence`)."""
    s = composed(labels, again, texts, ["direction", "camp"])
    cells = stats.prevalence(s).rename_axis(["direction", "camp", "topic"])
    cells = cells.drop(index=-1, level="topic", errors="ignore")
    cells = cells[cells.index.droplevel("topic").isin([*product(TO_RUSSIA, TOWARD)])]
    return cells.rename(index=_names(table), level="topic")


@estimates
def shares(cells: pd.DataFrame) -> pd.DataFrame:
    """The shares of stories that `by_camp` returns, by direction, camp and the story's name."""
    return cells.set_axis([name("stories/share", *cell) for cell in cells.index])


def _names(table: pd.DataFrame) -> dict[int, str]:
    """Labels of topics, with a double dagger where a topic is not stable."""
    mark = table["stable"].map({True: "", False: "\N{DOUBLE DAGGER}"})
    return (table["label"] + mark).to_dict()


def stacked(about: pd.DataFrame, telling: pd.DataFrame) -> pd.DataFrame:
    """What `by_direction` returns for stories and for tellings, one above the other."""
    kinds = {"what the stories are about (articles)": about, "how they are told (claims)": telling}
    return pd.concat(kinds, names=["kind"])


@estimates
def differing(about: pd.DataFrame, telling: pd.DataFrame) -> pd.DataFrame:
    """What `by_direction` gives of stories and of tellings, and how many of each are shown."""
    kinds = {"stories": about, "topics": telling}
    found = {name(kind, "direction_found"): t["shown"].sum() for kind, t in kinds.items()}
    each = (t.rename(lambda of, kind=k: name(kind, "direction", of)) for k, t in kinds.items())
    return pd.concat([pd.DataFrame({"value": found}, dtype=float), *each])
