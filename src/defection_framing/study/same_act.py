"""What different camps make of one and the same event (notebook 3)."""

import pandas as pd

from .. import stats
from ..corpus import Corpus, article_texts
from ..domain import CAMPS, TOWARD
from ..text import embed
from .camps import SHOWN
from .estimands import SEPARATION, estimates, name

TOLD_BY = 3  # articles of each camp that a case needs to be listed
OUTLETS = 5  # outlets of each camp that a case needs to be compared by itself
FRAMES = 10  # the commonest frames are drawn
PLOTS = "pilot plots"
SPELLINGS = {"HUR": "GUR", "Andrii Yusov": "Andriy Yusov"}
SOURCES = 16  # the sources named most are shown, under one spelling where two were found


def _cases(data: Corpus) -> pd.DataFrame:
    """Articles on named cases; those of pilots approached by the other side's services are one."""
    articles = data.article_table().reset_index()
    articles["case"] = articles["event"].where(~articles["event"].str.contains("-plot"), PLOTS)
    return articles[articles["event"] != "general"]


def shared_cases(data: Corpus) -> pd.DataFrame:
    """Articles by case and camp, of the cases that both camps told, most told first."""
    told = _cases(data).groupby(["case", "camp"], observed=True).size().unstack()
    told = told.reindex(columns=list(dict.fromkeys(CAMPS.values()))).fillna(0).astype(int)
    shared = told[(told[list(TOWARD)] >= TOLD_BY).all(axis=1)]
    return shared.loc[shared.sum(axis=1).sort_values(ascending=False).index]


def frames_by_case(data: Corpus) -> pd.DataFrame:
    """Shares of frames by case and camp, in the cases that enough outlets of both camps told.

    Inside one case outlets are what varies, so outlets are resampled and articles weighted. As
    `stats.prevalence`, with `n_outlets` in place of `n_events`.
    """
    cases = _cases(data)
    told = cases.set_index("article_id")[["case", "camp", "outlet"]]
    claims = data.claims.join(told, "article_id")
    claims = claims[claims["camp"].isin(SHOWN)]
    outlets = cases.groupby(["case", "camp"], observed=True)["outlet"].nunique().unstack()
    outlets = outlets.reindex(columns=list(TOWARD)).min(axis=1)
    tables = {}
    for case in [c for c in shared_cases(data).index if outlets[c] >= OUTLETS]:
        own = claims[claims["case"] == case]
        s = stats.shares(own.assign(cluster=own["outlet"]), "frame", ["camp"], "article")
        tables[case] = stats.pick(stats.prevalence(s), SHOWN)
    if not tables:
        index = pd.MultiIndex.from_arrays([[]] * 3, names=["case", "camp", "code"])
        columns = ["value", "low", "high", "n_articles", "n_outlets"]
        return pd.DataFrame(columns=columns, index=index, dtype=float)
    return pd.concat(tables, names=["case"]).rename(columns={"n_events": "n_outlets"})


def commonest(by_case: pd.DataFrame) -> list[str]:
    """The frames that are drawn: those with the largest share in any case and camp."""
    return list(by_case["value"].groupby("code").max().nlargest(FRAMES).index)


def distances(data: Corpus) -> tuple[pd.DataFrame, float]:
    """How much farther apart the two camps tell single events, as `stats.separation` gives it."""
    articles = data.article_table().reset_index()
    pair = articles["camp"].isin(TOWARD) & (articles["event"] != "general")
    vectors = embed.vectors(article_texts(data))
    return stats.separation(vectors[pair.to_numpy()], articles[pair], "camp")


def named_sources(data: Corpus) -> tuple[pd.DataFrame, pd.Series]:
    """Percent of each camp's articles that rest on the sources named most, and articles by camp."""
    articles = data.article_table().reset_index()
    sources = articles[["article_id", "camp", "sources"]].explode("sources").dropna()
    sources["sources"] = sources["sources"].replace(SPELLINGS)
    top = sources["sources"].value_counts().head(SOURCES).index
    n = articles["camp"].value_counts().reindex(SHOWN, fill_value=0)
    cited = sources[sources["sources"].isin(top)].drop_duplicates()
    cited = cited.groupby(["sources", "camp"], observed=True).size().unstack()
    return (100 * cited.reindex(columns=SHOWN).fillna(0) / n).loc[top], n


@estimates
def distance_estimates(apart: pd.DataFrame, p: float) -> pd.DataFrame:
    """Mean extra distance between the camps on one event, and the distance within camps."""
    n = {"n_articles": apart["n_articles"].sum(), "n_events": len(apart), "p": p}
    rows = {
        SEPARATION: stats.mean_interval(apart["value"]) | n,
        name(SEPARATION, "within"): stats.mean_interval(apart["within"]),
    }
    return pd.DataFrame(rows).T


def distance_rows(apart: pd.DataFrame, mean: pd.DataFrame) -> pd.DataFrame:
    """Rows for a figure: the mean over events with its interval, then each event."""
    own = apart[["value", "n_articles"]].rename(columns={"n_articles": "n"})
    first = mean.loc[[SEPARATION], ["value", "low", "high"]].set_axis(["mean over events"])
    return pd.concat([first.astype(float), own]).rename_axis("event")


@estimates
def case_estimates(data: Corpus, by_case: pd.DataFrame) -> pd.DataFrame:
    """Claims of treason and portrayals by case and camp, and which case was told most.

    `n_events` holds the outlets, which are resampled. `most_told/<direction>/<case>` is the rank of
    a case among those of its direction by articles, 1 for the one told most.
    """
    rows = {}
    own = by_case[by_case.index.get_level_values("code") == "treason"].droplevel("code")
    for (case, camp), r in own.iterrows():
        rows[name("frame_by_case", "treason", case, camp)] = {
            **r[["value", "low", "high", "n_articles"]], "n_events": r["n_outlets"]
        }  # fmt: skip
    cases = _cases(data)
    portrayals = cases.astype({"portrayal": str}).groupby(["case", "camp"])["portrayal"]
    for (case, camp, code), n in portrayals.value_counts().items():
        rows[name("portrayal_by_case", code, case, camp)] = {"value": n}
    for direction in sorted(TOWARD.values()):
        told = cases.loc[cases["direction"] == direction, "case"].value_counts()
        for rank, case in enumerate(told.index[:3], start=1):
            rows[name("most_told", direction, case)] = {"value": rank}
    return pd.DataFrame(rows).T
