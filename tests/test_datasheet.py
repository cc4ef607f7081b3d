"""The datasheet of the repository's corpus, held against its tables."""

import pandas as pd
import pytest

from defection_framing import corpus
from defection_framing.corpus import article_id
from defection_framing.own.outlets import outlet_of
from defection_framing.settings import ROOT

DATA = ROOT / "data"


@pytest.fixture(scope="module")
def data():
    return corpus.load(DATA)


def test_ids_come_from_the_addresses_and_outlets_too(data):
    articles = data.articles
    assert [article_id(url) for url in articles["url"]] == list(articles.index)
    domains = set(articles["outlet"])
    assert [outlet_of(url, domains) for url in articles["url"]] == list(articles["outlet"])
    assert articles.index.is_monotonic_increasing


def shares(values: pd.Series) -> str:
    """At most ten codes of a column with their numbers, the most frequent first."""
    number = values.astype(str).value_counts().sort_index()
    number = number.sort_values(ascending=False, kind="stable")
    shown = ", ".join(f"{code}: {n:,}" for code, n in number.head(10).items())
    return shown + (f" and {len(number) - 10} more" if len(number) > 10 else "")


def by_coder(codings: pd.DataFrame) -> str:
    n = codings.index.get_level_values("coder").value_counts().sort_index()
    return ", ".join(f"{coder}: {k:,}" for coder, k in n.items())


def test_its_numbers_are_those_of_the_tables(data):
    articles, claims, cases = data.article_table(), data.claims, data.events.drop("general")
    dated, shared = articles["date"].dropna(), cases["shared"]
    most = cases["n_articles"].nlargest(3).items()
    numbers = {
        "articles": f"{len(articles):,}",
        "articles by wave": shares(articles["wave"]),
        "claims": f"{len(claims):,}, {claims['frame_2'].notna().sum():,} of them with two frames",
        "claims per article": shares(articles["n_claims"]),
        "web domains": f"{len(data.outlets):,}",
        "events": f"{len(cases):,}; most articles: {', '.join(f'{e}: {n:,}' for e, n in most)}"
        f"; articles that cover no single case: {(articles['event'] == 'general').sum():,}",
        "events told by both camps, laws and counts too": f"{shared.sum():,}, of wave 2: "
        f"{(shared & (cases['wave'] == 2)).sum():,}",
        "dates": f"{len(dated):,} articles dated, from {dated.min()[:4]} to {dated.max()[:4]}; "
        f"{len(articles) - len(dated):,} undated",
        "articles by direction": shares(articles["direction"]),
        "articles by occasion": shares(articles["occasion"]),
        "articles by camp of the outlet": shares(articles["camp_detail"]),
        "articles by language": shares(articles["lang"]),
        "articles by collection slice": shares(articles["slice"]),
        "domains by confidence of the registry": shares(data.outlets["confidence"]),
        "domains of unknown country": f"{data.outlets['country'].isna().sum():,}",
        "articles without a named source": f"{(articles['sources'].map(len) == 0).sum():,}",
        "codings of claims by pass": by_coder(data.codings_claims),
        "codings of articles by pass": by_coder(data.codings_articles),
    }
    text = (DATA / "README.md").read_text(encoding="utf-8")
    block = text.partition("## The numbers\n")[2].partition("\n## ")[0].strip()
    rows = [f"| {what} | {number} |" for what, number in numbers.items()]
    assert block.splitlines()[-len(rows) :] == rows
