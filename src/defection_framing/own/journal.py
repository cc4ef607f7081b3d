"""The journal of a folder: every input that was dealt with, so that nothing is done twice."""

import hashlib
import json
import re
import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from .. import settings
from ..settings import DefectionError

_JOURNAL = "ingest.jsonl"


class IngestError(DefectionError):
    """A source or folder that cannot be used; the message names it and says what to do."""


class Journal(dict[str, dict]):
    """What has been dealt with, by input: one line each, the last one on an input holding."""

    def __init__(self, file: BinaryIO):
        super().__init__()
        self.file, self.accounts = file, {}
        self.addresses: dict[str, str] = {}  # made up for articles that have none, by place
        self.inputs: dict[str, set[str]] = defaultdict(set)  # that a file has, or had
        file.seek(0)
        at = 0
        for number, line in enumerate(file, 1):
            if not line.endswith(b"}\n"):
                break  # cut off when a run was interrupted
            try:
                self._keep(json.loads(line))
            except ValueError:
                raise IngestError(
                    f"{file.name}, line {number} is damaged; remove this line, and what it was of "
                    "is read again."
                ) from None
            at += len(line)
        file.truncate(at)
        self.start, self.seen = at, set()
        self.dealt: dict[str, None] = {}  # inputs of this run, in their order

    def add(self, entry: dict) -> None:
        """Write down what became of an input, or of a file."""
        self.file.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")
        self.file.flush()  # a run that is killed goes on from here
        self._keep(entry)

    def _keep(self, entry: dict) -> None:
        if "account" in entry:
            self.accounts[entry["account"]] = entry
        elif entry.get("dropped"):
            self.pop(entry["input"], None)
        else:
            if article := entry.get("article"):
                words = re.sub(r"\W+", "", article["text"].lower())
                entry["same"] = hashlib.sha256(words.encode()).hexdigest()[:16]
                entry |= {name: article[name] for name in ("id", "date", "outlet")}
                self.addresses[article["url"]] = entry["input"]
            self[entry["input"]] = entry
            self.inputs[entry["file"]].add(entry["input"])


@contextmanager
def opened(out: Path) -> Iterator[Journal]:
    """Open the folder's journal; a run that raises `IngestError` leaves the folder as it was."""
    if out.exists() and not out.is_dir():
        raise IngestError(f"{out} is a file; name a folder to write to.")
    if out.resolve() == (settings.ROOT / "data").resolve():
        raise IngestError(f"{out} holds the study's own data; name another folder to write to.")
    if (out / "articles.csv").exists() and not (out / _JOURNAL).exists():
        raise IngestError(f"{out} holds tables that `ingest` did not begin; name another folder.")
    new, path = not out.exists(), out / _JOURNAL
    lock = FileLock(out / "ingest.lock", blocking=False)
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        # Before any text is there, so that none is ever tracked.
        ignored = "# The publishers' wording: not to be published.\n*\n"
        settings.write_text(out / ".gitignore", ignored)
        file = path.open("a+b")
    except Timeout:
        raise IngestError(f"Another run is writing to {out}; wait until it ends.") from None
    except OSError as error:
        raise IngestError(f"{out} cannot be written to ({error.strerror}).") from None
    found = None
    try:
        found = Journal(file)
        yield found
    except IngestError:
        if found is not None:
            file.truncate(found.start)
        raise
    finally:
        file.close()
        lock.release()
        Path(lock.lock_file).unlink(missing_ok=True)
        if not path.stat().st_size:
            path.unlink()
            if new:
                shutil.rmtree(out)
