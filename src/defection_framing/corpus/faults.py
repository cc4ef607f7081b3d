"""Say what is wrong with a table's file or cells, and what to do, one sentence each."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

_BROKEN_ROW = {
    "extra-cell": "the row has more cells than there are columns; put cells that hold commas in "
    "double quotes",
    "missing-cell": "the row has fewer cells than there are columns; fill it up with commas",
    "blank-row": "the row is empty; remove it",
}


def cell_fault(path: str, row: int, column: str, value: str, say: str) -> str:
    """Name a cell (the header is row 1) and say what is wrong with it, in one sentence."""
    return f"{path}, row {row}, column {column}: {_shorten(value)!r} {say}"


def no_code(allowed: Iterable[str]) -> str:
    """Say of a cell that it holds no code, and what to write."""
    return f"is not a code of this column; write one of {', '.join(allowed)}."


def unreadable(resource: dict, folder: Path) -> Iterator[str]:
    """Say what keeps a file from being read as text at all."""
    path = folder / resource["path"]
    if not path.is_file():
        yield f"{resource['path']} is missing from {folder}; put the table there."
        return
    raw = path.read_bytes()
    if not raw.strip():
        yield f"{resource['path']} is empty; it needs a header row and rows."
    elif b"\0" in raw:
        row = raw[: raw.index(b"\0")].count(b"\n") + 1
        yield f"{resource['path']}, row {row}: holds a NUL byte; save the file as CSV in UTF-8."
    else:
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError as error:
            row = raw[: error.start].count(b"\n") + 1
            yield (
                f"{resource['path']}, row {row}: byte {raw[error.start]:#04x} is not UTF-8; save "
                "the file as CSV in UTF-8."
            )


def explain(report, resource: dict) -> tuple[list[str], list[str]]:
    """Put Frictionless' errors into sentences: those of the file's structure, and of its cells."""
    path = resource["path"]
    fields = {field["name"]: field for field in resource["schema"]["fields"]}
    [key] = resource["schema"]["primaryKey"]
    structure, cells = [], []
    errors = [error for task in report.tasks for error in task.errors]
    ragged = {error.row_number for error in errors if error.type in _BROKEN_ROW}
    for error in errors:
        kind = error.type
        row = f"{path}, row {getattr(error, 'row_number', 1)}"
        if "#header" in error.tags:
            structure.append(f"{path}, row 1: {_header_fault(error.labels, list(fields))}")
        elif kind in _BROKEN_ROW:
            start = _shorten(",".join(map(str, error.cells)))
            cells.append(f"{row}: {start!r}: {_BROKEN_ROW[kind]}.")
        elif getattr(error, "row_number", None) in ragged:
            continue  # the cells of a ragged row have slipped: the row's own sentence is enough
        elif kind in ("constraint-error", "type-error", "unique-error"):
            remedy = _remedy(error, fields[error.field_name])
            cells.append(cell_fault(path, error.row_number, error.field_name, error.cell, remedy))
        elif kind == "primary-key":
            # said in the words of `required` and `unique`, so that it merges with their errors
            value = error.cells[list(fields).index(key)]
            remedy = _remedy(error, fields[key])
            cells.append(cell_fault(path, error.row_number, key, value, remedy))
        elif kind == "foreign-key":
            column, value = ", ".join(error.field_names), ", ".join(error.field_cells)
            cells.append(
                f"{row}, column {column}: {value!r} is not in the table {error.reference_name}, "
                f"column {', '.join(error.reference_field_names)}; correct it or add the row there."
            )
        else:
            structure.append(f"{path}: {error.message.rstrip('.')}; repair the file.")
    return structure, cells


def _header_fault(labels: list[str], wanted: list[str]) -> str:
    """Say what is wrong with the columns of a table."""
    faults = [f"the column {name!r} is missing" for name in wanted if name not in labels]
    faults += [f"the column {name!r} is not known" for name in labels if name not in wanted]
    faults += [f"the column {name!r} is there twice" for name in wanted if labels.count(name) > 1]
    said = ", ".join(faults) or "the columns stand in another order"
    return f"{said}; write the header as {','.join(wanted)}."


def _remedy(error, field: dict) -> str:
    """Say what is wrong with a cell and what to write instead."""
    constraints = field.get("constraints", {})
    like = f"write it like {str(field.get('example'))!r}"
    if error.type == "type-error":
        return f"is not of the type {field.get('format', field['type'])}; {like}."
    if twin := re.search(r"position (\d+)", error.note):
        return f"stands already in row {twin.group(1)}; remove one or correct its id."
    found = re.search(r'constraint "(\w+)"', error.note)
    broken = found.group(1) if found else "required"
    if broken == "required":
        return f"is empty, and may not be; {like}."
    if broken == "enum":
        return no_code(constraints["enum"])
    return f"does not fit the {broken} {constraints[broken]}; {like}."


def _shorten(value: str, limit: int = 80) -> str:
    return value if len(value) <= limit else value[: limit - 3] + "..."
