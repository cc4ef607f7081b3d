"""The ledger of claims: every estimate the study reports, and every sentence that rests on one.

Notebooks `record` their estimates in `derived/estimates.csv`. The sentences of finding, in
`findings.toml`, take their numbers from there, so they cannot say what was not computed; where a
condition of one fails, what is shown says so instead.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from IPython.display import Markdown, display

from .. import corpus, settings
from ..domain import probability
from ..settings import DefectionError
from . import captions, findings

_FORMATS = {
    "share": (100, 0, "", "%", ""),
    "rate": (100, 1, "", "%", ""),
    "points": (100, 0, "+", "", " points"),
    "gap": (100, 0, "", "", " points"),
    "index": (1, 2, "", "", ""),
    "exact": (1, 4, "", "", ""),
}
"""Scale, digits, sign, unit of each number and unit at the end."""


class Estimate(NamedTuple):
    """An estimate; formats: see `_FORMATS`, and `count`, `year`, `p`, `n`."""

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
            counts = {"articles": self.n_articles, "events": self.n_events}
            told = [f"{n:,.0f} {what}" for what, n in counts.items() if n == n]
            return captions.line(" on ".join(told))
        if spec in ("year", "count"):
            return format(self.value, ".0f" if spec == "year" else ",.0f")
        if spec == "p":
            text = probability(self.p)
            return text if text.startswith("<") else f"= {text}"
        scale, digits, sign, unit, after = _FORMATS[spec]

        def number(x: float) -> str:
            if spec == "exact":
                return f"{x:.{digits}g}"
            # A limit beside zero keeps its side of it.
            exact = x and not round(x * scale, digits)
            shown = digits + (0 if not exact else 1 if round(x * scale, digits + 1) else 2)
            rounded = round(x * scale, shown) + 0.0  # no minus zero
            return f"{rounded:{sign}.{shown}f}{unit}".replace("-", "\N{MINUS SIGN}")

        interval = "" if np.isnan(self.low) else f" [{number(self.low)} to {number(self.high)}]"
        return number(self.value) + after + interval


COLUMNS = list(Estimate._fields)


def of_rows(table: pd.DataFrame) -> list[Estimate]:
    """Give the estimate that each row of a table holds, in any of the columns of `record`."""
    return [Estimate(*row) for row in table.reindex(columns=COLUMNS).to_numpy(float)]


def readable(estimates: pd.DataFrame, spec: str) -> pd.DataFrame:
    """Estimates, as `record` takes them, as a table to read, in a format of `Estimate`.

    Columns value [95% interval], p, q and n; those without an entry drop out.
    """
    rows = of_rows(estimates)
    columns = {
        "value [95% interval]": ["" if np.isnan(e.value) else format(e, spec) for e in rows],
        "p": [probability(e.p) for e in rows],
        "q": [probability(e.q) for e in rows],
        "n": ["" if np.isnan(e.n_articles) else format(e, "n") for e in rows],
    }
    table = pd.DataFrame(columns, estimates.index)
    return table.loc[:, (table != "").any()]


def record(table: pd.DataFrame) -> None:
    """Put estimates of the running notebook in `derived/estimates.csv`; same names are replaced.

    Parameters
    ----------
    table : pd.DataFrame
        Index: names, unique in the study. Columns: `value` and any of `low`, `high`,
        `n_articles`, `n_events`, `p`, `q`, and `source`, the function that made them (see
        `study.estimands.estimates`).

    Raises
    ------
    DefectionError
        If a name occurs twice, or another notebook holds it; nothing is written then.
    """
    notebook = settings.notebook_name()
    new = table.reindex(columns=[*COLUMNS, "source"]).rename_axis("name").reset_index()
    new.insert(0, "notebook", notebook)
    with settings.locked(_path()):
        old = read()
        old = old[(old["notebook"] != notebook) | ~old["name"].isin(new["name"])]
        both = pd.concat([frame for frame in (old, new) if len(frame)])
        twice = both["name"][both["name"].duplicated() & both["name"].isin(new["name"])]
        if len(twice):
            name = twice.iloc[0]
            by = " and ".join(both["notebook"][both["name"] == name].unique())
            raise DefectionError(f"The estimate {name!r} is recorded twice, by {by}; rename one.")
        _write(both)


def forget(is_gone: Callable[[str], bool]) -> None:
    """Take away the estimates of the notebooks that `is_gone` says."""
    with settings.locked(_path()):
        table = read()
        gone = table["notebook"].map(is_gone).astype(bool)
        if gone.any():
            _write(table[~gone])


def read() -> pd.DataFrame:
    """All recorded estimates as a table with the columns `notebook`, `name`, ..., `source`."""
    table = pd.read_csv(_path()) if _path().exists() else pd.DataFrame()
    return table.reindex(columns=["notebook", "name", *COLUMNS, "source"])


def by_name() -> pd.DataFrame:
    """All recorded estimates, indexed by name, with `points`: each written as a difference."""
    table = read().set_index("name")
    return table.assign(points=[f"{estimate:points}" for estimate in of_rows(table)])


def _path() -> Path:
    return settings.derived_dir() / "estimates.csv"


def _write(table: pd.DataFrame) -> None:
    table = table.sort_values(["notebook", "name"], kind="stable")
    whole = table.astype({"n_articles": "Int64", "n_events": "Int64"})
    text = whole.to_csv(index=False, float_format="%.10g", lineterminator="\n")
    settings.write_text(_path(), text)


def estimates() -> dict[str, Estimate]:
    """All recorded estimates by name."""
    table = read()
    return dict(zip(table["name"], of_rows(table), strict=True))


def shown(name: str, spec: str) -> str:
    """Write one estimate in a format of `Estimate`; "-" where it has no value."""
    known = estimates().get(name, Estimate(np.nan))
    return "-" if np.isnan(known.value) else format(known, spec)


def listed(rows: dict[str, tuple[str, str]]) -> pd.DataFrame:
    """Write estimates below one another: what one is, in words, to its name and its format."""
    values = {what: shown(name, spec) for what, (name, spec) in rows.items()}
    return pd.Series(values, name="value").to_frame()


def say(*names: str) -> None:
    """Show findings in a notebook, by name; none with a corpus that they are not about."""
    said = texts()
    for name in filter(said.get, names):
        display(Markdown(said[name]), metadata={"finding": name})


def say_own() -> None:
    """Show all that a corpus of one's own shows; nothing of the study's own, which has findings."""
    if settings.is_own():
        said = pd.DataFrame(bullets("../"), columns=["notebook", "leads", "text"])
        said["leads"] = said["leads"].astype(bool)
        parts = [f"**Who coded.** {corpus.load().coder}", "\n".join(said["text"][said["leads"]])]
        for notebook, lines in said[~said["leads"]].groupby("notebook")["text"]:
            title = notebook.partition("_")[2].replace("_", " ").capitalize()
            parts += [f"### {title}", "\n".join(lines)]
        display(Markdown("\n\n".join(parts)))


def texts() -> dict[str, str]:
    """Every finding, by name, with its numbers; brackets hold 95% intervals.

    Where an estimate is lacking, or a condition of the sentence fails, the text says that instead
    of the finding. With a corpus of one's own there is none.
    """
    return {finding.name: text for finding, text, _ in written()}


def written() -> Iterator[tuple[findings.Finding, str, bool]]:
    """Every finding, its text, and whether it holds; none with a corpus of one's own."""
    if settings.is_own():
        return
    known = estimates()
    for finding in findings.load().values():
        if lacking := finding.lacking(known):
            yield finding, f"*Not computed: there is no estimate {lacking[0]!r}.*", False
            continue
        text = captions.line(finding.text.format_map(known))
        failed = "; ".join(finding.failed(known))
        said = f"*Does not hold any more ({failed}):* {text}" if failed else text
        yield finding, said, not failed


def headlines() -> list[str]:
    """List what is said first as markdown bullets, each with links to figure and notebook."""
    return [text for _, leads, text in bullets() if leads]


def bullets(root: str = "") -> Iterator[tuple[str, bool, str]]:
    """Notebook, whether it leads, and bullet, of findings or of `computed.sentences`.

    `root` is the path from the page to the top of the outputs, with the closing slash.
    """
    places = {p.stem: p.relative_to(settings.ROOT) for p in settings.notebook_sources()}
    said = [(finding, text) for finding, text, _ in written()]
    if settings.is_own():
        from . import computed  # which writes estimates as this module does

        told = computed.sentences(corpus.load(), estimates())
        said = [(finding, captions.line(finding.text)) for finding in told]
    for finding, text in said:
        links = [f"[notebook]({root}{places[finding.notebook].as_posix()})"]
        if captions.files(finding.figure)[0].exists():
            links.insert(0, f"[figure]({root}figures/{captions.picture(finding.figure)})")
        yield finding.notebook, finding.headline, f"- {text} ({', '.join(links)})"
