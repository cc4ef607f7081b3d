"""Parts of the repository's corpus, written out as corpora of their own."""

import shutil
from pathlib import Path

import pandas as pd

from defection_framing import corpus
from defection_framing.settings import ROOT


def write(folder: Path, keep, second_coder: bool = False) -> Path:
    """Write the articles for which `keep(articles)` is true, with all that belongs to them."""
    tables = {
        name: pd.read_csv(ROOT / "data" / f"{name}.csv", dtype=str, keep_default_na=False)
        for name in ("articles", "claims", "outlets", "second_coder_articles")
        + ("second_coder_claims",)
    }
    articles = tables["articles"] = tables["articles"][keep(tables["articles"])]
    ids = set(articles["article_id"])
    for name in ("claims", "second_coder_articles"):
        tables[name] = tables[name][tables[name]["article_id"].isin(ids)]
    second = tables["second_coder_claims"]
    tables["second_coder_claims"] = second[second["claim_id"].isin(tables["claims"]["claim_id"])]
    events = corpus.event_facts(
        articles.replace({"date": {"": None}}), tables["outlets"].set_index("domain")
    )
    for column in ("directions", "camps", "langs"):
        events[column] = events[column].map("; ".join)
    tables["events"] = events.reset_index()
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        if second_coder or not name.startswith("second"):
            table.to_csv(folder / f"{name}.csv", index=False)
    shutil.copy(ROOT / "data" / "datapackage.json", folder)
    return folder
