"""The ledger of claims: every estimate the study reports, and every sentence that rests on one.

Notebooks `record` their estimates in `derived/estimates.csv`; the sentences of finding stand in
`findings.toml`, with the conditions under which they are true. A sentence takes its numbers from
the estimates, so it cannot say what was not computed; where a condition fails, what is shown says
so instead.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from .. import settings
from . import findings

COLUMNS = ["value", "low", "high", "n_articles", "n_events", "p", "q"]


class LedgerError(settings.DefectionError):
    """An estimate cannot be recorded; the message says why."""


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


def record(table: pd.DataFrame) -> None:
    """Put estimates of the running notebook in `derived/estimates.csv`.

    Those of the same names are replaced; what a notebook does not make any more is taken away when
    the study runs it.

    Parameters
    ----------
    table : pd.DataFrame
        Index: names, unique in the study. Columns: `value` and any of `low`, `high`,
        `n_articles`, `n_events`, `p`, `q`, and `source`, the function that made them (see
        `study.estimands.estimates`).

    Raises
    ------
    LedgerError
        If a name occurs twice, or another notebook holds it; nothing is written then.
    """
    notebook = settings.notebook_name()
    new = table.reindex(columns=[*COLUMNS, "source"]).rename_axis("name").reset_index()
    new.insert(0, "notebook", notebook)
    twice = new["name"][new["name"].duplicated()]
    if len(twice):
        raise LedgerError(f"The estimate {twice.iloc[0]!r} is recorded twice; rename one.")
    with settings.locked(_path()):
        old = read()
        old = old[(old["notebook"] != notebook) | ~old["name"].isin(new["name"])]
        held = old[old["name"].isin(new["name"])]
        if len(held):
            raise LedgerError(
                f"The estimate {held['name'].iloc[0]!r} is recorded by the notebook "
                f"{held['notebook'].iloc[0]} too; rename one."
            )
        _write(pd.concat([frame for frame in (old, new) if len(frame)]))


def forget(is_gone: Callable[[str], bool]) -> None:
    """Take away the estimates of the notebooks that `is_gone` says."""
    with settings.locked(_path()):
        table = read()
        gone = table["notebook"].map(is_gone).astype(bool)
        if gone.any():
            _write(table[~gone])


def read() -> pd.DataFrame:
    """All recorded estimates as a table with the columns `notebook`, `name`, ..., `source`."""
    columns = ["notebook", "name", *COLUMNS, "source"]
    if not _path().exists():
        return pd.DataFrame(columns=columns)
    return pd.read_csv(_path()).reindex(columns=columns)


def _path() -> Path:
    return settings.derived_dir() / "estimates.csv"


def _write(table: pd.DataFrame) -> None:
    _path().parent.mkdir(parents=True, exist_ok=True)
    table = table.sort_values(["notebook", "name"], kind="stable")
    whole = table.astype({"n_articles": "Int64", "n_events": "Int64"})
    settings.write_text(
        _path(), whole.to_csv(index=False, float_format="%.10g", lineterminator="\n")
    )


def estimates() -> dict[str, Estimate]:
    """All recorded estimates by name."""
    table = read().set_index("name")[COLUMNS].astype(float)
    return {name: Estimate(*row) for name, row in zip(table.index, table.to_numpy(), strict=True)}


def shown(name: str, spec: str) -> str:
    """Write one estimate in a format of `Estimate`; "-" where it has no value."""
    known = estimates().get(name)
    return "-" if known is None or np.isnan(known.value) else format(known, spec)


def counted(what: str, *kinds: str) -> str:
    """Count things in one phrase, such as "9 articles, 8 claims", by the estimates `what/kind`."""
    return ", ".join(f"{shown(f'{what}/{kind}', 'count')} {kind}" for kind in kinds)


def listed(rows: dict[str, tuple[str, str]]) -> pd.DataFrame:
    """Write estimates below one another.

    Parameters
    ----------
    rows : dict of str to tuple of str
        What an estimate is, in words, to its name and a format of `Estimate`.
    """
    values = {what: shown(name, spec) for what, (name, spec) in rows.items()}
    return pd.Series(values, name="value").to_frame()


def say(*names: str) -> None:
    """Show findings in a notebook, by name."""
    from IPython.display import Markdown, display

    for name in names:
        display(Markdown(finding(name)), metadata={"finding": name})


def finding(name: str) -> str:
    """Write one sentence of finding, with its numbers; brackets hold 95% intervals.

    Where the corpus lacks an estimate, or a condition of the sentence fails, the text says that
    instead of the finding.
    """
    return _written(findings.load()[name], estimates())[0]


def texts() -> dict[str, str]:
    """Every finding as `finding` writes it, by name."""
    known = estimates()
    return {name: _written(entry, known)[0] for name, entry in findings.load().items()}


def _written(entry: findings.Finding, known: dict[str, Estimate]) -> tuple[str, bool]:
    """Text of a finding, and whether it holds."""
    lacking = [n for n in entry.names() if n not in known or np.isnan(known[n].value)]
    if lacking:
        return f"*Not to be had from this corpus: there is no estimate {lacking[0]!r}.*", False
    text = " ".join(entry.text.format_map(known).split())
    failed = [str(condition) for condition in entry.holds if not condition.is_true(known)]
    if failed:
        return f"*Does not hold in this corpus ({'; '.join(failed)}):* {text}", False
    return text, True


def headlines(root: str = "") -> list[str]:
    """List the headline findings as markdown bullets, each with links to figure and notebook.

    Parameters
    ----------
    root : str
        Path from the page to the top of the repository, with the closing slash.
    """
    return [text for entry, text in _bullets(root) if entry.headline]


def others(root: str = "") -> dict[str, list[str]]:
    """List all other findings in the same way, by the notebook that shows them."""
    found: dict[str, list[str]] = {}
    for entry, text in _bullets(root):
        if not entry.headline:
            found.setdefault(entry.notebook, []).append(text)
    return dict(sorted(found.items()))


def _bullets(root: str) -> Iterator[tuple[findings.Finding, str]]:
    known = estimates()
    places = {p.stem: p.relative_to(settings.ROOT) for p in settings.notebook_sources()}
    for entry in findings.load().values():
        place = places[entry.notebook].as_posix()
        links = f"[figure]({root}figures/{entry.figure}.png), [notebook]({root}{place})"
        yield entry, f"- {_written(entry, known)[0]} ({links})"


def stale() -> list[str]:
    """List the findings that fail or that the notebooks do not show as computed now."""
    import nbformat  # takes a second to import, and every notebook imports this module

    known, out, pages = estimates(), [], {}
    for source in settings.notebook_sources():
        path = settings.notebooks_dir() / source.relative_to(settings.ROOT / "notebooks")
        cells = nbformat.read(path, as_version=4).cells
        outputs = [o for cell in cells if cell.cell_type == "code" for o in cell.outputs]
        pages[path.stem] = "\n".join(o.get("data", {}).get("text/markdown", "") for o in outputs)
    for name, entry in findings.load().items():
        text, holds = _written(entry, known)
        if not holds:
            out.append(f"findings.toml: {name}: {text}")
        elif text not in pages.get(entry.notebook, ""):
            out.append(
                f"{entry.notebook}.ipynb: does not show the finding {name!r} as computed; "
                "run the study"
            )
    return out
