"""What the report draws of the other notebooks' estimates (notebook 0)."""

import pandas as pd

from ..corpus import Corpus
from ..domain import CELLS, DIRECTIONS, TOWARD, label
from . import kept, same_act
from .estimands import SAME_TRAITOR, name
from .same_act import LEFT

SAME = "The same cases, told by both camps"
ALL = "All that they tell: different cases (articles)"
APART = "The same without prosecutions (articles)"


def _difference(known: pd.DataFrame, contrast: str) -> str:
    """The difference of a row, in words, and whether it is open; empty where there is none."""
    row = known.reindex([contrast]).iloc[0]
    text = "" if pd.isna(row["value"]) else row["points"].replace(" points", "")
    return f"{text} open" if row["low"] <= 0 <= row["high"] else text


def size(known: pd.DataFrame, contrast: str = "portrayal_away") -> str:
    """What a contrast rests on, in words."""
    own = known[known.index.str.startswith(f"{contrast}/") & known["n_events"].notna()]
    if own.empty:
        return "none"
    return f"{own['n_articles'].iloc[0]:,.0f} articles on {own['n_events'].iloc[0]:,.0f} cases"


def _shares(known: pd.DataFrame, side: str, key: str) -> dict[str, object]:
    """Share and limits of an estimate, in columns of a side."""
    row = known.reindex([key]).iloc[0]
    return {side: row["value"], f"{side}_low": row["low"], f"{side}_high": row["high"]}


def _telling(known: pd.DataFrame, levels: str, contrast: str, camp: str, kinds: list[str]):
    """One camp's row: its shares of those who leave and of those who come."""
    leave, come = (name(levels, camp, kind) for kind in kinds)
    n = known.reindex([leave, come])["n_articles"]
    return {
        "row": f"{camp} outlets", "difference": _difference(known, contrast),
        "left_camp": camp, "received_camp": camp,
        "n": f"{n.iloc[1]:,.0f} come, {n.iloc[0]:,.0f} leave",
        **_shares(known, "left", leave), **_shares(known, "received", come),
    }  # fmt: skip


def _directions(camp: str) -> list[str]:
    """Direction of those who leave the camp's side, and of those who come."""
    return [d for c, d in reversed(CELLS) if c == camp]


def traitor(known: pd.DataFrame) -> pd.DataFrame:
    """Who is portrayed as a traitor by whom: a row for `figures.dumbbell`.

    Parameters
    ----------
    known : DataFrame
        Estimates by name: `value`, `low`, `high`, `n_articles`, `n_events`, `points` (in words).
    """
    rows = []
    for direction, left in reversed(LEFT.items()):
        received = next(c for c in TOWARD if c != left)
        levels = {s: name(SAME_TRAITOR.name, s, direction) for s in ("left", "received")}
        contrast = name(SAME_TRAITOR.name, f"crossings {DIRECTIONS[direction]}")
        n = known.reindex([contrast])["n_events"].iloc[0]
        rows.append(
            {"group": SAME, "row": DIRECTIONS[direction],
             "difference": _difference(known, contrast),
             "left_camp": left, "received_camp": received, "n": f"{n:,.0f} cases",
             **_shares(known, "left", levels["left"]),
             **_shares(known, "received", levels["received"])}
        )  # fmt: skip
    for camp in TOWARD:
        key = name("portrayal_by_camp", "traitor")
        contrast = name(f"portrayal_away_{camp}", "traitor")
        row = _telling(known, key, contrast, camp, _directions(camp))
        rows.append(row | {"group": ALL})
    for camp in TOWARD:
        key = name("portrayal_unprosecuted", "traitor")
        contrast = name(f"portrayal_away_unprosecuted_{camp}", "traitor")
        row = _telling(known, key, contrast, camp, _directions(camp))
        rows.append(row | {"group": APART})
    return _told(rows)


def _told(rows: list[dict]) -> pd.DataFrame:
    """The rows of which both shares are there."""
    table = pd.DataFrame(rows).dropna(subset=["left", "received"])
    return table.set_index(["group", "row"])


GAINS = {
    "The motive: to survive": ("motives_by_camp", "motives_away", "survival"),
    "No motive is given": ("motives_by_camp", "motives_away", "not_stated"),
    "Portrayed as a convert": ("portrayal_by_camp", "portrayal_away", "convert"),
}
"""What the side that gains a person tells otherwise: levels, contrast and code, by heading."""


def gains(known: pd.DataFrame) -> pd.DataFrame:
    """`GAINS` by camp, as `traitor`."""
    return _told(
        [
            _telling(known, name(levels, code), name(f"{contrast}_{camp}", code), camp,
                     _directions(camp)) | {"group": heading}
            for heading, (levels, contrast, code) in GAINS.items()
            for camp in TOWARD
        ]
    )  # fmt: skip


VERDICTS = ("confirmed", "supported")
HYPOTHESES = {
    "H1": "The side that was left portrays a traitor more often",
    "H2": "The side that received portrays a convert more often",
    "H3": "The other 17 frames differ between the two sides, in the same cases",
    "H4": "The other 17 frames differ by direction, whoever tells, in all cases",
}


def verdicts(known: pd.DataFrame) -> str:
    """The plan's hypotheses and their verdicts, as a table in Markdown."""
    lines = [
        "| the plan's hypothesis | verdict | p, all cases | p, new cases alone |",
        "| ------------------------- | ---------- | ------ | ------ |",
    ]
    for h, what in HYPOTHESES.items():
        given = known["value"].reindex([f"hypothesis/{h}/{v}" for v in VERDICTS])
        verdict = "neither" if given.sum() == 0 else VERDICTS[given.argmax()]
        p = known.reindex([f"hypothesis/{h}/holm", f"hypothesis/{h}/new_holm"])["p"]
        if p.notna().all():
            ends = ["< 0.001" if x < 0.001 else f"{x:.3f}" for x in p]
            lines.append(f"| {h}. {what} | {verdict} | {' | '.join(ends)} |")
    return "\n".join(lines) if len(lines) > 2 else ""


def directions(known: pd.DataFrame) -> pd.DataFrame:
    """Frames, to Russia minus to Ukraine with camps held constant, for `figures.forest`.

    `band` is the least difference that was found in 80% of simulated corpora.
    """
    key, least = "frame_direction_within/", kept.SIMULATIONS["detectable"].saved()
    table = known[known.index.str.startswith(key) & known["q"].notna()]
    shown = (table["q"] < 0.05) & ((table["low"] > 0) | (table["high"] < 0))
    table = table.assign(shown=shown).rename(lambda n: n.removeprefix(key))
    found = least[least["estimate"] == key.rstrip("/")].set_index("code")["value"]
    return table.assign(band=found.reindex(table.index)).rename_axis("frame")


def example(data: Corpus) -> str:
    """One article's way from its claims to a number, as Markdown; empty where there is none.

    It is the first, by identifier, on an event that both camps told, of whose portrayal two passes
    said traitor and something else: what pooling does can be seen on it.
    """
    articles = same_act.told(data).set_index("article_id")
    given = data.codings_articles["portrayal"].astype(object).unstack("coder")
    given = given.reindex(index=articles.index.sort_values(), columns=["A", "B"]).dropna()
    split = given[given.eq(SAME_TRAITOR.code).sum(axis=1) == 1]
    if split.empty:
        return ""
    found = split.index[0]
    article, event = articles.loc[found], same_act.events(data).loc[articles.loc[found, "unit"]]
    passes = data.codings_claims["frame"].astype(object).unstack("coder")
    claims = data.claims[data.claims["article_id"] == found]
    rows = [
        f"| {claim.text} | {passes.at[at, 'A']} | {passes.at[at, 'B']} | {claim.frame} |"
        for at, claim in claims.iterrows()
    ]
    sides = {True: "left", False: "received"}
    share = same_act.article_shares(data)[found]
    said = [
        f"**The article.** <{article['url']}>, of {article['camp']} outlets, tells of a crossing "
        f"{DIRECTIONS[article['direction']]} ({event['event']}); the teller's side is the "
        f"one that was {sides[bool(article['left'])]}.",
        "**Its claims**, restated by the first pass, with the frames that two blind passes gave "
        "and the one that is used.",
        "\n".join(
            [
                "| claim | pass A | pass B | used |",
                "| --------------- | ---- | ---- | ---- |",
                *rows,
            ]
        ),
        f"**Its portrayal.** Pass A says {label(split.at[found, 'A'])}, pass B "
        f"{label(split.at[found, 'B'])}. Pooled, with how far each pass is to be trusted, it "
        f"counts as {share:.0%} of an article that portrays a traitor.",
        f"**The crossing.** The side that was left counts {event['left']:.0%} (articles: "
        f"{event['n_left']:.0f}), the side that received {event['received']:.0%} "
        f"({event['n_received']:.0f}). The difference, {100 * event['value']:+.0f} points, is "
        "one line of the figure of the same acts, and one of those that the finding averages.",
    ]
    return "\n\n".join(said)
