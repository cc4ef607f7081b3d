"""How the main result depends on what was found, and on camps that were settled late.

The corpus was found by similarity search, so nobody knows what it left behind. What can be known:
how the result moves when parts of what was found are taken away.
"""

from dataclasses import replace

import pandas as pd

from .. import stats
from ..corpus import Corpus, NotEnough
from ..domain import TOWARD
from . import codes, same_act
from .estimands import SAME_TRAITOR, TRAITOR_AWAY, estimates, name
from .multiverse import Material, paired, unpaired

# Languages that stand by themselves; the rest are `other languages`.
LANGUAGES = {"en": "English", "ru": "Russian", "uk": "Ukrainian"}

# How the registry says of outlets that look Ukrainian that they stand in a list of a network. They
# are undisclosed since a third look, after a first count: two old ones were Ukrainian before.
LISTED = "named in a published list"


def moved(m: Material, kind: str) -> pd.DataFrame:
    """The portrayal as traitor, paired and not, without each `slice`, `language` or `event`.

    Index: estimate, part. Columns `value`, `low`, `high`, `n_articles`, `n_events`, with codes held
    as expected; NaN where a part leaves too little.
    """
    a, rows = m.articles, {}
    column = a.assign(language=a["lang"].map(LANGUAGES).fillna("other languages"))[kind]
    crossing = a["direction"].isin(TOWARD.values()) & a["camp"].isin(TOWARD)
    for part in sorted(set(column[crossing]) - {"general"}):
        keep = (column != part).to_numpy()
        made = paired(m, [SAME_TRAITOR], (), keep) | unpaired(m, [TRAITOR_AWAY], (), keep)
        for key, t in made.items():
            rows[key, part] = t.iloc[0] if len(t) else pd.Series(dtype=float)
    columns = ["value", "low", "high", "n_articles", "n_events"]
    table = pd.DataFrame(rows).T.reindex(columns=columns).astype(float)
    if table.empty or table["value"].groupby(level=0).count().min() == 0:
        raise NotEnough(
            "This corpus tells too few events from both sides to leave any out: it takes crossings "
            "in both directions, told by outlets of both camps."
        )
    return table.rename_axis(["estimate", "part"])


@estimates
def held(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Of what `moved` gives, by kind: parts, how many fail, the lowest and the highest.

    A part fails if its interval holds zero or there is none.
    """
    rows = {}
    for kind, table in tables.items():
        for key, own in table.groupby(level="estimate"):
            at = name(key, f"{kind} left out")
            rows[name(at, "parts")] = {"value": len(own)}
            rows[name(at, "fails")] = {"value": (~(own["low"] > 0)).sum()}
            rows[name(at, "lowest")] = own.loc[own["value"].idxmin()].to_dict()
            rows[name(at, "highest")] = own.loc[own["value"].idxmax()].to_dict()
    return pd.DataFrame.from_dict(rows, "index")


@estimates
def camps_settled(data: Corpus) -> pd.DataFrame:
    """The paired portrayal as traitor with camps as they were before a first count, and firm alone.

    Seven camps were settled after a first count of it (a deviation from the plan); the records name
    two of them. The outlets of the list (`LISTED`) are put back as Ukrainian, and beside it all
    outlets whose camp rests on little are left out.
    """
    before = data.outlets["camp"].mask(data.outlets["basis"].str.contains(LISTED), "ukrainian")
    back = replace(data, outlets=data.outlets.assign(camp=before))
    code_draws, rows = codes.of_articles(data, SAME_TRAITOR.column), {}
    firm = ", firm camps"
    for way, of, part in (("settled", data, ""), ("before", back, ""), ("firm", data, firm)):
        for events, more in (("all events", ""), ("new events", ", new events")):
            articles = same_act.shared_articles(of, f"two camps{part}{more}")
            made, used = same_act.pairs(articles, code_draws)
            row = stats.paired_contrast(made).loc[SAME_TRAITOR.code]
            key = name(SAME_TRAITOR.name, "camps", way, events)
            rows[key] = {**row, "n_articles": len(used)}
    return pd.DataFrame.from_dict(rows, "index")
