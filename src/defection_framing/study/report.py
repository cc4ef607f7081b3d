"""What the report draws of the other notebooks' estimates (notebook 0)."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from .. import stats
from ..corpus import Corpus
from ..domain import CELLS, DIRECTIONS, TOWARD, label, probability
from . import codes, estimands, kept, same_act
from .estimands import SAME_TRAITOR, name
from .same_act import CAMP_LEFT

SAME = "The same cases, told by both camps"
ALL = "All that they tell: different cases (articles)"
APART = "The same without prosecutions (articles)"


def size(known: pd.DataFrame, contrast: str = "portrayal_away") -> str:
    """What a contrast rests on, in words."""
    own = known[known.index.str.startswith(f"{contrast}/") & (known["n_events"] > 0)]
    return estimands.size(own, "cases")


def _row(
    known: pd.DataFrame, heading: str, row: str, contrast: str, sides: dict, n: str
) -> dict[str, object]:
    """A row of two shares and their difference; `sides` are a camp and a name for each share.

    The difference is in words, and whether it is open; empty without an interval.
    """
    found = known.reindex([contrast]).iloc[0]
    text = "" if pd.isna(found["low"]) else found["points"].replace(" points", "")
    text += " open" if found["low"] <= 0 <= found["high"] else ""
    own = {"group": heading, "row": row, "difference": text}
    own |= {f"{side}_camp": camp for side, (camp, _) in sides.items()} | {"n": n}
    for side, (_, key) in sides.items():
        share = known.reindex([key]).iloc[0]
        own |= {side: share["value"], f"{side}_low": share["low"], f"{side}_high": share["high"]}
    return own


def _by_camp(known: pd.DataFrame, heading: str, levels: str, contrast: str, code: str):
    """A row for each camp: its shares of those who leave and of those who come."""
    for camp in TOWARD:
        come, leave = (name(levels, code, cell) for cell in CELLS if cell[0] == camp)
        sides = {"left": (camp, leave), "received": (camp, come)}
        n = "{:,.0f} come, {:,.0f} leave".format(*known["n_articles"].reindex([come, leave]))
        yield _row(known, heading, f"{camp} outlets", name(f"{contrast}_{camp}", code), sides, n)


def _complete(rows: Iterable[dict]) -> pd.DataFrame:
    """The rows of which both shares are there, and an interval of their difference."""
    table = pd.DataFrame(rows).dropna(subset=["left", "received"])
    return table[table["difference"] != ""].set_index(["group", "row"])


def traitor(known: pd.DataFrame) -> pd.DataFrame:
    """Who is portrayed as a traitor by whom: a row for `figures.dumbbell`.

    Parameters
    ----------
    known : DataFrame
        Estimates by name: `value`, `low`, `high`, `n_articles`, `n_events`, `points` (in words).
    """
    rows = []
    for direction, left in reversed(CAMP_LEFT.items()):
        camps = {"left": left, "received": next(c for c in TOWARD if c != left)}
        sides = {s: (c, name(SAME_TRAITOR.name, s, direction)) for s, c in camps.items()}
        contrast = name(SAME_TRAITOR.name, f"crossings {DIRECTIONS[direction]}")
        n = known["n_events"].reindex([contrast]).iloc[0]
        if n >= stats.MIN_PAIRS:  # of fewer there is no interval
            row = DIRECTIONS[direction]
            rows.append(_row(known, SAME, row, contrast, sides, f"{n:,.0f} cases"))
    rows += _by_camp(known, ALL, "portrayal_by_camp", "portrayal_away", SAME_TRAITOR.code)
    apart = "portrayal_unprosecuted", "portrayal_away_unprosecuted"
    return _complete([*rows, *_by_camp(known, APART, *apart, SAME_TRAITOR.code)])


GAINS = {
    "The motive: to survive": ("motives_by_camp", "motives_away", "survival"),
    "No motive is given": ("motives_by_camp", "motives_away", "not_stated"),
    "Portrayed as a convert": ("portrayal_by_camp", "portrayal_away", "convert"),
}
"""What the side that gains a person tells otherwise: levels, contrast and code, by heading."""


def gains(known: pd.DataFrame) -> pd.DataFrame:
    """`GAINS` by camp, as `traitor`."""
    return _complete(row for heading, of in GAINS.items() for row in _by_camp(known, heading, *of))


VERDICTS = ("confirmed", "supported")
HYPOTHESES_IN_WORDS = {
    "H1": "The side that was left portrays a traitor more often",
    "H2": "The side that received portrays a convert more often",
    "H3": "The other 17 frames, taken together, differ between the two sides, in the same cases",
    "H4": "The other 17 frames, taken together, differ by direction, over both camps and all cases",
}


def verdicts(known: pd.DataFrame) -> str:
    """The plan's hypotheses and their verdicts, as a table in Markdown."""
    lines = [
        "| the plan's hypothesis | verdict | p (Holm), all cases | p (Holm), new cases |",
        "| ------------------------- | ---------- | ------ | ------ |",
    ]
    for h, what in HYPOTHESES_IN_WORDS.items():
        given = known["value"].reindex([f"hypothesis/{h}/{v}" for v in VERDICTS])
        verdict = "neither" if given.sum() == 0 else VERDICTS[given.argmax()]
        p = known.reindex([f"hypothesis/{h}/holm", f"hypothesis/{h}/new_holm"])["p"]
        if p.notna().all():
            lines.append(f"| {h}. {what} | {verdict} | {' | '.join(map(probability, p))} |")
    return "\n".join(lines) if len(lines) > 2 else ""


def directions(known: pd.DataFrame) -> pd.DataFrame:
    """Frames, to Russia minus to Ukraine with camps held constant, for `figures.forest`.

    `band` is the least difference that was found in 80% of simulated corpora.
    """
    key, least = "frame_direction_within/", kept.SIMULATIONS["detectable"].saved()
    table = known[known.index.str.startswith(key) & known["q"].notna()]
    table = table.assign(shown=stats.is_shown(table)).rename(lambda n: n.removeprefix(key))
    found = least[least["estimate"] == key.rstrip("/")].set_index("code")["value"]
    return table.assign(band=found.reindex(table.index)).rename_axis("frame")


EXAMPLE = Path(__file__).with_name("example.md").read_text(encoding="utf-8").strip()


def example(data: Corpus) -> str:
    """One article's way from its claims to a number, as Markdown; empty where there is none.

    It is the first, by identifier, on an event that both camps told, of whose portrayal two passes
    said traitor and something else: what pooling does can be seen on it.
    """
    articles = same_act.shared_articles(data).set_index("article_id")
    given = data.codings_articles["portrayal"].astype(object).unstack("coder")
    given = given.reindex(index=articles.index.sort_values(), columns=["A", "B"]).dropna()
    split = given[given.eq(SAME_TRAITOR.code).sum(axis=1) == 1]
    if split.empty:
        return ""
    found = split.index[0]
    article, event = articles.loc[found], same_act.events(data).loc[articles.loc[found, "unit"]]
    passes = data.codings_claims["frame"].astype(object).unstack("coder")
    claims = data.claims[data.claims["article_id"] == found]
    rows = ["| claim | pass A | pass B | used |", "| --------------- | ---- | ---- | ---- |"]
    rows += [
        f"| {claim.text} | {passes.at[at, 'A']} | {passes.at[at, 'B']} | {claim.frame} |"
        for at, claim in claims.iterrows()
    ]
    code_draws = codes.of_articles(data, SAME_TRAITOR.column)
    shares, _ = code_draws.shares(code_draws.articles.get_indexer([found]))
    share = shares[0, code_draws.names.get_loc(SAME_TRAITOR.code)]
    return EXAMPLE.format(
        url=article["url"],
        camp=article["camp"],
        direction=DIRECTIONS[article["direction"]],
        side="left" if article["left"] else "received",
        claims="\n".join(rows),
        first=label(split.at[found, "A"]),
        second=label(split.at[found, "B"]),
        share=share,
        event=event,
        points=100 * event["value"],
    )
