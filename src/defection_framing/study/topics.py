"""What the topics are, what they follow, whether they hold still, and where they differ.

The topics are those that `study.topics_model` fits, held against the other fits that it makes.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from .. import settings, stats
from ..domain import TO_RUSSIA
from ..settings import SEED
from .estimands import COMPARED_CAMPS, estimates, name
from .topics_model import Topics, folds

# Clusters that recur with a mean Jaccard index below this are not to be trusted (Hennig 2007).
STABLE = 0.6

# Ways to make topics, in words, and in names of estimates.
MODELS = {
    "UMAP and k-means, as written": "written",
    "this model": "model",
    "this model, strict": "strict",
    "coded main frame": "coded",
}


def renumbered(others: pd.DataFrame, found: Topics) -> np.ndarray:
    """The refits of `other_fits`, (n, n_claims), numbered one to one so that most claims agree."""
    again = []
    for labels in others.filter(regex="^refit_").to_numpy().T:
        both = (labels >= 0) & (found.labels >= 0)
        shared = pd.crosstab(labels[both], found.labels[both])
        mine, theirs = linear_sum_assignment(-shared.to_numpy())
        number = dict(zip(shared.index[mine], shared.columns[theirs], strict=True))
        again.append([number.get(t, -1) for t in labels])
    return np.array(again)


def stability(reference: np.ndarray, again: np.ndarray) -> pd.Series:
    """How well each topic recurs in refits: mean Jaccard index (Hennig 2007), 0 to 1."""
    share = {}
    for t in sorted(set(reference) - {-1}):
        both, either = (again == t) & (reference == t), (again == t) | (reference == t)
        share[t] = (both.sum(1) / either.sum(1)).mean()
    return pd.Series(share, name="stability")


def composed(
    claims: pd.DataFrame, reference: np.ndarray, again: np.ndarray, by: Sequence[str], draws=150
) -> stats.Shares:
    """Shares of topics (claims that fit none count) with the uncertainty of the topics themselves.

    The method of composition (Treier & Jackman 2008, as in R's stm): each refit of the topics gives
    its own `draws` over events, and the pooled draws vary by both.
    """
    numbers = sorted(set(reference))

    def of(labels, seed, n):
        table = claims.assign(topic=pd.Categorical(labels, numbers))
        return stats.shares(table, "topic", by, draws=n, seed=seed)

    pooled = np.concatenate([of(r, SEED + i, draws).draws for i, r in enumerate(again)])
    return replace(of(reference, SEED, 2), draws=pooled)


def label(words: Sequence[str], n: int = 4) -> str:
    """Join the first words that do not repeat each other into a readable label."""
    kept: list[str] = []
    for word in words:
        if not any(word[:5] == k[:5] for k in kept):
            kept.append(word)
    return ", ".join(kept[:n])


def overrides(labels: np.ndarray, claim_ids: Sequence[str]) -> dict[int, str]:
    """Labels that a researcher gave in `topic_labels.csv` beside the corpus's tables, by topic.

    The file has the columns `label` and `claim_id`, one row for each claim typical of the label; a
    label goes to the topic that holds the most of its claims, so it survives a refit.

    Raises
    ------
    ValueError
        If there is no such claim.
    """
    path = settings.data_dir() / "topic_labels.csv"
    if not path.exists():
        return {}
    given = pd.read_csv(path, dtype=str)
    given["topic"] = given["claim_id"].map(dict(zip(claim_ids, labels, strict=True)))
    unknown = given[given["topic"].isna()]
    if len(unknown):
        raise ValueError(
            f"{path.name}, row {unknown.index[0] + 2}, column claim_id: there is no claim "
            f"{unknown['claim_id'].iloc[0]!r}; take an id from claims.csv"
        )
    topics = given[given["topic"] >= 0].groupby("label")["topic"].agg(lambda t: t.mode()[0])
    return {int(t): name for name, t in topics.items()}


def describe(found: Topics, claims: pd.DataFrame, again: np.ndarray) -> pd.DataFrame:
    """What each topic is.

    `claims` as `fit` takes them, `again` as `renumbered` returns.

    Returns
    -------
    pd.DataFrame, one row per topic
        `label`, `words`, `n_claims`, `n_articles`, `n_events`, `stability`, `stable`, `main_frame`,
        `frame_share` (of the main frame), `largest_event` (share of its claims), `typical` (the
        claim nearest to the topic's middle).
    """
    names = overrides(found.labels, claims.index)
    recurs = stability(found.labels, again)
    far = found.clusterer.distances(found.projection.scores_)
    rows = {}
    for topic, words in found.words.items():
        own = claims[found.labels == topic]
        frames = own["frame"].value_counts(normalize=True)
        rows[topic] = {
            "label": names.get(topic, label(words)),
            "words": ", ".join(words),
            "n_claims": len(own),
            "n_articles": own["article_id"].nunique(),
            "n_events": own["cluster"].nunique(),
            "stability": recurs[topic],
            "stable": recurs[topic] >= STABLE,
            "main_frame": frames.index[0],
            "frame_share": frames.iloc[0],
            "largest_event": own["event"].value_counts(normalize=True).iloc[0],
            "typical": claims["text"].iloc[far[:, topic].argmin()],
        }
    return pd.DataFrame(rows).T.rename_axis("topic")


def write(found: Topics, claims: pd.DataFrame, table: pd.DataFrame) -> None:
    """Write what `describe` returns, and the topic of each claim, to the derived tables."""
    folder = settings.derived_dir()
    folder.mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / "topics.csv", float_format="%.6g", lineterminator="\n")
    of_claims = pd.Series(found.labels, claims.index, name="topic")
    of_claims.to_csv(folder / "claim_topics.csv", lineterminator="\n")


def follows(topics: Sequence[int], claims: pd.DataFrame) -> pd.Series:
    """Adjusted mutual information of topics with what they may follow (Vinh et al. 2010).

    0 for chance, 1 for the same partition. Claims that fit no topic count as a topic of their own.
    """
    properties = claims[["frame", "event", "direction", "camp_detail"]].astype(str)
    return properties.apply(adjusted_mutual_info_score, args=(topics,))


def strict(others: pd.DataFrame, claims: pd.DataFrame) -> pd.Series:
    """Mean over folds of what topics follow, and the share `none` of claims that fit none."""
    rows = []
    for _, test in folds(claims):
        labels = others["strict"].to_numpy()[test]
        rows.append({**follows(labels, claims.iloc[test]), "none": (labels < 0).mean()})
    return pd.DataFrame(rows).mean()


def follow(found: Topics, others: pd.DataFrame, claims: pd.DataFrame) -> pd.DataFrame:
    """What topics follow: `value` by way of making topics (`model`) and property (`property`)."""
    labels = (others["umap"], found.labels, claims["frame"].astype(str))
    written, model, coded = (follows(x, claims) for x in labels)
    held_out = strict(others, claims).drop("none")
    table = dict(zip(MODELS, (written, model, held_out, coded), strict=True))
    return pd.concat(table, names=["model", "property"]).to_frame("value")


@estimates
def ami(followed: pd.DataFrame) -> pd.DataFrame:
    """Adjusted mutual information with each property, of what `follow` returns."""
    values = {name("topics/ami", c, MODELS[m]): v for (m, c), v in followed["value"].items()}
    return pd.DataFrame({"value": values})


@estimates
def sizes(found: Topics, others, claims, table, contrast) -> pd.DataFrame:
    """How many topics, how large, and how many differ between the directions.

    From what `other_fits`, `describe` (`table`) and `by_direction` (`contrast`) return.
    """
    values = {
        "number": len(table),
        "largest": pd.Series(found.labels).value_counts(normalize=True).iloc[0],
        "none": (found.labels < 0).mean(),
        "none_unseen": strict(others, claims)["none"],
        "unstable": (~table["stable"].astype(bool)).sum(),
        "direction_found": (contrast["q"] < 0.05).sum(),
    }
    return pd.DataFrame({"value": values}).rename(lambda what: name("topics", what))


@estimates
def steadiness(found: Topics, others: pd.DataFrame, again: np.ndarray) -> pd.DataFrame:
    """Adjusted Rand index of the topics between seeds, after noise, and with the refits."""
    seeds = others.filter(regex="^seed_").to_numpy().T
    between = [adjusted_rand_score(a, b) for i, a in enumerate(seeds) for b in seeds[:i]]
    values = {
        "seeds": np.mean(between),
        "seeds_worst": min(between),
        "noise": adjusted_rand_score(others["noise"], found.labels),
        "left_out": np.mean([adjusted_rand_score(found.labels, labels) for labels in again]),
    }
    return pd.DataFrame({"value": values}).rename(lambda what: name("topics/ari", what))


def by_direction(found: Topics, again: np.ndarray, claims: pd.DataFrame) -> pd.DataFrame:
    """Difference between directions in the share of each topic, as `stats.contrast` returns it.

    Here `q` is the p-value over all topics at once (min-P, Westfall & Young 1993).
    """
    s = _composed_crossings(found, again, claims, ["direction"])
    table = stats.contrast(s, TO_RUSSIA).drop(index=-1, errors="ignore")
    table = table.drop(columns="q").rename(columns={"p_all": "q"})
    return table.assign(shown=stats.is_shown(table)).rename_axis("topic").sort_values("value")


def by_camp(found: Topics, again: np.ndarray, claims: pd.DataFrame) -> pd.DataFrame:
    """Share of each topic in crossings, by direction and camp, as `stats.prevalence` gives it."""
    s = _composed_crossings(found, again, claims, ["direction", "camp"])
    cells = stats.prevalence(s).rename_axis(["direction", "camp", "topic"])
    cells = cells.drop(index=-1, level="topic", errors="ignore")
    wanted = list(product(sorted(TO_RUSSIA), COMPARED_CAMPS))
    there = cells.index.droplevel("topic")
    return pd.concat([cells[there == cell] for cell in wanted])


def _composed_crossings(found, again, claims, by):
    crossing = claims["direction"].isin(TO_RUSSIA).to_numpy()
    return composed(claims[crossing], found.labels[crossing], again[:, crossing], by)
