"""The one seed, and where the study reads and writes."""

import os
from pathlib import Path

SEED = 2026
"""Seed of every random draw in the study."""

ROOT = Path(__file__).resolve().parents[2]
"""The checkout that holds this package (the package is installed editable)."""


def data_dir() -> Path:
    """Folder of the corpus under study: `DEFECTION_DATA` if set, else the repository's `data/`."""
    return Path(os.environ.get("DEFECTION_DATA") or ROOT / "data").resolve()


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


def cache_dir() -> Path:
    """Folder of the embedding cache; safe to delete, never tracked."""
    return ROOT / ".cache"
