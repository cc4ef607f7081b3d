"""The commands with which people check and give codes."""

from pathlib import Path
from typing import Annotated

import typer

# Each imports what it needs itself: the libraries take seconds, `--help` should not.

Sheets = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the sheets.")]


def blind_sheet(
    out: Sheets,
    n: Annotated[int, typer.Option("--n", min=1, help="Articles, and claims, to draw.")] = 200,
) -> None:
    """Draw a stratified sample of the corpus for people to code, blind to the existing codes.

    Writes code.html, one page to code in a browser without a connection, the same as sheets
    (articles.csv, claims.csv, INSTRUCTIONS.md), and the key apart. Never overwrites.
    """
    from .human import blind_sheet

    print(blind_sheet(n, out))


def intrusion(out: Sheets) -> None:
    """Write word and topic intrusion tests for the topics: can a person tell what is not theirs?

    Writes words.csv, topics.csv and INSTRUCTIONS.md, and the answers apart. Never overwrites.
    """
    from .intrusion import write

    print(write(out))


def agreement(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder of the filled sheets and coders' files.")
    ],
) -> None:
    """Read what people gave in blind-sheet, review or intrusion, and compare it with the key.

    Takes filled sheets, and the files codes-NAME.csv that the page gives out. Every slip is named.
    Writes agreement.csv (precision.csv for intrusion); with two coders or more also people.csv,
    which says code by code whether the model may stand in for a person, and decide.html, a page to
    decide where they differ.
    """
    from . import human, intrusion

    tests = any((folder / f"{name}.csv").exists() for name in intrusion.TESTS)
    print((intrusion if tests else human).report(folder))


def review(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that `code corpus` coded.")],
) -> None:
    """Have people decide the codes that classifiers left open, and check some of the others.

    Writes DIR/review/code.html, one page to code in a browser without a connection, and the same as
    sheets. Put the files that the page gives out into DIR/review and run this again: it takes the
    codes over, compares coders, and writes decide.html where they differ.
    """
    from .human import review

    print(review(folder))


def corrected(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="Folder of the corpus; that under study if left out."),
    ] = None,
    sheets: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The filled sheets; by default DIR's first review."),
    ] = None,
) -> None:
    """Correct shares and contrasts of machine codes by the codes that people gave to a sample.

    Takes the sheets of blind-sheet or review, filled in at least in part. DIR/derived/corrected.csv
    holds each estimate by the machine's codes, corrected, and by the sample alone.
    """
    from .. import settings
    from .correct import write_table

    print(write_table(folder or settings.data_dir(), sheets))


COMMANDS = {
    "blind-sheet": blind_sheet,
    "intrusion": intrusion,
    "agreement": agreement,
    "review": review,
    "corrected": corrected,
}
"""By the name under which the command line has them."""
