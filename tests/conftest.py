"""What every test starts from: the repository's own corpus, one thread for each process."""

import gc
import os
import sys

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

LONG = (
    *("coding", "small_corpora", "kept", "topics", "study", "planted", "model_card"),
    *("corpus", "measurement", "same_act", "reliability", "build"),
)
"""Files that take longest: they start first, so that no process is left alone with one."""


def pytest_collection_finish():
    gc.freeze()  # what all tests share is not looked through again and again


def pytest_collection_modifyitems(items):
    ranks = {f"test_{name}": rank for rank, name in enumerate(LONG)}
    items.sort(key=lambda item: ranks.get(item.path.stem, len(LONG)))
