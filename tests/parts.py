"""Parts of the repository's corpus, written out as corpora of their own; kept tables repeated."""

import shutil
from pathlib import Path

import pandas as pd

from defection_framing import corpus
from defection_framing.settings import ROOT
from defection_framing.study import kept

CODINGS = ("codings_claims", "codings_articles")


def write(folder: Path, keep, codings: bool = False) -> Path:
    """Write the articles for which `keep(articles)` is true, with all that belongs to them."""
    tables = {
        name: pd.read_csv(ROOT / "data" / f"{name}.csv", dtype=str, keep_default_na=False)
        for name in ("articles", "claims", "outlets", *(CODINGS if codings else ()))
    }
    articles = tables["articles"] = tables["articles"][keep(tables["articles"])]
    for name in set(tables) & {"claims", "codings_articles"}:
        tables[name] = tables[name][tables[name]["article_id"].isin(articles["article_id"])]
    if codings:
        kept = tables["codings_claims"]["claim_id"].isin(tables["claims"]["claim_id"])
        tables["codings_claims"] = tables["codings_claims"][kept]
    facts = articles.replace({"date": {"": None}}).astype({"wave": int})
    events = corpus.event_facts(facts, tables["outlets"].set_index("domain"))
    tables["events"] = events.map(corpus.cell_text).reset_index()
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    shutil.copy(ROOT / "data" / "datapackage.json", folder)
    return folder


def repeat(simulation: kept.Simulation) -> None:
    """Repeat the small run of a simulation and hold it to the kept one, written with six digits."""
    stored = pd.read_csv(kept.folder() / f"{simulation.name}_few.csv")
    now = simulation.run(simulation.few, small=True).reset_index(drop=True)
    pd.testing.assert_frame_equal(now, stored, check_dtype=False, rtol=1e-5, atol=1e-9)
