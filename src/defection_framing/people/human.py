"""What people are asked to code, what they gave, and how often the model's codes are theirs."""

from pathlib import Path

import numpy as np
import pandas as pd

from .. import corpus, stats
from ..domain import CAMPS
from ..own import event_sheet, package
from ..own import folder as own
from ..own.folder import CODES as CODES_OF_MODEL
from . import between, given, sheets
from .sheets import CODES, DRAWN_FROM, SETS, UNITS, SheetError, draw, hand_out

DECIDED = 100
"""Units without an open code that a review draws, of articles and of claims."""

NOT_CODED = "voice"
"""The code that classifiers leave to people in every claim."""

_ALPHA = ["alpha", "alpha_low", "alpha_high"]


def blind_sheet(n: int, out: Path) -> str:
    """Draw n articles and n claims of the corpus for people to code, blind to its codes.

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
    return hand_out(out, tables, drawn, population)


def human_codes(folder: Path) -> pd.DataFrame:
    """Read the codes that people gave in a folder, as `given` settles them, beside the model's.

    A row is a unit and a code given: `unit`, `id`, `code`, `human`, `model` (sets are joined by
    "; ", empty where the model gave none; `frames` is the set of a claim's one or two frames),
    `probability` (that the unit was drawn and coded: its inclusion probability times the share of
    its stratum's drawn units that are coded; response homogeneity groups, Särndal, Swensson &
    Wretman 1992, ch. 15), `direction` (of the article, the model's), `cluster` (to be resampled).
    """
    parts = []
    for unit, (key, _, settled, _) in given.read(folder).items():
        for code in settled:
            coded = settled[code] != ""
            reached = coded.groupby(key["stratum"]).transform("mean")
            table = {"unit": unit, "id": key.index, "code": code}
            table |= {"human": settled[code], "model": key[code]}
            table |= {"probability": key["probability"].astype(float) * reached}
            table |= {"direction": key["article_direction"], "cluster": key["cluster"]}
            parts.append(pd.DataFrame(table)[coded])
    return pd.concat(parts, ignore_index=True)


def population(folder: Path) -> dict[str, pd.DataFrame]:
    """Read what a page's units were drawn from, with the model's codes as they were then."""
    tables = sheets.read_keys(folder, ("article_id", "cluster"), DRAWN_FROM)
    return {unit: table.replace("", None) for unit, table in tables.items()}


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
            rows.append(everywhere | {"direction": direction} | _agreement(part))
        for frame in sorted(set(group["human"]) | set(group["model"])) if code == "frame" else ():
            gave = group.assign(human=group["human"] == frame, model=group["model"] == frame)
            n = int((gave["human"] | gave["model"]).sum())
            rows.append(everywhere | {"frame": frame} | _agreement(gave) | {"n": n})
    first = ["code", "frame", "direction", "n", "agreement", "low", "high"]
    table = pd.DataFrame(rows, columns=[*first, *_ALPHA])
    table.loc[(table["code"] == "direction") & (table["direction"] != ""), _ALPHA] = np.nan
    return table


def report(folder: Path) -> str:
    """Read what people gave, write tables of their agreement beside it, and say what they hold."""
    read, lines = given.read(folder), []
    for unit, part in read.items():
        name, size = UNITS[unit], len(part.key)
        done = part.coders.ne("").any(axis=1).groupby("coder").sum().to_dict()
        for who, n in (done or {"anybody": part.settled.ne("").any(axis=1).sum()}).items():
            lines.append(f"{name}: {n} of {size} are coded by {who}.")
    table = compare(human_codes(folder))
    if len(table):
        path = folder / "agreement.csv"
        table.to_csv(path, index=False, float_format="%.10g", lineterminator="\n")
        main = table[(table["frame"] == "") & (table["direction"] == "")]
        shown = main.drop(columns=["frame", "direction"])
        shown = shown.to_string(index=False, float_format="%.2f")
        lines += ["People and the model:", shown, f"Each code by direction, and frame: {path}."]
        lines.append(
            "Estimates that these codes correct: see `defection-framing corrected --help`."
        )
    lines += between.report(folder, read, population(folder))
    return "\n".join(lines)


def review(folder: Path) -> str:
    """Have people decide what classifiers left open; take over what they gave, ask for the rest.

    Every unit with an open code is on the page, and a random sample of the others, whose guesses
    are to be checked; the key holds the inclusion probabilities of both. Voice, which no classifier
    codes, can be given to these and makes no claim open. Where an article's
    direction is open, all its codes and its claims are asked for at once. Articles that are coded
    later are a round of their own, in a folder `review-2` and so on.
    """
    units = _to_review(folder)
    *rounds, target = _rounds(folder)
    lines = []
    if rounds:
        codes = pd.concat([human_codes(place) for place in rounds])
        if codes.empty:
            return f"Nothing in {rounds[-1]} is coded yet: open {sheets.PAGE} there in a browser."
        codes = codes.drop_duplicates(["unit", "id", "code"], keep="last")
        package.set_codes(folder, codes.rename(columns={"human": "value"}))
        lines = [f"{len(codes):,} codes by a person are stored."]
        lines += [f"{place}:\n{report(place)}" for place in rounds]
        known = [table.index for place in rounds for table in population(place).values()]
        units = _to_review(folder)
        units = units[~units["id"].isin(known[0].append(known[1:]))]
        if not units["open"].any():
            return "\n".join(lines)
        lines.append("More articles or claims have an open code now:")
    elif units.empty:
        raise SheetError(f"{folder / 'codes.csv'} holds no code by a model: nothing to review.")
    return "\n".join([*lines, _hand_out(folder, target, units)])


def _hand_out(folder: Path, target: Path, codes: pd.DataFrame) -> str:
    """Write a round's page, of the units that `codes` names."""
    shown, facts = _coded_units(folder)
    drawn, population = {}, {}
    for unit, part in codes.groupby("unit", sort=False):
        guess = part.pivot(index="id", columns="code", values="value").fillna("")
        guess = guess[[code for code in CODES[unit] if code in guess]]
        is_open = part.groupby("id")["open"].any()
        strata = ("decided / " + guess.iloc[:, 0]).mask(is_open, "open")
        known = facts[unit][["cluster", "article_direction"]]
        drawn[unit] = draw(strata, DECIDED, whole="open").join(known).join(guess)
        decided = part[~part["open"].astype(bool)].pivot(index="id", columns="code", values="value")
        decided = decided.reindex(index=guess.index, columns=guess.columns)
        population[unit] = decided.join(facts[unit])
    return hand_out(target, shown, drawn, population)


def _rounds(folder: Path) -> list[Path]:
    """Folders of a corpus's reviews so far, first to last, and of the next one."""
    places = [folder / "review"]
    while places[-1].exists():
        places.append(folder / f"review-{len(places) + 1}")
    return places


def _to_review(folder: Path) -> pd.DataFrame:
    """Codes by classifiers, and those that wait for an article's direction, which are open too.

    What persons gave is left out.
    """
    path = folder / "codes.csv"
    if not path.is_file():
        raise SheetError(f"{path} is missing; run `defection-framing code corpus {folder}` first.")
    codes = own.codes(folder)
    codes["open"] = (codes["open"] == "true") & (codes["code"] != NOT_CODED)
    undecided = codes.loc[(codes["code"] == "direction") & codes["open"], "id"]
    claims = own.sentences(folder, own.texts(folder)).query("claim")
    waiting = {
        "article": undecided,
        "claim": claims.index[claims["article_id"].isin(undecided)],
    }
    rows = [
        (unit, key, code, "", True)
        for unit, ids in waiting.items()
        for key in ids
        for code in CODES_OF_MODEL[unit]
    ]
    more = pd.DataFrame(rows, columns=["unit", "id", "code", "value", "open"])
    both = pd.concat([codes, more], ignore_index=True).drop_duplicates(["unit", "id", "code"])
    return both[both["by"].isna() | (both["by"] == "model")]


def _agreement(codes: pd.DataFrame) -> dict[str, float]:
    """Agreement of human and model on some units, weighted to the corpus."""
    human, model = codes["human"], codes["model"]
    if codes["code"].iloc[0] in SETS:
        human, model = (cells.str.split("; ").map(tuple) for cells in (human, model))
    clusters, weights = codes["cluster"], 1 / codes["probability"]
    share = stats.share_of(human == model, clusters, weights)
    alpha = stats.alpha(pd.DataFrame({"model": model, "human": human}), clusters, weights=weights)
    made = {"n": len(codes), "agreement": share["value"]}
    return share | made | dict(zip(_ALPHA, alpha[["alpha", "low", "high"]], strict=True))


def _coded_units(folder: Path) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Read what is shown of the units of a coded folder, and the facts that go into the key."""
    texts = own.texts(folder)
    claims = own.sentences(folder, texts)
    codes = own.codes(folder).query("code == 'direction'").set_index("id")
    codes = codes["value"].where(codes["open"] != "true", "")
    camp = own.outlets(folder / "outlets.csv")["camp"]
    event = event_sheet.read(folder, texts.index)
    event = event.where(event != "general", event.index)
    known = pd.DataFrame({"cluster": event, "article_direction": codes}, texts.index)
    known["camp"] = texts["outlet"].map(camp).map(CAMPS)
    known["article_id"] = known.index
    shown = {
        "article": texts[["lead"]].set_axis(["text"], axis=1),  # an address would tell the outlet
        "claim": claims[["text"]].assign(url=claims["article_id"].map(texts["url"])),
    }
    of_claims = known.reindex(claims["article_id"]).set_index(claims.index)
    return shown, {"article": known, "claim": of_claims}
