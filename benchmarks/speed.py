"""Measure how long things take, into speed.csv: `python benchmarks/speed.py` on a free machine.

All of `TARGETS`, or those that are named, as in `python benchmarks/speed.py "whole study"`.

The study starts as in a new clone: nothing of an earlier run is remembered but the encoder.
"""

import csv
import platform
import shutil
import subprocess
import sys
import threading
import time
from importlib import metadata
from pathlib import Path

import psutil

from defection_framing.settings import ROOT, cache_dir

BIN, MYPY = Path(sys.executable).parent, ROOT / ".mypy_cache"
TESTS = [BIN / "python", "-m", "pytest", "-n", "2", "--dist", "loadfile"]
TARGETS = {
    "whole study": (90, [BIN / "defection-framing", "study"]),
    "a changed caption": (3, [BIN / "defection-framing", "pages"]),
    "one notebook alone": (None, [BIN / "defection-framing", "study", "4_camps"]),
    "lint, types, quick tests": (30, ["make", "quick", f"VENV={BIN.parent}"]),
    "all tests": (240, TESTS),
}
"""What is measured, the seconds that it may take, and its command."""


def measured(command) -> tuple[float, float]:
    """Seconds, and peak memory of all processes together in GB (sampled each 0.2 s)."""
    start, done = time.perf_counter(), threading.Event()
    process = psutil.Popen([str(part) for part in command], cwd=ROOT, stdout=subprocess.DEVNULL)
    peak = 0

    def watch():
        nonlocal peak
        while not done.wait(0.2):
            try:
                all_of_it = [process, *process.children(recursive=True)]
                peak = max(peak, sum(p.memory_info().rss for p in all_of_it))
            except psutil.NoSuchProcess:
                continue

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = process.wait()
    done.set()
    watcher.join()
    if code:
        raise SystemExit(f"{' '.join(map(str, command))} ended with code {code}")
    return time.perf_counter() - start, peak / 1e9


def main() -> None:
    """Measure and write the table."""
    for folder in (*(cache_dir() / kept for kept in ("study", "corpus", "codes")), MYPY):
        shutil.rmtree(folder, ignore_errors=True)
    table = Path(__file__).with_name("speed.csv")
    where = f"{platform.processor() or platform.machine()}, {psutil.cpu_count()} cores"
    with table.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["what", "seconds", "asked", "peak_gb", "version", "python", "machine"])
        for what in sys.argv[1:] or TARGETS:
            asked, command = TARGETS[what]
            seconds, peak = measured(command)
            version = [metadata.version("defection-framing"), platform.python_version(), where]
            out.writerow([what, f"{seconds:.1f}", asked, f"{peak:.2f}", *version])
            file.flush()


if __name__ == "__main__":
    main()
