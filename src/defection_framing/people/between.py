"""Between coders: what they differ on, how far they agree, and whether the model may stand in."""

from pathlib import Path

import numpy as np
import pandas as pd

from .. import settings, stats
from . import page, sheets
from .given import Given, differing, with_sets
from .sheets import SETS, fields_of

PAGE = "decide.html"
"""The page on which somebody decides where coders differ."""

TABLE = "people.csv"
"""The table of `compare`, in the folder of the page."""

_ASKED = {"frames": ("frame", "frame_2")}
# A set of frames is decided by its parts.


def report(folder: Path, read: dict[str, Given], population: dict[str, pd.DataFrame]) -> list[str]:
    """Write `TABLE` and `PAGE` where there is something to say, and say it in lines."""
    lines = []
    table = compare(read, population)
    if len(table):
        path = folder / TABLE
        table.to_csv(path, index=False, float_format="%.10g", lineterminator="\n")
        shown = table.to_string(index=False, float_format="%.2f", na_rep="")
        lines += [
            "People among themselves, and whether the model may stand in for one of them (the "
            f"alternative annotator test, epsilon {stats.EPSILON}):",
            shown,
            f"This table: {path}.",
        ]
    units = _to_decide(folder, read)
    (folder / PAGE).unlink(missing_ok=True)
    if units:
        keys = {unit: own.key.rename(columns={"frames": "frame_2"}) for unit, own in read.items()}
        fields = {unit: fields_of(unit, key) for unit, key in keys.items()}
        settings.write_text(folder / PAGE, page.html(page.DECIDED, fields, units))
        lines.append(
            f"Coders differ, or one was unsure, on {len(units)} texts. Codes that differ count "
            f"only when decided: open {folder / PAGE} in a browser, best with somebody who coded "
            "none of them, and put the file that it gives out into the same folder."
        )
    return lines


def compare(read: dict[str, Given], population: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Agreement of two coders or more, code by code, and the alternative annotator test.

    Columns `code`, `people`, `n` (units that two people coded or more), `alpha`, `low`, `high`
    (Krippendorff's), `wins` (share of people that the model does as well as), `always` (that of the
    most frequent code, given always: where this passes, the test says nothing for the model),
    `advantage` (how often the model is at least as near to the others as the person left out),
    `verdict`. The model is held to the codes that it did not leave open. Units weigh one over their
    inclusion probability.
    """
    rows = []
    for unit, own in read.items():
        clusters = own.key["cluster"]
        weights = 1 / own.key["probability"].astype(float)
        models = with_sets(population[unit].fillna(""))
        for code in own.settled:
            people = own.coders[code].unstack("coder").reindex(own.key.index)
            people = people.loc[:, (people != "").any()].map(parts(code))
            alpha = stats.alpha(people, clusters, weights=weights)
            if not alpha["n"]:
                continue
            model = models[code].map(parts(code)).reindex(people.index)
            test = stats.alternative_annotator(people, model, clusters, weights)
            usual = people.stack().value_counts().index[0]
            same = pd.Series([usual] * len(people), people.index).where(model.notna())
            always = stats.alternative_annotator(people, same, clusters, weights)
            row = {"code": code, "people": people.shape[1], "n": int(alpha["n"])}
            row |= alpha[["alpha", "low", "high"]].to_dict()
            tested = test["p"].notna().any()
            row["wins"] = test["wins"].mean() if tested else np.nan
            row["always"] = always["wins"].mean() if tested else np.nan
            row["advantage"] = test["model"].mean()
            rows.append(row | {"verdict": _verdict(test, row["always"], usual)})
    return pd.DataFrame(rows)


def _verdict(test: pd.DataFrame, always: float, usual: object) -> str:
    """What the alternative annotator test says, in words."""
    if test["p"].isna().all():
        return f"too few to say: {stats.LEAST_UNITS} events that two people coded are needed"
    wins = f"as good as {test['wins'].sum()} of {len(test)} people"
    if test["wins"].mean() < stats.WINNING_RATE:
        return f"may not stand in: shown to be {wins}"
    if always >= stats.WINNING_RATE:
        named = "; ".join(usual) if isinstance(usual, tuple) else usual
        return f"cannot be told: whoever always said {named} would pass too"
    few = "; only two people: ask a third" if len(test) < 3 else ""
    return f"may stand in for a person: {wins}{few}"


def parts(code: str):
    """How a cell is compared: missing if empty, a tuple if it is a set."""
    if code in SETS:
        return lambda cell: tuple(cell.split("; ")) if cell else None
    return lambda cell: cell or None


def _to_decide(folder: Path, read: dict[str, Given]) -> list[dict]:
    """Units on which coders differ or one was unsure, as `page.html` takes them, without names."""
    texts = {(one["unit"], one["id"]): one for one in page.units(folder / sheets.PAGE)}
    rng = np.random.default_rng(settings.SEED)
    units = []
    for unit, own in read.items():
        differ = differing(own)
        for key in own.key.index[differ.any(axis=1) | own.unsure]:
            at = differ.loc[key] if differ.loc[key].any() else own.settled.loc[key] != ""
            codes = list(dict.fromkeys(p for c in at.index[at] for p in _ASKED.get(c, (c,))))
            order = rng.permutation(own.coders.index.unique("coder"))
            given = {
                code: [_one(own.coders.loc[(who, key)], code) for who in order] for code in codes
            }
            shown = texts.get((unit, key))
            if shown and codes:
                shown = {name: cell for name, cell in shown.items() if name != "article"}
                units.append(shown | {"asked": codes, "given": given})
    return units


def _one(codes: pd.Series, code: str) -> str:
    """One coder's code, in words; of a set of frames the part that `code` is."""
    if code == "frame_2":
        rest = set(codes["frames"].split("; ")) - {codes["frame"]}
        return next(iter(rest), "") or "none"
    return codes[code] or "none"
