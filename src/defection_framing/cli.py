"""Console command `defection-framing`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="How news media frame people who leave one side of the Russia-Ukraine war for the other.\n"
    "\n\nThe study runs on the repository's own data. To run it on a corpus of your own, in the "
    "same tables, set the environment variable DEFECTION_DATA to its folder: every output then "
    "goes into that folder and the repository stays as it is.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

# The commands import what they need themselves: the libraries take seconds, `--help` should not.


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Print an error that this package raised on purpose as it is, without a trace; exit 2."""
    try:
        yield
    except OSError as error:
        # A full disk or a closed pipe can meet any command.
        where = f"{error.filename}: " if error.filename else ""
        typer.echo(f"{where}{error.strerror}; nothing more was written.", err=True)
        raise typer.Exit(2) from None
    except Exception as error:
        if not type(error).__module__.startswith(f"{__package__}."):
            raise
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


@app.command("study")
def run(
    fresh: Annotated[
        bool,
        typer.Option(
            "--fresh",
            help="First embed all texts again with the model and print the largest difference "
            "from the stored embeddings. The study itself always starts from the stored ones.",
        ),
    ] = False,
    full: Annotated[
        bool,
        typer.Option(
            "--full",
            help="First compute the long simulations again with all replicates and keep their "
            "tables. Without it their kept tables are drawn, and checked by a few replicates.",
        ),
    ] = False,
) -> None:
    """Run all notebooks in order and rewrite every figure, table and page.

    Takes a few minutes, more where texts of your own have to be embedded first; prints a line for
    each notebook.
    """
    with _plain_errors():
        from . import corpus, embed, settings, simulations, study

        if settings.data_dir() != settings.ROOT / "data":
            # Once and with progress, which the notebooks would not show.
            embed.vectors(study.embedded_texts(corpus.load()))
        if fresh:
            texts = study.embedded_texts(corpus.load())
            largest = embed.compare_fresh(texts)
            typer.echo(
                f"Embedded {len(texts):,} texts again: the largest difference of any coordinate "
                f"from the stored embeddings is {largest:.2g}."
            )
        if full:
            for name in simulations.SIMULATIONS:
                simulations.save(name)
        study.run_study()


@app.command()
def check(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DIR]", help="Folder of the tables; the corpus under study if left out."
        ),
    ] = None,
) -> None:
    """Check the tables of a corpus against the schema (datapackage.json).

    Prints how much there is, or every violation with file, row, column and value.
    """
    with _plain_errors():
        from .corpus import load

        corpus = load(folder)
        for table in ("articles", "claims", "outlets", "events"):
            typer.echo(f"{len(getattr(corpus, table)):>6,} {table}")
        typer.echo(f"{len(corpus.second_claims):>6,} claims coded a second time")
        typer.echo(f"{len(corpus.second_articles):>6,} articles coded a second time")
        typer.echo("The corpus fits the schema.")


@app.command()
def data(
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="[SOURCE]",
            help="Folder of the coders' raw records; by default ../shared/corpus.",
        ),
    ] = None,
) -> None:
    """Build the tables in data/ from the coders' raw records, and embed their texts.

    Nothing else needs the raw records.
    """
    with _plain_errors():
        from . import corpus, embed, settings, study
        from .build import build

        build(source or settings.ROOT.parent / "shared" / "corpus", settings.data_dir())
        embed.track(study.embedded_texts(corpus.load()))
        typer.echo(f"Tables and embeddings written to {settings.data_dir()}.")


@app.command()
def ingest(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="A folder of .txt or .html; a CSV, JSONL or Parquet table with a column of texts, "
            "or of addresses to fetch; a WARC; a text file of addresses, one a line.",
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder to write to, or to add to.")
    ],
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WHAT=NAME",
            help="A column of an unusual name, such as text=Volltext; may be repeated.",
        ),
    ] = None,
    language: Annotated[
        list[str] | None,
        typer.Option(metavar="CODE", help="Take this language only (ISO 639-1); may be repeated."),
    ] = None,
) -> None:
    """Read your own articles into DIR: texts, sentences, outlets, sources, story families.

    `code corpus DIR` then makes of them what the study runs on. Nothing is dropped silently:
    rejected.csv lists what was not taken, with the reason. Runs resume where they stopped. The
    texts stay out of git.
    """
    with _plain_errors():
        from .ingest import IngestError
        from .ingest import ingest as run

        named = dict(pair.partition("=")[::2] for pair in column or [])
        if not all(named.values()):
            raise IngestError("--column takes WHAT=NAME, such as --column text=Volltext.")
        typer.echo(str(run(sources, out, columns=named, languages=language)))


code = typer.Typer(
    help="Code texts by classifiers learnt from the coded corpus, each code with a probability. "
    "Codes below a stated threshold are left open, for a person to decide.",
    no_args_is_help=True,
)
app.add_typer(code, name="code")

Lines = Annotated[
    Path,
    typer.Argument(
        metavar="FILE.jsonl", help="Lines of JSON with `id` and `text`; - for standard input."
    ),
]


@code.command("corpus")
def code_corpus(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What `ingest` has written to.")],
) -> None:
    """Code the articles that were ingested into DIR, so that the study runs on them.

    Writes the study's tables beside the ingested ones, and every code with its probability into
    codes.csv. Codes that a person gave stay as they are.
    """
    with _plain_errors():
        from .package import code_folder

        typer.echo(str(code_folder(folder)))


@code.command("articles")
def code_articles(file: Lines) -> None:
    """Direction of articles or their summaries: CSV `id,direction,probability,open`."""
    _code(file, "code_articles")


@code.command("claims")
def code_claims(file: Lines) -> None:
    """Main frame and voice of claims: CSV `id,frame,probability,voice,open`.

    `probability` and `open` are the frame's; the voice is right about every second time.
    """
    _code(file, "code_claims")


@code.command("card")
def code_card() -> None:
    """Measure the classifiers by cross-validation and rewrite data/model_card.md (minutes).

    Writes data/simulations/left_out_codes.csv too: what they code of events they did not learn
    from.
    """
    with _plain_errors():
        from . import corpus, correct
        from .model_card import write_card

        write_card()
        correct.keep_left_out_codes(corpus.load())


def _code(file: Path, how: str) -> None:
    with _plain_errors():
        from . import coding

        name = "standard input" if str(file) == "-" else file.name
        try:
            stream = sys.stdin.buffer if str(file) == "-" else file.open("rb")
        except OSError as error:
            raise coding.CodingError(
                f"{file} cannot be read ({error.strerror}); name a file of JSON lines, or -."
            ) from None
        with stream:
            # Of a line that is too long only so much is read as to tell.
            lines = iter(partial(stream.readline, coding.LONGEST_LINE + 1), b"")
            coded = getattr(coding, how)(lines, name)
        coded["open"] = coded["open"].map({True: "true", False: "false"})
        typer.echo(coded.to_csv(index=False), nl=False)


Key = Annotated[
    Path | None,
    typer.Option("--key", metavar="DIR", help="Folder of the key; by default <DIR>-key."),
]


@app.command("blind-sheet")
def blind_sheet(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the sheets.")],
    n: Annotated[int, typer.Option("--n", min=1, help="Articles, and claims, to draw.")] = 200,
    key: Key = None,
) -> None:
    """Draw a stratified sample of the corpus for a person to code, blind to the existing codes.

    Writes articles.csv, claims.csv and INSTRUCTIONS.md, and the key apart. Never overwrites.
    """
    with _plain_errors():
        from .human import blind_sheet

        typer.echo(blind_sheet(n, out, key))


@app.command()
def intrusion(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the sheets.")],
    key: Key = None,
) -> None:
    """Write word and topic intrusion tests for the topics: can a person tell what is not theirs?

    Writes words.csv, topics.csv and INSTRUCTIONS.md, and the answers apart. Never overwrites.
    """
    with _plain_errors():
        from .intrusion import write

        typer.echo(write(out, key))


@app.command()
def agreement(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the filled sheets.")],
    key: Key = None,
) -> None:
    """Read filled sheets back, from blind-sheet or from intrusion, and compare them with the key.

    Every slip is named. Writes agreement.csv or precision.csv into DIR; rows that are not filled in
    yet are left out.
    """
    with _plain_errors():
        from . import human, intrusion

        tests = any((folder / f"{name}.csv").exists() for name in intrusion.TESTS)
        typer.echo((intrusion if tests else human).report(folder, key))


@app.command()
def review(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder coded by `code corpus`, with codes.csv.")
    ],
) -> None:
    """Have people decide the codes that classifiers left open, and check some of the others.

    Writes sheets into DIR/review; run again once they are filled in, it takes the codes over.
    """
    with _plain_errors():
        from .human import review

        typer.echo(review(folder))


@app.command()
def corrected(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DIR]", help="Folder of the corpus; the corpus under study if left out."
        ),
    ] = None,
    sheets: Annotated[
        Path | None,
        typer.Option(
            "--sheets",
            metavar="SHEETS",
            help="Folder of the filled sheets; by default those of the first review in DIR.",
        ),
    ] = None,
    key: Key = None,
) -> None:
    """Correct shares and contrasts of machine codes by the codes that people gave to a sample.

    Takes the sheets of blind-sheet or review, filled in at least in part. Writes
    DIR/derived/corrected.csv: each estimate naive (by the machine's codes), corrected, and by the
    sample alone, with 95% intervals clustered on events.
    """
    with _plain_errors():
        from . import settings
        from .correct import write_table

        typer.echo(write_table(folder or settings.data_dir(), sheets, key))


@app.command("verify")
def compare() -> None:
    """Compare the last run with what is committed: do the conclusions still hold?

    Says `identical`, `within tolerance`, `conclusions hold` (values moved further, no conclusion
    did) or `conclusions changed`, with the details. Only the last fails (exit code 1).
    """
    with _plain_errors():
        from . import verify

        result = verify.verify()
        typer.echo(str(result))
    if result.changed:
        raise typer.Exit(1)
