"""The commands with which people check and give codes."""

from pathlib import Path
from typing import Annotated

import typer

# Each imports what it needs itself: the libraries take seconds, `--help` should not.

Folder = Annotated[
    Path | None,
    typer.Argument(metavar="[DIR]", help="Folder of the corpus; that under study if left out."),
]
Sheets = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the page.")]


def blind_sheet(
    out: Sheets,
    n: Annotated[int, typer.Option("--n", min=1, help="Articles, and claims, to draw.")] = 200,
) -> None:
    """Draw a stratified sample of the corpus for people to code, blind to the existing codes.

    Writes code.html, one page to code in a browser without a connection, and the key apart. Never
    overwrites.
    """
    from .human import blind_sheet

    print(blind_sheet(n, out))


def agreement(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder of the page and of coders' files.")
    ],
) -> None:
    """Read what people gave in blind-sheet or review, and compare it with the key.

    Takes the files codes-NAME.csv that the page gives out. Every slip is named. Writes
    agreement.csv; with two coders or more also people.csv, which says code by code whether the
    model may stand in for a person, and decide.html, a page to decide where they differ.
    """
    from .human import report

    print(report(folder))


def review(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that `code corpus` coded.")],
) -> None:
    """Have people decide the codes that classifiers left open, and check some of the others.

    Writes DIR/review/code.html, one page to code in a browser without a connection. Put the files
    that it gives out into DIR/review and run this again: it takes the codes over, compares coders,
    and writes decide.html where they differ.
    """
    from .human import review

    print(review(folder))


def corrected(
    folder: Folder = None,
    sheets: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of the page; by default DIR's first review."),
    ] = None,
) -> None:
    """Correct shares and contrasts of machine codes by the codes that people gave to a sample.

    Takes what people gave in blind-sheet or review, or in part of it. DIR/derived/corrected.csv
    holds each estimate by the machine's codes, corrected, and by the sample alone.
    """
    from .. import settings
    from .correct import write_table

    print(write_table(folder or settings.data_dir(), sheets))


COMMANDS = (blind_sheet, agreement, review, corrected)
"""The command line has them under their own names."""
