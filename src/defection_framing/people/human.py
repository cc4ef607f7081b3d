"""Sheets for people to code, what they gave, and how often the model's codes are theirs."""

from pathlib import Path

import numpy as np
import pandas as pd

from .. import corpus, stats
from ..domain import CAMPS
from ..own import folder as own
from ..own import package
from . import sheets
from .sheets import CODES, DRAWN_FROM, FACTS, SETS, UNITS, SheetError, draw, fields_of, hand_out

DECIDED = 100
"""Units without an open code that a review draws, of articles and of claims."""

_ALPHA = ["alpha", "alpha_low", "alpha_high"]


def blind_sheet(n: int, out: Path) -> str:
    """Write sheets of n rows for a person to code a sample of the corpus, blind to its codes.

    Articles are stratified by direction and camp, claims by main frame and direction. The key,
    apart, holds existing codes, strata, inclusion probabilities, and all that was drawn from.
    """
    data = corpus.load()
    articles, claims = data.article_table(), data.claim_table()
    camps = articles["camp"].fillna("Other")
    strata = {
        "article": articles["direction"].astype(str) + " / " + camps,
        "claim": claims["frame"].astype(str) + " / " + claims["direction"].astype(str),
    }
    tables = {"article": articles[["url"]], "claim": claims[["text", "url"]]}
    drawn, population = {}, {}
    for unit, coded, of in (
        ("article", articles, articles.index),
        ("claim", claims, claims["article_id"]),
    ):
        known = coded[["cluster", *CODES[unit]]].assign(article_direction=coded["direction"])
        known = known.map(corpus.cell_text)
        drawn[unit] = draw(strata[unit], n).join(known)
        population[unit] = known.assign(article_id=of, camp=coded["camp"]).rename_axis("id")
    return hand_out(Path(out), tables, drawn, population)


def human_codes(folder: Path) -> pd.DataFrame:
    """Read the codes that people gave in a folder's sheets, one or both, beside the model's.

    A row is a unit and a code given: `unit`, `id`, `code`, `human`, `model` (sets are joined by
    "; ", empty where the model gave none; `frames` is the set of a claim's one or two frames),
    `probability` (that the unit was drawn and coded: its inclusion probability times the share of
    its stratum's drawn units that are coded; response homogeneity groups, Särndal, Swensson &
    Wretman 1992, ch. 15), `direction` (of the article, the model's), `cluster` (to be resampled).
    """
    return _given(_read(folder))


def population(folder: Path) -> dict[str, pd.DataFrame]:
    """Read what the sheets were drawn from, by unit, with the model's codes as they were then."""
    place = sheets.key_folder(folder) / DRAWN_FROM
    return {
        unit: sheets.read_key(place / f"{name}.csv", ("article_id", "cluster")).replace("", None)
        for unit, name in _sheets_in(folder).items()
    }


def compare(codes: pd.DataFrame) -> pd.DataFrame:
    """Measure the agreement of people with the model, in the corpus that was drawn from.

    A row is a code; a code and direction (the model's); or a main frame against all others: `code`,
    `frame`, `direction` (empty: all), `n` (units; for a frame, those that either gave it),
    `agreement`, `low`, `high` (share of the corpus's units on which human and model agree, units
    weighted by one over their probability; Korn & Graubard 1998 with clusters, which leaves the
    gain of stratification out), `alpha`, `alpha_low`, `alpha_high` (Krippendorff's, weighted alike;
    none for a direction within itself). No interval where there is one cluster only.
    """
    rows = []
    for code, group in codes[codes["model"] != ""].groupby("code", sort=False):
        everywhere = {"code": code, "frame": "", "direction": ""}
        rows.append(everywhere | _agreement(group))
        for direction, part in group[group["direction"] != ""].groupby("direction"):
            row = everywhere | {"direction": direction} | _agreement(part)
            if code == "direction":
                row |= dict.fromkeys(_ALPHA, np.nan)
            rows.append(row)
        for frame in sorted(set(group["human"]) | set(group["model"])) if code == "frame" else ():
            gave = group.assign(human=group["human"] == frame, model=group["model"] == frame)
            n = int((gave["human"] | gave["model"]).sum())
            rows.append(everywhere | {"frame": frame} | _agreement(gave) | {"n": n})
    first = ["code", "frame", "direction", "n", "agreement", "low", "high"]
    return pd.DataFrame(rows, columns=[*first, *_ALPHA])


def report(folder: Path) -> str:
    """Read filled sheets, write `agreement.csv` beside them, and say what they hold."""
    filled_in, lines = _read(folder), []
    codes = _given(filled_in)
    for unit, (_, filled) in filled_in.items():
        name = UNITS[unit]
        given = (filled != "").any(axis=1)
        done = given.sum()
        lines.append(
            f"{name}.csv: {done} of {len(given)} rows are coded, {(~given).sum()} not yet."
        )
    if codes.empty:
        return "\n".join(lines)
    table = compare(codes)
    path = Path(folder) / "agreement.csv"
    table.to_csv(path, index=False, float_format="%.10g", lineterminator="\n")
    main = table[(table["frame"] == "") & (table["direction"] == "")]
    shown = main.drop(columns=["frame", "direction"]).to_string(index=False, float_format="%.2f")
    lines += [shown, f"Each code by direction, and each frame: {path}."]
    lines.append("Estimates that these codes correct: see `defection-framing corrected --help`.")
    return "\n".join(lines)


def review(folder: Path) -> str:
    """Write sheets for people to decide what classifiers left open; if filled, take their codes.

    Every unit with an open code is in the sheets, and a random sample of the others, whose guesses
    are to be checked; the key holds the inclusion probabilities of both.
    """
    folder = Path(folder)
    target = folder / "review"
    if target.exists():
        codes = human_codes(target)
        if codes.empty:
            return f"No row of the sheets in {target} is filled in yet."
        package.set_codes(folder, codes.rename(columns={"human": "value"}))
        lines = [f"{len(codes):,} codes by a person are stored.", report(target)]
        left = _machine_codes(folder).query("open")
        paths = sheets.key_folder(target).glob("*.csv")
        asked = [sheets.read_key(path, FACTS).index for path in paths]
        if new := len(set(left["id"]).difference(*asked)):
            lines.append(
                f"{new:,} more articles or claims have an open code now: rename review to review-1 "
                "and review-key to review-1-key, and run this again for their sheets."
            )
        return "\n".join(lines)
    codes = _machine_codes(folder)
    if codes.empty:
        raise SheetError(f"{folder / 'codes.csv'} holds no code by a model: nothing to review.")
    shown, facts = _coded_units(folder)
    tables, drawn, population = {}, {}, {}
    for unit, given in codes.groupby("unit", sort=False):
        guess = given.pivot(index="id", columns="code", values="value").fillna("")
        guess = guess[[code for code in CODES[unit] if code in guess]]
        is_open = given.groupby("id")["open"].any()
        strata = ("decided / " + guess.iloc[:, 0]).mask(is_open, "open")
        tables[unit] = shown[unit]
        known = facts[unit][["cluster", "article_direction"]]
        drawn[unit] = draw(strata, DECIDED, whole="open").join(known).join(guess)
        decided = given[~given["open"]].pivot(index="id", columns="code", values="value")
        decided = decided.reindex(index=guess.index, columns=guess.columns)
        population[unit] = decided.join(facts[unit])
    return hand_out(target, tables, drawn, population)


def _agreement(codes: pd.DataFrame) -> dict[str, float]:
    """Agreement of human and model on some units, weighted to the corpus."""
    human, model = codes["human"], codes["model"]
    if codes["code"].iloc[0] in SETS:
        human, model = (s.map(lambda cell: tuple(sorted(cell.split("; ")))) for s in (human, model))
    clusters, weights = codes["cluster"], 1 / codes["probability"]
    share = stats.share_of(human == model, clusters, weights)
    alpha = stats.alpha(model, human, clusters, weights=weights)
    made = {"n": len(codes), "agreement": share["value"]}
    made |= {"low": share["low"], "high": share["high"]}
    return made | dict(zip(_ALPHA, alpha[["alpha", "low", "high"]], strict=True))


def _sheets_in(folder: Path) -> dict[str, str]:
    """Name the sheets that a folder holds, by their unit."""
    found = {unit: name for unit, name in UNITS.items() if (Path(folder) / f"{name}.csv").exists()}
    if not found:
        raise SheetError(f"{folder} holds neither articles.csv nor claims.csv; name another.")
    return found


def _read(folder) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """Read each key and its sheet, the codes only; with a second frame, the set `frames` too."""
    read, slips = {}, []
    for unit, name in _sheets_in(folder).items():
        drawn = sheets.read_key(sheets.key_folder(folder) / f"{name}.csv", FACTS)
        try:
            filled = sheets.read(Path(folder) / f"{name}.csv", drawn.index, fields_of(unit, drawn))
            if "frame_2" in drawn:
                _check_second_frames(name, filled)
        except SheetError as error:
            slips.append(str(error))
            continue
        for table in (drawn, filled) if "frame_2" in drawn else ():
            table["frames"] = (table["frame"] + "; " + table["frame_2"]).str.removesuffix("; ")
        read[unit] = drawn, filled.drop(columns=["note", "row", "frame_2"], errors="ignore")
    if slips:
        raise SheetError("\n".join(slips))
    return read


def _given(read) -> pd.DataFrame:
    """What `human_codes` returns."""
    parts = []
    for unit, (drawn, filled) in read.items():
        for code in filled:
            given = filled[code] != ""
            reached = given.groupby(drawn["stratum"]).transform("mean")
            table = drawn[["cluster"]].assign(unit=unit, code=code, human=filled[code])
            table = table.assign(model=drawn[code], direction=drawn["article_direction"])
            table["probability"] = drawn["probability"].astype(float) * reached
            parts.append(table[given].reset_index())
    first = ["unit", "id", "code", "human", "model", "probability", "direction", "cluster"]
    return pd.concat(parts, ignore_index=True)[first]


def _check_second_frames(name: str, filled: pd.DataFrame) -> None:
    slips = []
    for row in filled[filled["frame_2"] != ""].itertuples():
        say = {
            row.frame_2: "is the main frame already; leave it empty.",
            "": "stands without a main frame; write that in the column frame.",
        }.get(row.frame)
        if say:
            slips.append(corpus.cell_fault(f"{name}.csv", row.row, "frame_2", row.frame_2, say))
    if slips:
        raise SheetError("\n".join(slips))


def _machine_codes(folder: Path) -> pd.DataFrame:
    """Read the codes that classifiers gave to a corpus; those by persons are left out."""
    path = folder / "codes.csv"
    if not path.is_file():
        raise SheetError(f"{path} is missing; run `defection-framing code corpus {folder}` first.")
    codes = own.codes(folder)
    return codes[codes["by"] == "model"].assign(open=codes["open"] == "true")


def _coded_units(folder: Path) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Read what is shown of the units of a coded folder, and the facts that go into the key."""
    texts = own.texts(folder)
    claims = own.sentences(folder, texts)
    codes = own.codes(folder).query("code == 'direction'").set_index("id")["value"]
    camp = pd.read_csv(folder / "outlets.csv", dtype=str).set_index("domain")["camp"]
    known = pd.DataFrame({"cluster": texts["family"], "article_direction": codes}, texts.index)
    known["camp"] = texts["outlet"].map(camp[~camp.index.duplicated()]).map(CAMPS)
    known["article_id"] = known.index
    shown = {
        "article": texts[["url"]].assign(text=texts["lead"]),
        "claim": claims[["text"]].assign(url=claims["article_id"].map(texts["url"])),
    }
    of_claims = known.reindex(claims["article_id"]).set_index(claims.index)
    return shown, {"article": known, "claim": of_claims}
