"""Long simulations whose results are kept as tracked tables, with what they were computed from.

`make study-full` computes them with all replicates and writes `data/simulations/NAME.csv` and
`NAME.json` beside it. `make study` draws the kept tables, repeats each simulation with a few
replicates from another seed, and shows that the two agree within Monte Carlo error.
"""

import ast
import hashlib
import importlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from . import corpus, report, settings

FAMILY_LEVEL = 0.01
"""Chance of calling two honest runs of one simulation different, over all rows of its table."""


@dataclass(frozen=True)
class Simulation:
    """A function of this package that simulates, and how often.

    Attributes
    ----------
    module, function : str
        The function takes a `corpus.Corpus`, a number of replicates and a seed, and returns a
        table: columns of text or bool that name a row, `value`, `se` (the Monte Carlo standard
        error of `value`, never 0) and any other numbers.
    replicates : int
        In the full run.
    few : int
        In the run that `make study` repeats.
    rests_on : tuple of str
        Further modules of the package whose change makes the kept table stale.
    tables : tuple of str
        Kept tables that it starts from, by file name.
    """

    module: str
    function: str
    replicates: int
    few: int
    rests_on: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()


SIMULATIONS: dict[str, Simulation] = {
    "false_alarms": Simulation("alarms", "false_alarms", 1000, 25, ("compare", "corpus", "embed")),
    "coverage": Simulation("alarms", "coverage", 400, 30, ("compare", "corpus", "embed")),
    "detectable": Simulation("alarms", "detectable", 40, 8, ("compare", "corpus", "embed")),
    "two_levels": Simulation("models", "coverage", 120, 8, ("compare", "corpus")),
    "curves": Simulation("multiverse", "null_medians", 1000, 20, ("compare", "corpus")),
    "corrected_coverage": Simulation(
        "correct", "coverage", 1000, 60, ("compare", "corpus", "human"), ("left_out_codes.csv",)
    ),
}
"""Every simulation by name; the names are those of the files."""


class SimulationError(RuntimeError):
    """A kept table cannot be used; the message says why and what to do."""


def folder() -> Path:
    """Folder of the kept tables of the corpus under study."""
    return settings.data_dir() / "simulations"


def run(name: str, replicates: int, seed: int = settings.SEED) -> pd.DataFrame:
    """Compute a simulation from the corpus under study."""
    entry = SIMULATIONS[name]
    function = getattr(importlib.import_module(f"{__package__}.{entry.module}"), entry.function)
    return function(corpus.load(), replicates, seed)


def rerun(name: str) -> pd.DataFrame:
    """Compute a simulation with few replicates, from another seed than the kept table's."""
    return run(name, SIMULATIONS[name].few, settings.SEED + 1)


def save(name: str) -> None:
    """Compute a simulation with all replicates and keep its table and what it came from."""
    replicates = SIMULATIONS[name].replicates
    text = run(name, replicates).to_csv(index=False, float_format="%.6g", lineterminator="\n")
    folder().mkdir(parents=True, exist_ok=True)
    report.write_text(folder() / f"{name}.csv", text)
    entry = {"replicates": replicates, "seed": settings.SEED, "table": _sha(text), **_inputs(name)}
    report.write_text(folder() / f"{name}.json", json.dumps(entry, indent=1, sort_keys=True) + "\n")


def saved(name: str) -> pd.DataFrame:
    """Read the kept table.

    A corpus that has none yet, such as a researcher's own before `study --full`, gets the run
    with few replicates instead.

    Raises
    ------
    SimulationError
        If the table was changed after it was computed.
    """
    path = folder() / f"{name}.csv"
    if not path.exists():
        return rerun(name)
    if _sha(path.read_text(encoding="utf-8")) != _origin(name)["table"]:
        raise SimulationError(
            f"{path.name} is not the table that was computed (its checksum differs from "
            f"{name}.json): run `defection-framing study --full`."
        )
    return pd.read_csv(path)


def stale(name: str) -> list[str]:
    """Name the data tables and modules that changed since the kept table was computed."""
    if not (folder() / f"{name}.csv").exists():
        return [f"{name}.csv does not exist"]
    return changed(_origin(name), _inputs(name))


def changed(then: dict[str, dict], now: dict[str, dict]) -> list[str]:
    """Name what differs between two results of `digests`."""
    return [
        key
        for kind in ("data", "code")
        for key in sorted(then[kind].keys() | now[kind].keys())
        if then[kind].get(key) != now[kind].get(key)
    ]


def origin(name: str) -> str:
    """Say in one sentence what the table that `saved` gives was computed from."""
    changed = stale(name)
    if not (folder() / f"{name}.csv").exists():
        return f"{name}: {SIMULATIONS[name].few:,} replicates, computed now."
    replicates = _origin(name)["replicates"]
    text = f"{name}: {replicates:,} replicates, kept in `data/simulations/{name}.csv`"
    if changed:
        return f"{text}, **stale**: changed since are {', '.join(changed)}."
    return f"{text}, computed from these data and this code."


def agreement(kept: pd.DataFrame, again: pd.DataFrame) -> pd.DataFrame:
    """Compare two runs of a simulation row by row.

    Parameters
    ----------
    kept, again : pd.DataFrame
        Tables as `Simulation` describes; rows that only one has are left out.

    Returns
    -------
    pd.DataFrame
        Index: the columns that name a row. Columns `value_kept`, `value_again`, `z` (their
        difference in Monte Carlo standard errors) and `agrees` (|z| below the Bonferroni bound
        that two honest runs exceed anywhere with a probability of `FAMILY_LEVEL`).
    """
    names = list(kept.select_dtypes(exclude="number"))
    both = kept.merge(again, on=names, suffixes=("_kept", "_again")).set_index(names)
    error = np.hypot(both["se_kept"], both["se_again"])
    both["z"] = (both["value_again"] - both["value_kept"]) / error
    bound = stats.norm.isf(FAMILY_LEVEL / 2 / max(len(both), 1))
    both["agrees"] = both["z"].abs() < bound
    return both[["value_kept", "value_again", "z", "agrees"]]


def _origin(name: str) -> dict:
    return json.loads((folder() / f"{name}.json").read_text(encoding="utf-8"))


def _inputs(name: str) -> dict[str, dict[str, str]]:
    entry = SIMULATIONS[name]
    tables = [*sorted(settings.data_dir().glob("*.csv")), *(folder() / t for t in entry.tables)]
    return digests({entry.module, *entry.rests_on}, tables)


def digests(modules: Iterable[str], tables: Iterable[Path]) -> dict[str, dict[str, str]]:
    """Checksums of tables (`data`; of those that exist) and of this package's modules (`code`)."""
    package = Path(__file__).parent
    return {
        "data": {p.name: _sha(p.read_text(encoding="utf-8")) for p in tables if p.exists()},
        "code": {f"{m}.py": _sha(_code(package / f"{m}.py")) for m in sorted(modules)},
    }


def _code(path: Path) -> str:
    """Source without docstrings, comment lines and blank lines, which change no result."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            lines[node.lineno - 1 : node.end_lineno] = [""] * (node.end_lineno - node.lineno + 1)
    return "\n".join(x for x in lines if x.strip() and not x.lstrip().startswith("#"))


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
