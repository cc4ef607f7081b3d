"""What people are asked to code, what they gave, and how often the model's codes are theirs."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from . import agreement, corpus, package, settings, sheets
from .coding import LEAD
from .compare import SIDES, share_of
from .sheets import Field, SheetError

UNITS = {"article": "articles", "claim": "claims"}
"""The kinds of unit, and what their tables and sheets are called."""

CODES = {
    "article": ("direction", "portrayal", "stance", "origin", "motives"),
    "claim": ("frame", "frame_2", "voice"),
}
"""What a person is asked to code."""

NOT_ABOUT = "not_about"
"""A direction that only coders after the first have: no one leaves a side of this war."""

MINIMUM = 1
"""Units drawn from each stratum at least; with two the many small strata would take the sample."""

DECIDED = 100
"""Units without an open code that a review draws, of articles and of claims."""

_SETS = ("motives", "frames")
_FACTS = ("stratum", "probability", "cluster", "article_direction")  # of the key, beside codes
_DRAWN_FROM = "population"  # folder in that of the key

_INSTRUCTIONS = """# How to code

Fill in the empty columns:
{columns}
Go row by row from the top. The rows stand in random order, so what you code before you stop is a
random sample too.

- Judge each row by itself, from the text or the page alone, without looking up how others coded it.
- {read}
- Write the codes below as they are. Where none can be given (the page is gone, the text says too
  little), leave the cell empty and say why in `note`.
- Save as CSV. Do not change `id`, the header or the number of rows.
{extra}
The rules are those of the codebook that the codes to be checked were given under.

{rules}
"""

_READ = {
    "url": "Articles: open the address and read headline and lead, about 2,000 characters.",
    "text": "Articles: read the text that is given.",
}

_EXTRA = {
    "frame": "- `frame`: the main frame of the sentence as it stands.",
    "frame_2": "- `frame_2`: a second frame, only where the sentence has one.",
    "voice": "- `voice` cannot be judged from the sentence: find the claim on the article's page.",
    "motives": "- `motives`: several are parted by semicolons; `not_stated` if none is given.",
    "direction": f"- `direction` may also be `{NOT_ABOUT}`: no one leaves a side of this war.",
}


def draw(strata: pd.Series, n: int, whole: str | None = None) -> pd.DataFrame:
    """Draw a stratified random sample.

    Strata get units in proportion to their size (rounded after Sainte-Laguë), but at least
    `MINIMUM`; within a stratum every unit has the same chance.

    Parameters
    ----------
    strata : pd.Series of str
        Stratum of each unit, indexed by unit.
    n : int
        Units to draw; all, if there are no more.
    whole : str, optional
        A stratum that is taken whole, beside the `n`.

    Returns
    -------
    DataFrame
        One row per unit drawn, in random order: `stratum`, `probability` of inclusion.

    Raises
    ------
    SheetError
        If `n` is too small for the minimum.
    """
    members = {name: group.index for name, group in strata.groupby(strata)}
    sizes = np.array([len(units) for units in members.values()], dtype=int)
    certain = np.array([name == whole for name in members], dtype=bool)
    drawn = np.where(certain, sizes, np.minimum(sizes, MINIMUM))
    if n < drawn[~certain].sum():
        raise SheetError(
            f"A sample of {n} is too small for its {(~certain).sum()} strata; ask for at least "
            f"{drawn[~certain].sum()}."
        )
    while drawn.sum() < min(n + sizes[certain].sum(), sizes.sum()):
        drawn[np.where(drawn < sizes, sizes / (2 * drawn + 1), 0).argmax()] += 1
    rng = np.random.default_rng(settings.SEED)
    sample = pd.concat(
        pd.DataFrame({"stratum": name, "probability": k / size}, rng.choice(units, k, False))
        for (name, units), k, size in zip(members.items(), drawn, sizes, strict=True)
    )
    return sample.iloc[rng.permutation(len(sample))].rename_axis("id")


def blind_sheet(n: int, out: Path, key: Path | None = None) -> str:
    """Write sheets for a person to code a sample of the corpus under study, blind to its codes.

    Articles are stratified by direction and camp, claims by main frame and direction.

    Parameters
    ----------
    n : int
        Rows of each sheet: articles, and claims.
    out : Path
        Folder for `articles.csv`, `claims.csv` and `INSTRUCTIONS.md`.
    key : Path, optional
        Folder for the key: existing codes, strata, inclusion probabilities, and all that was drawn
        from; by default `<out>-key`.

    Returns
    -------
    str
        What was written, to be printed.

    Raises
    ------
    SheetError
        If a file is there already, or `n` is too small; nothing is written then.
    """
    data = corpus.load()
    articles, claims = data.article_table(), data.claim_table()
    camps = articles["camp"].astype(str).map(SIDES).fillna("Other")
    strata = {
        "article": articles["direction"].astype(str) + " / " + camps,
        "claim": claims["frame"].astype(str) + " / " + claims["direction"].astype(str),
    }
    tables = {"article": articles[["url"]], "claim": claims[["text", "url"]]}
    drawn, population = {}, {}
    for unit, coded in (("article", articles), ("claim", claims)):
        known = coded[["cluster", *CODES[unit]]].assign(article_direction=coded["direction"])
        known = known.map(corpus.cell_text)
        drawn[unit] = draw(strata[unit], n).join(known)
        of = claims["article_id"] if unit == "claim" else articles.index
        side = coded["camp"].astype(str).map(SIDES)
        population[unit] = known.assign(article_id=of, side=side).rename_axis("id")
    return _hand_out(Path(out), sheets.key_folder(out, key), tables, drawn, population)


def human_codes(folder: Path, key: Path | None = None) -> pd.DataFrame:
    """Read the codes that people gave, beside the model's.

    Parameters
    ----------
    folder : Path
        Folder of the sheets, from `blind_sheet` or `review`; one of the two will do.
    key : Path, optional
        Folder of the key, where it is another than `<folder>-key`.

    Returns
    -------
    DataFrame
        One row per unit and code given: `unit` (article or claim), `id`, `code`, `human`, `model`
        (str; sets of codes are joined by "; ", empty where the model gave none; the code `frames`
        is the set of a claim's one or two frames), `probability` (that the unit was drawn and
        coded: its inclusion probability times the share of its stratum's drawn units that are
        coded, which takes those left out for like the others), `direction` (of the article, the
        model's) and `cluster` (to be resampled).

    Raises
    ------
    SheetError
        With one line for each slip in the sheets, or if there is no sheet or no key.

    References
    ----------
    Särndal, Swensson & Wretman (1992), Model assisted survey sampling, ch. 15 (response homogeneity
    groups).
    """
    parts, slips = [], []
    for unit, name in _sheets_in(folder).items():
        try:
            drawn, filled = _read(folder, key, unit, name)
        except SheetError as error:
            slips.append(str(error))
            continue
        for code in filled:
            given = filled[code] != ""
            reached = given.groupby(drawn["stratum"]).transform("mean")
            table = drawn[["cluster"]].assign(
                unit=unit,
                direction=drawn["article_direction"],
                code=code,
                human=filled[code],
                model=drawn[code],
                probability=drawn["probability"].astype(float) * reached,
            )
            parts.append(table[given].reset_index())
    if slips:
        raise SheetError("\n".join(slips))
    first = ["unit", "id", "code", "human", "model", "probability", "direction", "cluster"]
    return pd.concat(parts, ignore_index=True)[first]


def population(folder: Path, key: Path | None = None) -> dict[str, pd.DataFrame]:
    """Read what the sheets were drawn from, with the model's codes as they were then.

    Parameters
    ----------
    folder, key
        As for `human_codes`.

    Returns
    -------
    dict of str to DataFrame
        By unit of the sheets that there are, indexed by `id`: `article_id`, `cluster`, `side` (of
        the outlet, as in `compare.SIDES`), the codes of `CODES`, and `article_direction`. Missing
        where a code is open.

    Raises
    ------
    SheetError
        If the key lacks it.
    """
    place = sheets.key_folder(folder, key) / _DRAWN_FROM
    return {
        unit: sheets.read_key(place / f"{name}.csv", ("article_id", "cluster")).replace("", None)
        for unit, name in _sheets_in(folder).items()
    }


def compare(codes: pd.DataFrame) -> pd.DataFrame:
    """Measure the agreement of people with the model, in the corpus that was drawn from.

    Parameters
    ----------
    codes : DataFrame
        As `human_codes` returns.

    Returns
    -------
    DataFrame
        One row per code; per code and direction (the model's); and per main frame against all
        others: `code`, `frame`, `direction` (empty: all), `n` (units; for a frame, those that
        either gave it), `agreement`, `low`, `high` (share of the corpus's units on which human and
        model agree, 0 to 1, units weighted by one over their probability; Korn & Graubard 1998
        with clusters, which leaves the gain of stratification out), `alpha`, `alpha_low`,
        `alpha_high` (Krippendorff's, weighted alike; none for a direction within itself). No
        interval where there is one cluster only.
    """
    rows = []
    for code, group in codes[codes["model"] != ""].groupby("code", sort=False):
        everywhere = {"code": code, "frame": "", "direction": ""}
        rows.append(everywhere | _agreement(group))
        for direction, part in group[group["direction"] != ""].groupby("direction"):
            row = everywhere | {"direction": direction} | _agreement(part)
            if code == "direction":
                row |= dict.fromkeys(["alpha", "alpha_low", "alpha_high"], np.nan)
            rows.append(row)
        for frame in sorted(set(group["human"]) | set(group["model"])) if code == "frame" else ():
            gave = group.assign(human=group["human"] == frame, model=group["model"] == frame)
            n = int((gave["human"] | gave["model"]).sum())
            rows.append(everywhere | {"frame": frame} | _agreement(gave) | {"n": n})
    first = ["code", "frame", "direction", "n", "agreement", "low", "high"]
    return pd.DataFrame(rows, columns=[*first, "alpha", "alpha_low", "alpha_high"])


def report(folder: Path, key: Path | None = None) -> str:
    """Read filled sheets, write `agreement.csv` beside them, and say what they hold.

    Parameters
    ----------
    folder, key
        As for `human_codes`.
    """
    codes = human_codes(folder, key)
    lines = []
    for unit, name in _sheets_in(folder).items():
        drawn, filled = _read(folder, key, unit, name)
        given = (filled != "").any(axis=1)
        size = (1 / drawn["probability"].astype(float)).groupby(drawn["stratum"]).sum()
        stand = size[size.index.isin(drawn.loc[given, "stratum"])].sum() / size.sum()
        lines.append(
            f"{name}.csv: {given.sum()} of {len(given)} rows are coded, {(~given).sum()} not yet; "
            f"their strata hold {stand:.0%} of the {name}."
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

    Parameters
    ----------
    folder : Path
        Folder of a corpus coded by classifiers, with `codes.csv`.

    Returns
    -------
    str
        What was done, to be printed.

    Raises
    ------
    SheetError
        If the folder holds no codes to be reviewed, or a sheet has slips.
    """
    folder = Path(folder)
    target = folder / "review"
    if target.exists():
        codes = human_codes(target)
        if codes.empty:
            return f"No row of the sheets in {target} is filled in yet."
        package.set_codes(
            folder, codes.rename(columns={"human": "value"})[["unit", "id", "code", "value"]]
        )
        lines = [f"{len(codes):,} codes by a person are stored.", report(target)]
        left = _machine_codes(folder).query("open")
        paths = sheets.key_folder(target).glob("*.csv")
        asked = [sheets.read_key(path, _FACTS).index for path in paths]
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
    for unit, own in codes.groupby("unit", sort=False):
        guess = own.pivot(index="id", columns="code", values="value").fillna("")
        guess = guess[[code for code in CODES[unit] if code in guess]]
        is_open = own.groupby("id")["open"].any()
        strata = ("decided / " + guess.iloc[:, 0]).mask(is_open, "open")
        tables[unit] = shown[unit]
        known = facts[unit][["cluster", "article_direction"]]
        drawn[unit] = draw(strata, DECIDED, whole="open").join(known).join(guess)
        decided = own[~own["open"]].pivot(index="id", columns="code", values="value")
        population[unit] = decided.reindex(index=guess.index, columns=guess.columns).join(
            facts[unit]
        )
    return _hand_out(target, sheets.key_folder(target), tables, drawn, population)


def _agreement(codes: pd.DataFrame) -> dict[str, float]:
    """Agreement of human and model on some units, weighted to the corpus."""
    human, model = codes["human"], codes["model"]
    if codes["code"].iloc[0] in _SETS:
        human, model = (s.map(lambda cell: tuple(sorted(cell.split("; ")))) for s in (human, model))
    clusters, weights = codes["cluster"], 1 / codes["probability"]
    share = share_of(human == model, clusters, weights)
    alpha = agreement.alpha(model, human, clusters, weights=weights)
    return {
        "n": len(codes),
        "agreement": share["value"],
        "low": share["low"],
        "high": share["high"],
        "alpha": alpha["alpha"],
        "alpha_low": alpha["low"],
        "alpha_high": alpha["high"],
    }


def _hand_out(
    out: Path,
    key: Path,
    tables: dict[str, pd.DataFrame],
    drawn: dict[str, pd.DataFrame],
    population: dict[str, pd.DataFrame],
) -> str:
    """Write the sheets of the units drawn, their instructions, and the key apart."""
    fields = {unit: _fields(unit, table) for unit, table in drawn.items()}
    files: dict = {}
    for unit, table in drawn.items():
        files[out / f"{UNITS[unit]}.csv"] = (tables[unit].loc[table.index], fields[unit])
        files[key / f"{UNITS[unit]}.csv"] = table.to_csv(lineterminator="\n")
        everything = population[unit].to_csv(lineterminator="\n")
        files[key / _DRAWN_FROM / f"{UNITS[unit]}.csv"] = everything
    sheets.write(files | {out / "INSTRUCTIONS.md": _instructions(fields, tables)})
    counts = " and ".join(f"{len(table):,} {UNITS[unit]}" for unit, table in drawn.items())
    return (
        f"Sheets for {counts} written to {out}, with INSTRUCTIONS.md.\n"
        f"The key is in {key}; do not hand it on to those who code."
    )


def _fields(unit: str, key: pd.DataFrame) -> list[Field]:
    """Fields of a sheet: the codes that its key has."""
    more = {"direction": (NOT_ABOUT,)}
    return [
        Field(code, corpus.codes(UNITS[unit], code) + more.get(code, ()), code in _SETS)
        for code in CODES[unit]
        if code in key
    ]


def _sheets_in(folder: Path) -> dict[str, str]:
    """Name the sheets that a folder holds, by their unit."""
    found = {unit: name for unit, name in UNITS.items() if (Path(folder) / f"{name}.csv").exists()}
    if not found:
        raise SheetError(f"{folder} holds neither articles.csv nor claims.csv; name another.")
    return found


def _read(folder, key, unit: str, name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read a key and its sheet, the codes only; `frames` is added where there is a second frame."""
    drawn = sheets.read_key(sheets.key_folder(folder, key) / f"{name}.csv", _FACTS)
    fields = _fields(unit, drawn)
    filled = sheets.read(Path(folder) / f"{name}.csv", drawn.index, fields)
    if "frame_2" in drawn:
        _check_second_frames(name, filled)
        for table in (drawn, filled):
            table["frames"] = (table["frame"] + "; " + table["frame_2"]).str.removesuffix("; ")
    return drawn, filled.drop(columns=["note", "row", "frame_2"], errors="ignore")


def _check_second_frames(name: str, filled: pd.DataFrame) -> None:
    slips = []
    for row in filled[filled["frame_2"] != ""].itertuples():
        if row.frame in ("", row.frame_2):
            say = "is the main frame already; leave it empty."
            if not row.frame:
                say = "stands without a main frame; write that in the column frame."
            slips.append(corpus.cell_fault(f"{name}.csv", row.row, "frame_2", row.frame_2, say))
    if slips:
        raise SheetError("\n".join(slips))


def _instructions(fields: dict[str, list[Field]], tables: dict[str, pd.DataFrame]) -> str:
    """Write what a coder has to know, with the rules of the codebook for these fields."""
    names = {unit: [field.name for field in own] for unit, own in fields.items()}
    asked = [name for own in names.values() for name in own]
    path = settings.data_dir() / "CODEBOOK.md"
    path = path if path.exists() else settings.ROOT / "data" / "CODEBOOK.md"
    record, *sections = re.split(r"^(?=## )", path.read_text(encoding="utf-8"), flags=re.M)
    rows = [
        line
        for line in record.splitlines()
        if (cell := re.match(r"\| (\w+) \|", line)) and cell[1] in asked
    ]
    heads = {"Direction": "direction", "Voice": "voice", "Frames": "frame"}
    kept = [text.rstrip() for text in sections if heads.get(re.findall(r"\w+", text)[0]) in asked]
    columns = "".join(
        f"- `{UNITS[unit]}.csv`: {', '.join(f'`{name}`' for name in own)}\n"
        for unit, own in names.items()
    )
    return _INSTRUCTIONS.format(
        columns=columns,
        read=_READ["text" if "text" in tables.get("article", ()) else "url"],
        extra="".join(f"{_EXTRA[name]}\n" for name in asked if name in _EXTRA),
        rules="\n\n".join(["\n".join(["| code | what |", "| --- | --- |", *rows]), *kept]),
    )


def _machine_codes(folder: Path) -> pd.DataFrame:
    """Read the codes that classifiers gave to a corpus; those by persons are left out."""
    path = folder / "codes.csv"
    if not path.is_file():
        raise SheetError(
            f"{path} is missing; code the corpus first: defection-framing code corpus {folder}"
        )
    codes = pd.read_csv(path, dtype=str, keep_default_na=False)
    return codes[codes["by"] == "model"].assign(open=codes["open"] == "true")


def _coded_units(folder: Path) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Read what is shown of the units of a coded folder, and the facts that go into the key."""
    texts = pd.read_json(folder / "texts.jsonl", lines=True, dtype=str).set_index("id")
    claims = pd.read_csv(folder / "sentences.csv", dtype=str, keep_default_na=False)
    claims.index = claims["article_id"] + "-" + claims["n"]
    family = pd.read_csv(folder / "families.csv", index_col="article_id")["family"]
    codes = pd.read_csv(folder / "codes.csv", dtype=str).query("code == 'direction'")
    camp = pd.read_csv(folder / "outlets.csv", dtype=str).set_index("domain")["camp"]
    known = pd.DataFrame(
        {"cluster": family, "article_direction": codes.set_index("id")["value"]}, texts.index
    ).assign(side=texts["outlet"].map(camp[~camp.index.duplicated()]).map(SIDES))
    known["article_id"] = known.index
    told = (texts["title"] + "\n" + texts["text"]).str.strip().str[:LEAD]
    shown = {
        "article": texts[["url"]].assign(text=told),
        "claim": claims[["text"]].assign(url=claims["article_id"].map(texts["url"])),
    }
    of_claims = known.reindex(claims["article_id"]).set_index(claims.index)
    return shown, {"article": known, "claim": of_claims}
