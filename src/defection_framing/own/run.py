"""All the way: from a researcher's sources to the report, figures and explorer, step by step.

Each step goes on where it was stopped: `ingest` and the study know what they have done, and coding
is left out where neither the articles nor the coders changed.
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from .. import corpus, settings
from ..publish import explore, ledger
from ..publish.run import embedded_texts, run_study
from ..text import embed
from . import coders, event_sheet, lowrank
from .ingest import ingest
from .package import code_folder

_READ = ["texts.jsonl", "sentences.csv", "sources.csv", "families.csv", "outlets.csv", "codes.csv"]
_READ += [event_sheet.SHEET]
# What tables rest on, codes and events of persons among it.

_STAMP = ".coded"


def run(
    sources: Sequence[str],
    out: Path,
    columns: Mapping[str, str] | None = None,
    taken_for: str = "",
) -> Iterator[str]:
    """Ingest, code, study, and write report and explorer into a folder; say each step when done.

    `columns` and `taken_for` are those of `ingest.ingest`. The corpus under study is that of the
    folder from then on, in this process.

    Raises
    ------
    DefectionError
        As the steps do; what was done before stays.
    """
    out = out.resolve()
    started = time.perf_counter()
    yield "[1/4] ingest ..."
    yield str(ingest(sources, out, columns, taken_for=taken_for))
    yield "[2/4] code ..."
    yield _code(out)
    if not (out / "articles.csv").exists():
        yield f"A person is to decide first: defection-framing review {out}"
        return
    yield "[3/4] study ..."
    yield _study(out)
    yield "[4/4] explore ..."
    yield f"{explore.write(out)}"
    minutes = (time.perf_counter() - started) / 60
    yield "\n".join([f"Done in {minutes:.0f} minutes.", *ledger.headlines(), "", *_places(out)])


def _code(out: Path) -> str:
    """Code what was ingested, unless it is coded."""
    stamp = out / _STAMP
    if stamp.exists() and stamp.read_text(encoding="utf-8") == _state(out):
        return "Coded before, and nothing changed since."
    report = code_folder(out)
    settings.write_text(stamp, _state(out))
    # The last line says how to study them, which comes next.
    return str(report).rpartition("\n")[0] if report.articles else str(report)


def _state(out: Path) -> str:
    """Digest of what the codes rest on."""
    paths = [out / name for name in _READ if (out / name).exists()]
    return lowrank.version(coders.version("coding", "package"), paths)


def _study(out: Path) -> str:
    os.environ["DEFECTION_DATA"] = str(out)
    embed.vectors(embedded_texts(corpus.load()))  # with progress, which notebooks would not show
    run_study()
    return f"{len(list(settings.figures_dir().rglob('*.png')))} figures in {settings.figures_dir()}"


def _places(out: Path) -> list[str]:
    """Where a reader finds what."""
    places = {
        "Report": "figures/report/report.html",
        "All figures": "figures/README.md",
        "All claims, to look up": "explorer.html",
        "Outlets to classify": "outlets.csv",
        "Events to merge and split": event_sheet.SHEET,
        "Not taken, and why": "rejected.csv",
        "Taken but not studied, and why": "left_out.csv",
    }
    said = [f"{what}: {out / file}" for what, file in places.items() if (out / file).exists()]
    return [*said, f"Check codes, and decide those left open: defection-framing review {out}"]
