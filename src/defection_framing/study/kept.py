"""Long simulations whose results are kept as tracked tables.

`study --full` computes them with all replicates into `data/simulations/NAME.csv`, with a small run
on a third of the events beside it, `NAME_few.csv`, which a test repeats and compares.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name

import pandas as pd
from threadpoolctl import threadpool_limits

from .. import corpus, settings
from ..settings import digest


def folder() -> Path:
    """Folder of the kept tables of the corpus under study."""
    return settings.data_dir() / "simulations"


@dataclass(frozen=True)
class Simulation:
    """A function that simulates, and how often."""

    name: str
    # "module.function", seen from this folder: what is not run is not imported. It takes a corpus,
    # a number of replicates and a seed, and returns a table of names of rows, and numbers.
    function: str
    replicates: int
    few: int  # replicates in the small run, and where nothing is kept
    by_row: bool = False  # of single rows of the data, so that it is of no use once these change

    def _path(self, ending: str = ".csv") -> Path:
        return folder() / f"{self.name}{ending}"

    def run(self, replicates: int, small: bool = False) -> pd.DataFrame:
        """Compute it from the corpus under study, or a `small` part of it."""
        run = resolve_name(f"{__package__}.{self.function}")
        with threadpool_limits(1):  # more threads move last digits, and wait for each other
            data = _small(corpus.load()) if small else corpus.load()
            return run(data, replicates, settings.SEED)

    def save(self) -> None:
        """Compute the full and the small run, and keep both with checksums of the data."""
        runs = (".csv", self.replicates, False), ("_few.csv", self.few, True)
        for ending, replicates, small in runs:
            table = self.run(replicates, small)
            text = table.to_csv(index=False, float_format="%.6g", lineterminator="\n")
            settings.write_text(self._path(ending), text)
        entry = {"replicates": self.replicates, "seed": settings.SEED, "data": _data()}
        settings.write_text(self._path(".json"), json.dumps(entry, indent=1, sort_keys=True) + "\n")

    def saved(self) -> pd.DataFrame:
        """Read the kept table; where none is, run `few` replicates, or all of them if `by_row`."""
        return pd.read_csv(self._path()) if self._is_kept() else self.run(self._now())

    def stale(self) -> list[str]:
        """Name the data tables that changed since the kept table was computed."""
        if not self._path().exists():
            return [f"{self._path().name} does not exist"]
        then, now = self._entry()["data"], _data()
        return sorted({n for n, _ in then.items() ^ now.items()})

    def origin(self) -> str:
        """Say in one sentence what the table that `saved` gives was computed from."""
        if not self._is_kept():
            return f"{self.name}: {self._now():,} replicates, computed now."
        replicates = self._entry()["replicates"]
        text = f"{self.name}: {replicates:,} replicates, kept in `data/simulations/{self.name}.csv`"
        if changed := self.stale():
            return f"{text}, **stale**: changed since are {', '.join(changed)}."
        return f"{text}, computed from these data."

    def _is_kept(self) -> bool:
        return self._path().exists() and not (self.by_row and self.stale())

    def _now(self) -> int:
        """Replicates where no table is kept."""
        return self.replicates if self.by_row else self.few

    def _entry(self) -> dict:
        return json.loads(self._path(".json").read_text(encoding="utf-8"))


# Every simulation of the study by name.
SIMULATIONS = {
    s.name: s
    for s in (
        Simulation("false_alarms", "inference.false_alarms", 500, 2),
        Simulation("coverage", "inference.coverage", 400, 2),
        Simulation("detectable", "inference.detectable", 100, 1),
        Simulation("topics", "topics_model.other_fits", 10, 1, by_row=True),
        Simulation("stories", "topics_stories.other_fits", 15, 1, by_row=True),
        Simulation("topics_number", "topics_number.by_number", 5, 1),
    )
}


def _small(data: corpus.Corpus) -> corpus.Corpus:
    """A third of the events."""
    events = data.articles["event"].astype(str)
    return data.part(data.articles.index[[int(digest(e), 16) % 3 == 0 for e in events]])


def _data() -> dict[str, str]:
    """Checksums of the tables of the corpus under study; names of topics move no number."""
    tables = sorted(p for p in settings.data_dir().glob("*.csv") if p.name != "topic_labels.csv")
    return {p.name: digest(p.read_text(encoding="utf-8")) for p in tables}
