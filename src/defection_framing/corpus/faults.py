"""Say what is wrong with a table, one line for each fault: where, what, and what to do."""

from collections.abc import Iterable
from pathlib import Path

_BROKEN_ROW = ("extra-cell", "missing-cell", "blank-row")
_REMEDY = {
    "foreign-key": "correct it or add the row there",
    "primary-key": "remove one row or correct its id",
    "unique-error": "remove one row or correct its id",
}


def cell_fault(path: str, row: int, column: str, value: str, say: str) -> str:
    """Name a cell (the header is row 1) and say what is wrong with it, in one sentence."""
    return f"{path}, row {row}, column {column}: {_shorten(value)!r} {say}"


def no_code(allowed: Iterable[str]) -> str:
    """Say of a cell that it holds no code, and what to write."""
    return f"is not a code of this column; write one of {', '.join(allowed)}."


def unreadable(path: Path) -> Iterable[str]:
    """Say what keeps a file from being read as text; Frictionless does not name the row."""
    try:
        if not path.read_text(encoding="utf-8").strip():
            yield f"{path.name} is empty; it needs a header row and rows."
    except OSError:
        yield f"{path.name} is missing from {path.parent}; put the table there."
    except UnicodeDecodeError as error:
        row = error.object[: error.start].count(b"\n") + 1
        byte = f"byte {error.object[error.start]:#04x}"
        yield f"{path.name}, row {row}: {byte} is not UTF-8; save the file as CSV in UTF-8."


def explain(report, resource: dict) -> tuple[list[str], list[str]]:
    """Faults of a file's structure and of its cells: Frictionless' own words, and a remedy."""
    path, key = resource["path"], resource["schema"]["primaryKey"][0]
    fields = {field["name"]: field for field in resource["schema"]["fields"]}
    names = list(fields)
    structure: list[str] = []
    cells: dict[tuple, str] = {}  # by row and column: the first fault of each cell
    errors = [error for task in report.tasks for error in task.errors]
    broken = {error.row_number for error in errors if error.type in _BROKEN_ROW}
    for error in errors:
        row = getattr(error, "row_number", None)
        if "#header" in error.tags:
            found, wanted = ",".join(error.labels), ",".join(names)
            structure.append(f"{path}, row 1: the columns are {found!r}; write {wanted!r}.")
        elif row is None:
            structure.append(f"{path}: {error.message.rstrip('.')}; repair the file.")
        elif row in broken:  # its cells have slipped: what they hold is not judged
            if error.type in _BROKEN_ROW:
                start = _shorten(",".join(map(str, error.cells)))
                cells[row, None] = (
                    f"{path}, row {row}: {start!r}: {error.title.lower()}; write {len(names)} cells"
                    " parted by commas, a cell that holds commas in double quotes."
                )
        else:
            column = getattr(error, "field_name", None) or getattr(error, "field_names", [key])[0]
            value = error.cells[names.index(column)]
            example = f"write it like {str(fields[column].get('example'))!r}"
            say = f"does not fit: {error.note}; {_REMEDY.get(error.type, example)}."
            cells.setdefault((row, column), cell_fault(path, row, column, value, say))
    return structure, list(cells.values())


def _shorten(value: str) -> str:
    return value if len(value) <= 80 else f"{value[:77]}..."
