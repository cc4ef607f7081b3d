"""What was read, and who told it (notebook 1)."""

import re

import pandas as pd

from .. import settings
from ..corpus import Corpus
from ..domain import DIRECTIONS, TOWARD
from .estimands import articles_of, estimates, name

LANGUAGES, CASES = 12, 18  # how many languages and cases are shown; those with the most articles


def _counts(table: pd.DataFrame, rows: str) -> pd.DataFrame:
    """Articles by a column and direction."""
    counts = pd.crosstab(table[rows], table["direction"])
    return counts.reindex(columns=list(DIRECTIONS), fill_value=0)


def coverage(data: Corpus) -> pd.DataFrame:
    """Articles by camp and direction, the camp with the most articles first."""
    counts = _counts(articles_of(data, "one direction"), "camp")
    return counts.loc[counts.sum(axis=1).sort_values(ascending=False).index]


def cases_by_camp(data: Corpus) -> pd.DataFrame:
    """Named cases by camp and direction, in the order of `coverage`."""
    named = articles_of(data, "named events")
    cases = pd.crosstab(named["camp"], named["direction"], named["event"], aggfunc="nunique")
    return cases.reindex_like(coverage(data)).fillna(0).astype(int)


def by_year(data: Corpus) -> pd.DataFrame:
    """Dated articles by year and direction."""
    return _counts(articles_of(data, "one direction").dropna(subset=["year"]), "year")


def by_language(data: Corpus) -> pd.DataFrame:
    """Articles by language and direction; all but the commonest languages are `other`."""
    top = data.articles["lang"].value_counts().head(LANGUAGES).index
    articles = articles_of(data, "one direction")
    lang = articles["lang"].astype(str)
    counts = _counts(articles.assign(lang=lang.where(lang.isin(top), "other")), "lang")
    return counts.reindex([*top, "other"], fill_value=0)


def cases(data: Corpus) -> pd.DataFrame:
    """Articles by case and camp, of the cases with the most; missing where there is none."""
    articles = data.article_table()
    named = articles[articles["event"] != "general"]
    big = named["event"].value_counts().head(CASES).index
    grid = named[named["event"].isin(big)].groupby(["event", "camp"], observed=True).size()
    return grid.unstack().reindex(index=big, columns=coverage(data).index)


def frame_examples(data: Corpus) -> pd.DataFrame:
    """Each frame, its meaning, and the shortest claim of either direction (given so by A and B)."""
    claims = data.claim_table().dropna(subset=["frame"])
    given = data.codings_claims["frame"].astype(object).unstack("coder")
    if len(given):
        frame, given = claims["frame"].astype(object), given.loc[claims.index]
        claims = claims[given["A"].eq(frame) & given["B"].eq(frame)]
    by_length = claims.iloc[claims["text"].str.len().argsort(kind="stable")]
    by_length = by_length.astype({"frame": str, "direction": str})
    examples = by_length.groupby(["frame", "direction"])["text"].first().unstack()
    examples = examples.reindex(columns=sorted(TOWARD.values())).fillna("-")
    codebook = (settings.ROOT / "data" / "CODEBOOK.md").read_text(encoding="utf-8")
    meaning = dict(re.findall(r"\| `(\w+)` \| (.+) \|", codebook))
    examples.insert(0, "the claim says that", examples.index.map(meaning))
    return examples.rename(columns={d: f"claimed of crossings {x}" for d, x in DIRECTIONS.items()})


@estimates
def corpus_estimates(data: Corpus) -> pd.DataFrame:
    """How much there is of what."""
    articles = data.article_table()
    values = {
        "articles": len(articles),
        "claims": len(data.claims),
        "outlets": articles["outlet"].nunique(),
        "languages": articles["lang"].nunique(),
        "cases": (articles["event"].unique() != "general").sum(),
        "crossings": articles_of(data, "acts")["event"].nunique(),
        "clusters": articles["cluster"].nunique(),
        "undated": articles["year"].isna().mean(),
        "first_year": articles["year"].min(),
        "last_year": articles["year"].max(),
        "largest_event": articles["event"].value_counts(normalize=True).iloc[0],
    }
    return pd.DataFrame({"value": values}, dtype=float).rename(lambda what: name("corpus", what))
