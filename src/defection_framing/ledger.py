"""The ledger of claims: every estimate the study reports, and every sentence that rests on one.

Notebooks `record` their estimates in `derived/estimates.csv`; the sentences of finding stand in
`findings.toml`, with the conditions under which they are true. A sentence takes its numbers from
the estimates, so it cannot say what was not computed; where a condition fails, what is shown says
so instead.
"""

import operator
import tomllib
from importlib import resources
from typing import NamedTuple

import nbformat
import numpy as np
import pandas as pd

from . import settings

COLUMNS = ["value", "low", "high", "n_articles", "n_events", "p", "q"]
_COMPARE = {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}


class Estimate(NamedTuple):
    """One estimate; format specs: `share`, `rate`, `points`, `gap`, `index`, `count`, `p`, `n`."""

    value: float
    low: float = np.nan
    high: float = np.nan
    n_articles: float = np.nan
    n_events: float = np.nan
    p: float = np.nan
    q: float = np.nan

    def __format__(self, spec: str) -> str:
        """Write the estimate: its `n` of articles and events, its `p`, or value [interval]."""
        if spec == "n":
            return f"{self.n_articles:,.0f} articles on {self.n_events:,.0f} events"
        if spec == "count":
            return f"{self.value:,.0f}"
        if spec == "p":
            text = probability(self.p)
            return text if text.startswith("<") else f"= {text}"
        scale, digits, sign, unit, after = {
            "share": (100, 0, "", "%", ""),
            "rate": (100, 1, "", "%", ""),
            "points": (100, 0, "+", "", " points"),
            "gap": (100, 0, "", "", " points"),
            "index": (1, 2, "", "", ""),
        }[spec]

        def number(x):
            rounded = round(x * scale, digits) + 0.0  # no minus zero
            return f"{rounded:{sign}.{digits}f}{unit}".replace("-", "\N{MINUS SIGN}")

        text = number(self.value) + after
        if np.isnan(self.low):
            return text
        return f"{text} [{number(self.low)} to {number(self.high)}]"


def probability(p: float) -> str:
    """Write a p- or q-value; empty where there is none."""
    if np.isnan(p):
        return ""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def readable(estimates: pd.DataFrame, spec: str) -> pd.DataFrame:
    """Estimates as a table to read: value [95% interval], p, q, n; columns without entry drop out.

    Parameters
    ----------
    estimates : pd.DataFrame
        As `record` takes them.
    spec : str
        A format of `Estimate`.
    """
    rows = [Estimate(*row) for row in estimates.reindex(columns=COLUMNS).to_numpy(float)]
    table = pd.DataFrame(
        {
            "value [95% interval]": ["" if np.isnan(e.value) else format(e, spec) for e in rows],
            "p": [probability(e.p) for e in rows],
            "q": [probability(e.q) for e in rows],
            "n": ["" if np.isnan(e.n_articles) else format(e, "n") for e in rows],
        },
        index=estimates.index,
    )
    return table.loc[:, (table != "").any()]


def record(notebook: str, estimates: pd.DataFrame) -> None:
    """Put a notebook's estimates in `derived/estimates.csv`, in place of those it had there.

    Parameters
    ----------
    notebook : str
        Name of the notebook, without ending.
    estimates : pd.DataFrame
        Index: names, unique in the study. Columns: `value` and any of `low`, `high`,
        `n_articles`, `n_events`, `p`, `q`.

    Raises
    ------
    ValueError
        If a name occurs twice.
    """
    path = settings.derived_dir() / "estimates.csv"
    new = estimates.reindex(columns=COLUMNS).rename_axis("name").reset_index()
    new.insert(0, "notebook", notebook)
    if path.exists():
        old = pd.read_csv(path)
        new = pd.concat([old[old["notebook"] != notebook], new], ignore_index=True)
    twice = new["name"][new["name"].duplicated()]
    if len(twice):
        raise ValueError(
            f"{path.name}: the estimate {twice.iloc[0]!r} is recorded twice; rename one"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    new = new.sort_values(["notebook", "name"], kind="stable").astype(
        {"n_articles": "Int64", "n_events": "Int64"}
    )
    new.to_csv(path, index=False, float_format="%.10g", lineterminator="\n")


def estimates() -> dict[str, Estimate]:
    """All recorded estimates by name."""
    path = settings.derived_dir() / "estimates.csv"
    if not path.exists():
        return {}
    table = pd.read_csv(path).set_index("name")
    return {n: Estimate(*row) for n, row in table[COLUMNS].iterrows()}


def shown(name: str, spec: str) -> str:
    """Write one estimate in a format of `Estimate`; "-" where it has no value."""
    known = estimates().get(name)
    return "-" if known is None or np.isnan(known.value) else format(known, spec)


def _findings() -> dict[str, dict]:
    text = resources.files(__package__).joinpath("findings.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def finding(name: str) -> str:
    """Write one sentence of finding, with its numbers; brackets hold 95% intervals.

    Where the corpus lacks an estimate, or a condition of the sentence fails, the text says that
    instead of the finding.
    """
    return _written(name)[0]


def _written(name: str) -> tuple[str, bool]:
    """Text of a finding, and whether it holds."""
    entry, known = _findings()[name], estimates()
    try:
        failed = [c for c in entry["holds"] if not _true(c, known)]
        text = " ".join(entry["text"].format_map(known).split())
        empty = [name for c in entry["holds"] if np.isnan(known[name := c.split()[0]].value)]
        if empty:
            raise KeyError(empty[0])
    except KeyError as missing:
        return f"*Not to be had from this corpus: there is no estimate {missing}.*", False
    if failed:
        return f"*Does not hold in this corpus ({'; '.join(failed)}):* {text}", False
    return text, True


def _true(condition: str, known: dict[str, Estimate]) -> bool:
    name, column, compare, number = condition.split()
    return bool(_COMPARE[compare](getattr(known[name], column), float(number)))


def headlines(root: str = "") -> list[str]:
    """List the headline findings as markdown bullets, each with links to figure and notebook.

    Parameters
    ----------
    root : str
        Path from the page to the top of the repository, with the closing slash.
    """
    return [_bullet(name, root) for name, entry in _findings().items() if entry.get("headline")]


def others(root: str = "") -> dict[str, list[str]]:
    """List all other findings in the same way, by the notebook that shows them."""
    found: dict[str, list[str]] = {}
    for name, entry in _findings().items():
        if not entry.get("headline"):
            found.setdefault(entry["notebook"], []).append(_bullet(name, root))
    return dict(sorted(found.items()))


def _bullet(name: str, root: str) -> str:
    entry = _findings()[name]
    return (
        f"- {finding(name)} ([figure]({root}figures/{entry['figure']}.png), "
        f"[notebook]({root}notebooks/{entry['notebook']}.ipynb))"
    )


def stale() -> list[str]:
    """List the findings that fail or that the notebooks do not show as computed now."""
    out = []
    for name, entry in _findings().items():
        text, holds = _written(name)
        if not holds:
            out.append(f"findings.toml: {name}: {text}")
            continue
        path = settings.notebooks_dir() / f"{entry['notebook']}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        outputs = [o for c in notebook.cells if c.cell_type == "code" for o in c.outputs]
        if not any(text in o.get("data", {}).get("text/markdown", "") for o in outputs):
            out.append(
                f"{path.name}: does not show the finding {name!r} as computed; run the study"
            )
    return out
