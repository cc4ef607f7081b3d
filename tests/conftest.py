"""What every test starts from: the repository's own corpus, one thread, perhaps a browser."""

import gc
import os
import shutil
import sys
from pathlib import Path

import pytest

# Before numpy and torch are imported. Two processes of tests with two threads each would wait for
# each other, and sums by several threads differ in their last digits.
for name in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
    os.environ[f"{name}_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ.setdefault("MPLBACKEND", "agg")
# The researcher's settings; tests that need one set it themselves.
for name in ("DEFECTION_DATA", "JPY_SESSION_NAME"):
    os.environ.pop(name, None)

# A check of addresses that notebooks do not need builds a grammar when it is imported, for seconds.
sys.modules["rfc3987_syntax"] = None

ROOT = Path(__file__).parents[1]

LONG = (
    *("lab", "coding", "small_corpora", "kept", "topics", "study", "planted", "model_card"),
    *("corpus", "measurement", "same_act", "reliability"),
)
"""Files that take longest: they start first, so that no process is left alone with one."""


def pytest_collection_finish():
    gc.freeze()  # what all tests share is not looked through again and again


def pytest_ignore_collect(collection_path, config):
    """Let the quick lane pass by files of slow tests alone: much that they import is theirs."""
    if config.option.markexpr != "not slow" or collection_path.suffix != ".py":
        return None
    return "\npytestmark = pytest.mark.slow\n" in collection_path.read_text("utf-8") or None


def pytest_collection_modifyitems(items):
    ranks = {f"test_{name}": rank for rank, name in enumerate(LONG)}
    items.sort(key=lambda item: ranks.get(item.path.stem, len(LONG)))


@pytest.fixture(scope="module")
def browser():
    """Chromium, as the system has it: no other version is fetched. `CHROMIUM` may name one."""
    from playwright.sync_api import sync_playwright

    named = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    chromium = next(filter(None, map(shutil.which, named)), None)
    if not chromium:
        pytest.skip("no Chromium: apt-get install chromium, or name one in CHROMIUM")
    with sync_playwright() as play:
        made = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture(scope="session")
def axe():
    """The script of axe, which finds what keeps people from using a page."""
    folder = ROOT / "src" / "defection_framing" / "publish" / "explorer"
    script = folder / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        pytest.skip(f"no axe: npm ci in {folder.relative_to(ROOT)}")
    return script.read_text(encoding="utf-8")
