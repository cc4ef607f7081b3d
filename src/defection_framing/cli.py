"""Console command `defection-framing`."""

import errno
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from .people.commands import COMMANDS, Folder
from .settings import DefectionError

if not sys.stderr.isatty():  # in a log, progress is a line now and then
    os.environ.setdefault("TQDM_MININTERVAL", "10")

# The commands import what they need themselves: the libraries take seconds, `--help` should not.

_SYSTEM = (
    *(errno.ENOENT, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EPIPE),
    *(errno.EISDIR, errno.ENOTDIR, errno.EEXIST),
)
"""Faults of the system that can meet any command: a file missing, barred or a folder, no room."""


class _PlainErrors(TyperGroup):
    """Print an error that a researcher can mend as a sentence, without a trace; exit 2."""

    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except Exception as error:
            if ctx.params["debug"] or not (message := _plain(error)):
                raise
            typer.echo(message, err=True)
            raise typer.Exit(2) from None


def _plain(error: Exception) -> str:
    """What to say of an error; empty if it is a fault of the program."""
    if isinstance(error, ModuleNotFoundError) and not (error.name or "").startswith(__package__):
        return f"This command needs {error.name}, which is not here: pip install -e '.[own]'."
    if isinstance(error, OSError) and error.errno in _SYSTEM:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}; nothing more was written."
    return str(error) if isinstance(error, DefectionError) else ""


app = typer.Typer(
    cls=_PlainErrors,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
code = typer.Typer(
    help="Code texts by classifiers learnt from the coded corpus, each code with a probability. "
    "Codes below a stated threshold are left open, for a person to decide.",
    no_args_is_help=True,
)
app.add_typer(code, name="code")


@app.callback()
def main(
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error arose.")] = False,
) -> None:
    """How news media frame people who leave one side of the Russia-Ukraine war for the other.

    The study runs on the repository's own data. To run it on a corpus of your own, in the same
    tables, set the environment variable DEFECTION_DATA to its folder: every output then goes into
    that folder and the repository stays as it is.
    """


@app.command("study")
def run(
    notebooks: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NOTEBOOK...]", help="Run these alone, changed or not; by name, as 2_topics."
        ),
    ] = None,
    full: Annotated[
        bool,
        typer.Option(
            "--full", help="First compute kept simulations and embeddings again, in full (hours)."
        ),
    ] = False,
) -> None:
    """Run the notebooks that changed, and rewrite their figures and tables and all pages.

    Prints a line for each notebook. Texts of your own are embedded first, which can take minutes.
    """
    from . import corpus, settings
    from .publish import run
    from .study import kept
    from .text import embed

    if settings.is_own():
        # Once and with progress, which the notebooks would not show.
        embed.vectors(run.embedded_texts(corpus.load()))
    elif full:
        embed.track(run.embedded_texts(corpus.load()))
    if full:
        for simulation in kept.SIMULATIONS.values():
            simulation.save()
    run.run_study(notebooks)


@app.command()
def check(folder: Folder = None) -> None:
    """Check the tables of a corpus against the schema (datapackage.json).

    Prints how much there is, or every violation with file, row, column and value.
    """
    from .corpus import load

    corpus = load(folder)
    for table in ("articles", "claims", "outlets", "events"):
        typer.echo(f"{len(getattr(corpus, table)):>6,} {table}")
    for unit in ("claims", "articles"):
        codings = getattr(corpus, f"codings_{unit}")
        coders = " ".join(codings.index.unique("coder"))
        typer.echo(f"{len(codings):>6,} codings of {unit}" + (f" ({coders})" if coders else ""))
    typer.echo("The corpus fits the schema.")


Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE...",
        help="Files, folders or archives of articles as databases, messengers, feeds, office "
        "programs and crawlers export them; tables of texts or of addresses; addresses.",
    ),
]
Out = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="Folder to write to, or to go on in.")
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        metavar="WHAT=NAME", help="A column of an unusual name, as text=Leib; repeatable."
    ),
]
Format = Annotated[
    str,
    typer.Option(
        "--as", metavar="FORMAT", help="Take all files for this; any other word lists them."
    ),
]


def _named(columns: list[str] | None) -> dict[str, str]:
    """Read what columns hold, as they are named on the command line."""
    named = dict(pair.partition("=")[::2] for pair in columns or [])
    if not all(named.values()):
        raise DefectionError("--column takes WHAT=NAME, such as --column text=Leib.")
    return named


@app.command()
def ingest(sources: Sources, out: Out, column: Columns = None, taken_for: Format = "") -> None:
    """Read your own articles into DIR: texts, sentences, outlets, sources, families, events.

    `code corpus DIR` then makes of them what the study runs on. Nothing is dropped silently:
    inputs.csv says what each file was taken for and which column was read as what, rejected.csv
    what was not taken, with the reason, remarks.csv what was taken out of articles. Runs resume
    where they stopped. The texts stay out of git.
    """
    from .own.ingest import ingest as run

    typer.echo(str(run(sources, out, columns=_named(column), taken_for=taken_for)))


@app.command("run")
def all_the_way(sources: Sources, out: Out, column: Columns = None, taken_for: Format = "") -> None:
    """Go all the way with your own articles: ingest, code, study, report and explorer, into DIR.

    Run it again to go on where it was stopped, to add articles, or after you classified outlets in
    outlets.csv or decided codes by `review`: only what changed is done again. The first time the
    coders are fitted, which takes a minute at most.
    """
    from .own.run import run

    for said in run(sources, out, _named(column), taken_for):
        typer.echo(said)


@app.command()
def scale(
    claims: Annotated[
        Path,
        typer.Argument(
            metavar="CLAIMS",
            help="Parquet (.parquet) or lines of JSON, with columns text and event; if known, "
            "direction and camp.",
        ),
    ],
    out: Out,
    workers: Annotated[int, typer.Option(min=1, help="Processes that work side by side.")] = 1,
) -> None:
    """Code, cluster and compare claims by the million, partition by partition, into DIR.

    Writes each claim's frame and telling (coded/, Parquet), and tables of shares by direction with
    intervals. Run it again to go on where it was stopped.
    """
    from .own.scale import on_this_machine

    typer.echo(on_this_machine(claims, out, workers))


@code.command("corpus")
def code_corpus(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What `ingest` has written to.")],
) -> None:
    """Code the articles that were ingested into DIR, so that the study runs on them.

    Writes the study's tables beside the ingested ones, and every code with its probability into
    codes.csv. Codes that a person gave stay as they are.
    """
    from .own.package import code_folder

    typer.echo(str(code_folder(folder)))


@code.command("card")
def code_card() -> None:
    """Measure the classifiers by cross-validation and rewrite data/model_card.md (minutes)."""
    from .own.model_card import write_card

    write_card()


@app.command()
def pages() -> None:
    """Write captions, findings and gallery anew from their words; nothing is run."""
    from .publish.pages import write_pages

    if old := write_pages():
        typer.echo(f"New titles that no picture bears until it is drawn: {', '.join(old)}.")


@app.command()
def site() -> None:
    """Build the site, report, notebooks, figures, data, explorer and package, into build/site."""
    from .publish import site

    typer.echo(f"The site begins at {site.build()}.")


@app.command()
def explore(
    folder: Folder = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="The page; by default explorer.html in DIR, or in build/site for the repository.",
        ),
    ] = None,
) -> None:
    """Write the explorer of a corpus: one page to look claims up in, without a connection.

    It has a map, search, filters, shares with intervals, and both tellings of shared events. It
    holds every claim: do not publish it where claims are sentences of articles.
    """
    from .publish.explore import write

    typer.echo(f"Explorer written to {write(folder, out)}.")


@app.command()
def verify() -> None:
    """Compare the last run with what is committed: do the conclusions still hold?

    Says `identical`, `within tolerance`, `conclusions hold` (values moved further, no conclusion
    did) or `conclusions changed`, with the details. The last fails (exit code 1), and so does any
    estimate that moved in the environment that the outputs were committed from.
    """
    from .publish import verify

    result = verify.verify()
    typer.echo(str(result))
    if result.fails:
        raise typer.Exit(1)


@app.command()
def where(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="Of an estimate, a figure or a finding, or how one alone begins."
        ),
    ],
) -> None:
    """Print notebook, cell, functions and words of an estimate, a figure or a finding."""
    from .publish.where import where

    typer.echo(where(name))


for _command in COMMANDS:
    app.command()(_command)
