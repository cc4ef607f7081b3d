"""What a corpus of one's own shows, in sentences made from its own estimates.

The findings in `findings.toml` were written about the repository's corpus. Of any other one this
says what can be said of all of them: how much there is, shares and contrasts that have an interval,
and nothing of the rest.
"""

from collections.abc import Iterator
from functools import partial

import pandas as pd

from .. import domain, stats
from ..corpus import Corpus
from ..study import estimands, same_act
from .findings import Finding
from .ledger import Estimate, of_rows

MOST = 4
"""Codes that a sentence names at most, the most frequent or the largest differences."""

_NOTEBOOK = "4_camps"

# Codes whose shares are told, what they are shares of, and what these do.
_COLUMNS = {"portrayal": ("articles", "portray"), "frame": ("claims", "have as their frame")}

# The figures that show contrasts of a kind; others are among the portrayals.
_FIGURES = {"exit": "exits", "frame": "frames_away", "motives": "motives_away"}

_said = partial(Finding, "", holds=())  # of a notebook, a figure and a text


def sentences(data: Corpus, known: dict[str, Estimate]) -> Iterator[Finding]:
    """Say what a corpus shows, by its tables and by the estimates `known`, by name."""
    yield _said("1_corpus", "coverage", _told(data), headline=True)
    for column in _COLUMNS:
        for by in (["direction"], ["camp", "direction"]):
            figure = "portrayals_by_camp" if column == "portrayal" else "frames_away"
            for text in _shares(data, column, by):
                yield _said(_NOTEBOOK, figure, text, headline=column == "portrayal")
    for what in _COLUMNS:
        label = f"{what}, camp that was left minus camp that received, same act"
        if text := _differences(label, f"same_act_codes/{what}", known):
            yield _said("3_same_act", "same_act_codes", text, headline=what == "portrayal")
    both = same_act.shared_articles(data)["unit"].nunique()
    if lost := both - len(same_act.events(data)):
        text = f"Of {both:,} cases that both camps tell, {lost:,} cannot be compared by portrayal: "
        text += "on one side no article's is decided."
        yield _said("3_same_act", "same_act_codes", text, headline=True)
    for contrast in estimands.CONTRASTS.values():
        # What rests on a part of the cases or of the codes is for the notebook.
        if "," in contrast.population or contrast.without or contrast.name == "frame_directional":
            continue
        kind = "exit" if contrast.name.startswith("frame_exit") else contrast.column
        if text := _differences(contrast.label, contrast.name, known):
            leads = contrast.name == "portrayal_away"
            yield _said(_NOTEBOOK, _FIGURES.get(kind, "by_stratum"), text, headline=leads)
    if "topics/number" in known:
        text = f"The claims are cut into {known['topics/number']:count} topics (a choice)."
        if others := (data.articles["lang"].astype(str) != "en").sum():
            text += (
                f" {others:,} of {len(data.articles):,} articles are not in English: they and the "
                "kinds of story rest on a multilingual encoder, less the mean of each language."
            )
        yield _said("2_topics", "claim_map", text)


def _told(data: Corpus) -> str:
    """How much is told of what, and by whom."""
    articles = data.article_table()
    told = articles["direction"].value_counts()
    parts = [f"{n:,} on {_of(d)}" for d, n in told[told > 0].items()]
    camps = articles["camp"].value_counts()
    tellers = [f"{n:,} {camp}" for camp, n in camps[camps > 0].items()]
    return (
        f"**{len(articles):,} articles on {articles['cluster'].nunique():,} events, "
        f"{len(data.claims):,} claims.** By what they tell of: {', '.join(parts)}. By the camp of "
        f"the outlet: {', '.join(tellers)}. Groups of fewer than {stats.MIN_EVENTS} effective "
        "events have no interval, and nothing is said of them."
    )


def _of(direction: str) -> str:
    crossing = direction in domain.TOWARD.values()
    label = domain.DIRECTIONS.get(direction, "both directions")
    return f"crossings {label}" if crossing else label.replace("exit from", "exits from the")


def _shares(data: Corpus, column: str, by: list[str]) -> Iterator[str]:
    """A sentence for each group that has intervals: its most frequent codes."""
    of, do = _COLUMNS[column]
    table = data.article_table() if of == "articles" else data.claim_table()
    population = "two camps" if "camp" in by else "named events"
    table = table[estimands.POPULATIONS[population](table)].reset_index()
    every, table = table.groupby(by, observed=True).size(), stats.decided(table, column)
    if table.empty:
        return
    sizes = table.groupby(by, observed=True).size()
    found = stats.prevalence(stats.shares(table, column, by))
    for group, rows in found[found["low"].notna()].groupby(level=by, observed=True):
        rows = rows.sort_values("value", ascending=False, kind="stable")
        most = rows[rows["value"] > 0].head(MOST)
        named = zip(most.index.get_level_values("code"), of_rows(most), strict=True)
        codes = "; ".join(f"{domain.label(code)} {estimate:share}" for code, estimate in named)
        who = f" of {group[0]} outlets" if "camp" in by else ""
        told = f"{of.capitalize()}{who} on {_of(group[-1])} {do}: {codes}"
        left = every.loc[group] - sizes.loc[group]
        left = f"; {left:,} of {every.loc[group]:,} {of} are open and not counted" if left else ""
        yield f"{told} ({of_rows(rows)[0]:n}{left})."


def _differences(label: str, prefix: str, known: dict[str, Estimate]) -> str:
    """Say which codes of a contrast differ, or which most; empty where none has an interval."""
    by_name = {n: e for n, e in known.items() if n.rpartition("/")[0] == prefix}
    codes = {n.rpartition("/")[2]: e for n, e in by_name.items() if pd.notna(e.low)}
    if not codes:
        return ""
    ordered = sorted(codes, key=lambda c: -abs(codes[c].value))
    is_shown = stats.is_shown(pd.DataFrame([*codes.values()], [*codes]))
    shown = [code for code in ordered if is_shown[code]]
    named = [f"{domain.label(c)} {codes[c]:points}" for c in (shown or ordered[:1])[:MOST]]
    n = codes[ordered[0]]
    told = f"**{label[0].upper()}{label[1:]}**: "
    if shown:
        differ = "differs" if len(shown) == 1 else "differ"
        rest = f"; {len(shown)} of {len(codes)} codes {differ}" if len(codes) > 1 else ""
        return f"{told}{'; '.join(named)}{rest} ({n:n})."
    among = f" among {len(codes)} codes" if len(codes) > 1 else ""
    unsure = ""
    if n.low > 0 or n.high < 0:
        few = pd.isna(n.q)
        unsure = ", on too few events for a p-value" if few else f", adjusted p = {n.q:.2f}"
    return f"{told}no difference is shown; the largest{among} is {named[0]}{unsure} ({n:n})."
