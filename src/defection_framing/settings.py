"""The one seed, and where the study reads and writes."""

import hashlib
import os
import pickle
import re
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock


class DefectionError(Exception):
    """What a researcher can mend; all errors raised on purpose derive from it.

    The message says what is wrong and what to do; the command prints it without a trace.
    """


SEED = 2026
"""Seed of every random draw in the study."""

ROOT = Path(__file__).resolve().parents[2]
"""The checkout that holds this package (the package is installed editable)."""


def data_dir() -> Path:
    """Folder of the corpus under study: `DEFECTION_DATA` if set, else the repository's `data/`."""
    return Path(os.environ.get("DEFECTION_DATA") or ROOT / "data").resolve()


def is_own() -> bool:
    """Whether a researcher's own corpus is under study, not the repository's."""
    return data_dir() != ROOT / "data"


def _output_dir() -> Path:
    """Folder that outputs go to: beside a researcher's own corpus, never over the repository's."""
    return data_dir() if os.environ.get("DEFECTION_DATA") else ROOT


def derived_dir() -> Path:
    """Folder of the tables that the study computes."""
    return data_dir() / "derived"


def figures_dir() -> Path:
    """Folder of the figures."""
    return _output_dir() / "figures"


def notebooks_dir() -> Path:
    """Folder of the executed notebooks."""
    return _output_dir() / "notebooks"


def notebook_sources(folder: Path | None = None) -> list[Path]:
    """All notebooks of the study, as the repository holds them; or those in another folder."""
    found = (folder or ROOT / "notebooks").rglob("*.ipynb")
    return sorted(path for path in found if ".ipynb_checkpoints" not in path.parts)


def cache_dir() -> Path:
    """Folder of what can be computed again: safe to delete, never tracked."""
    return ROOT / ".cache"


def cached(name: str, key: bytes, make: Callable[[], Any]) -> Any:
    """What `make` gives, kept in the cache for as long as the key is the same.

    Notebooks run side by side: one that comes second waits for what the first is making.
    """
    path = cache_dir() / f"{name}.pickle"
    with FileLock(path.with_suffix(".lock")):
        # What is damaged is made again, as what is not there.
        gone = FileNotFoundError, EOFError, pickle.UnpicklingError, AttributeError, ImportError
        with suppress(*gone), path.open("rb") as file:
            if pickle.load(file) == key:
                return pickle.load(file)
        made = make()
        write_bytes(path, pickle.dumps(key) + pickle.dumps(made))
    return made


def notebook_name() -> str:
    """Name of the notebook that runs, without ending; RuntimeError if none does."""
    if "JPY_SESSION_NAME" not in os.environ:
        raise RuntimeError(
            "The name of the notebook is not known: figures and estimates are kept from notebooks. "
            "Elsewhere set the environment variable JPY_SESSION_NAME to the name of one."
        )
    return Path(os.environ["JPY_SESSION_NAME"]).stem


def locked(path: Path) -> AbstractContextManager:
    """Keep a file to oneself while it is read, changed and written: notebooks run side by side."""
    return FileLock(cache_dir() / f"{path.name}.lock")


def digest(text: str) -> str:
    """SHA-256 of a text, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def write_text(path: Path, text: str) -> None:
    """Write a text file, UTF-8, in one step: a run that is stopped never leaves half a file."""
    write_bytes(path, text.encode())


def write_block(path: Path, name: str, text: str) -> None:
    """Replace what stands between `<!-- NAME:start -->` and `<!-- NAME:end -->` in a file.

    DefectionError if the two marks do not stand in the file exactly once each, start before end.
    """
    start, end = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
    before, *parts = re.split(f"({start}|{end})", path.read_text(encoding="utf-8"))
    if parts[::2] != [start, end]:
        raise DefectionError(
            f"{path.name} must contain the line {start} once and, after it, the line {end} once, "
            "so that the study knows where its text goes: put them back."
        )
    write_text(path, f"{before}{start}\n{text.strip()}\n{end}{parts[-1]}")


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file in one step, and the folder that it lies in if there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{path.name}."
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=prefix, delete=False) as file:
        file.write(content)
    # A temporary file is private to its owner; the page is to be read by others.
    os.chmod(file.name, 0o644)
    try:
        os.replace(file.name, path)
    except OSError:  # such as a folder of that name
        os.unlink(file.name)
        raise
