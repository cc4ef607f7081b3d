"""Execute a notebook in a kernel of its own and store it in one normal form.

Two runs in one environment give the same bytes: a kernel computes on one thread with a fixed hash
seed, and an executed notebook is stored without times, progress or memory addresses.
"""

import json
import os
import re
import tempfile
from pathlib import Path

import nbformat
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat.v4 import new_code_cell, new_output

from .. import corpus, settings
from ..settings import DefectionError

KERNEL_ENVIRONMENT = {
    "PYTHONHASHSEED": "0",
    # Sums taken by several threads end in an order, and so in last digits, that differ by run.
    **{f"{library}_NUM_THREADS": "1" for library in ("OMP", "MKL", "OPENBLAS", "NUMBA")},
    "TOKENIZERS_PARALLELISM": "false",
    # Any fixed moment keeps dates out of files; this one is the earliest that a zip can hold.
    "SOURCE_DATE_EPOCH": "315532800",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "TQDM_DISABLE": "1",
}
"""What the kernel's environment sets, whatever the caller's environment says."""

PACKAGE = Path(__file__).parents[1]
"""Folder of this package."""

_MODULES = """import sys, json
print(json.dumps([m.__file__ for n, m in sys.modules.items()
    if n.partition(".")[0] == "defection_framing" and getattr(m, "__file__", None)]))"""
"""A last cell, not stored, that says which modules of the package the notebook took."""

_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]+")
_ELSEWHERE = re.compile(r"(?<!!)\[([^\[\]]+)\]\((?!https?:|#|\w+\.ipynb)[^)]+\)")
# A link to what lies in the repository, and not in a researcher's folder.
_WIDGET = "application/vnd.jupyter.widget-view+json"


class _ThisInterpreter(AsyncKernelManager):
    """Start kernels in the interpreter that runs the study.

    An installed kernel specification called `python3` may belong to another Python.
    """

    @property
    def kernel_spec(self) -> KernelSpec:
        # Warnings of the kernel itself, as of its local sockets, would tear the progress lines.
        return KernelSpec(**get_kernel_dict(extra_arguments=["--log-level=ERROR"]))


def execute(source: Path, target: Path) -> list[str]:
    """Execute the notebook `source` in the folder of `target` and write it there, normalised.

    A notebook in which a cell raises `NotEnough` ends there, with the reason as its last output. At
    anything else that a cell raises or if the kernel dies, a DefectionError says so, and `target`
    is left as it was. Returns the modules of the package that it imported, as paths in the package.
    """
    notebook = nbformat.read(source, as_version=4)
    if settings.is_own():  # what is written of the study's corpus is not true of another one
        told = [c for c in notebook.cells if "this-corpus" not in c.metadata.get("tags", ())]
        notebook.cells = told
        for cell in told:
            if cell.cell_type == "markdown":
                cell.source = _ELSEWHERE.sub(r"\1", cell.source)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code:
        cell.outputs = []
    notebook.cells.append(new_code_cell(_MODULES))
    with tempfile.TemporaryDirectory() as personal:
        client = NotebookClient(
            notebook,
            kernel_manager_class=_ThisInterpreter,
            kernel_name="python3",
            coalesce_streams=True,
            resources={"metadata": {"path": str(target.parent)}},
        )
        try:
            client.execute(env=_environment(personal, target))
        except CellExecutionError as error:
            # The first line says what is wrong; a trace of library code helps nobody here.
            why = error.evalue.strip().split("\n")[0]
            position = [any(o.output_type == "error" for o in c.outputs) for c in code].index(True)
            if error.ename != corpus.NotEnough.__name__:
                raise DefectionError(
                    f"Notebook {source.name}, code cell {position + 1}: {error.ename}: {why} "
                    "(open it with `make lab` to see the whole trace; the file was not changed)"
                ) from None
            text = f"**This notebook ends here, for want of material.** {why}"
            code[position].outputs = [new_output("display_data", {"text/markdown": text})]
        except DeadKernelError:
            raise DefectionError(
                f"Notebook {source.name}: the kernel died, most often for want of memory "
                "(with what runs beside it 4 GB are safe); the file was not changed."
            ) from None
    said = notebook.cells.pop().outputs
    settings.write_text(target, nbformat.writes(normalise(notebook)).rstrip("\n") + "\n")
    # One that ended early may rest on any module.
    files = map(Path, json.loads(said[0].text)) if said else PACKAGE.rglob("*.py")
    return sorted(file.relative_to(PACKAGE).as_posix() for file in files)


def _environment(personal: str, target: Path) -> dict[str, str]:
    """Environment of a kernel: the caller's, less personal settings, plus the fixed part."""
    inherited = {name: text for name, text in os.environ.items() if name != "PYTHONSTARTUP"}
    if inherited.get("DEFECTION_DATA"):
        # A relative path would be read from the notebook's folder instead of the caller's.
        inherited["DEFECTION_DATA"] = str(settings.data_dir())
    own = {"IPYTHONDIR": personal, "JPY_SESSION_NAME": str(target)}
    return inherited | KERNEL_ENVIRONMENT | own


def normalise(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Copy of an executed notebook in one normal form (4.5): equal runs give equal bytes.

    Cell ids follow from position and source, code cells are numbered from 1, the metadata say
    only the kernel and the language; what goes to stderr (warnings, progress), widgets, times and
    memory addresses are dropped.
    """
    notebook, count = nbformat.from_dict(notebook), 0  # which copies
    for position, cell in enumerate(notebook.cells):
        cell.id = f"{position:02d}-{settings.digest(cell.source)[:8]}"
        cell.metadata = {k: v for k, v in cell.metadata.items() if k in {"tags", "jupyter"}}
        if cell.cell_type == "code":
            is_run = bool(cell.source.strip())
            count += is_run
            cell.execution_count = count if is_run else None
            results = json.dumps([output for output in cell.outputs if _is_result(output)])
            cell.outputs = nbformat.from_dict(json.loads(_ADDRESS.sub("at 0x0", results)))
            for output in cell.outputs:
                if "execution_count" in output:
                    output.execution_count = count
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    notebook.nbformat_minor = 5
    return notebook


def _is_result(output: nbformat.NotebookNode) -> bool:
    return output.get("name") != "stderr" and _WIDGET not in output.get("data", {})
