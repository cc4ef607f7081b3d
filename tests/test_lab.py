"""`make lab`: JupyterLab, in a browser, opens every main notebook and runs one to its end."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from urllib.request import urlopen

import pytest

from defection_framing.settings import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SHOWN = ("2_topics.ipynb", "3_same_act.ipynb")
RUN = "0_report.ipynb"
"""The one that `make lab` opens; the study runs all, in kernels of the same kind."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of what the notebooks need: runs change figures and tables."""
    tree = tmp_path_factory.mktemp("tree")
    for name in ("data", "figures", "notebooks", "src"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("node_modules"))
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, tree)
    return tree


@pytest.fixture(scope="module")
def lab(tree):
    """Address of a JupyterLab that serves the copy's notebooks."""
    pytest.importorskip("jupyterlab", reason="no JupyterLab: install '.[dev]'")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    flags = [f"--port={port}", "--no-browser", "--allow-root", "--IdentityProvider.token="]
    own = {"PYTHONPATH": str(tree / "src"), "JUPYTER_CONFIG_DIR": str(tree / "jupyter")}
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *flags],
        cwd=tree,
        env=os.environ | own,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    for _ in range(120):
        try:
            urlopen(f"{address}/api").close()
            break
        except OSError:
            time.sleep(0.5)
    yield address
    server.terminate()
    server.wait(30)


@pytest.fixture
def page(browser, lab):
    """A page that opens a notebook, and the files that it did not find."""
    page, missing = browser.new_page(), []
    page.on("response", lambda r: r.status == 404 and "/files/" in r.url and missing.append(r.url))

    def opened(name):
        page.goto(f"{lab}/lab/workspaces/{name[0]}/tree/notebooks/{name}?reset")
        page.wait_for_selector("#jp-main-statusbar >> text=| Idle", timeout=120_000)
        return page, missing

    yield opened
    page.close()


@pytest.mark.parametrize("name", SHOWN)
def test_a_notebook_opens_with_its_pictures(page, name):
    shown, missing = page(name)
    shown.wait_for_selector(".jp-OutputArea img", timeout=120_000)
    assert missing == []


def test_run_all_ends_without_an_error(page, tree):
    file = tree / "notebooks" / RUN
    notebook = json.loads(file.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    file.write_text(json.dumps(notebook), encoding="utf-8")
    page, missing = page(RUN)
    page.click("text=Run >> nth=0")
    page.click("text=Run All Cells")
    # The last cell has its number when all before it have run, or else one has raised.
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        page.keyboard.press("Control+s")
        page.wait_for_timeout(1000)
        cells = [c for c in json.loads(file.read_text("utf-8"))["cells"] if c["source"]]
        code = [c for c in cells if c["cell_type"] == "code"]
        errors = [
            "\n".join(o["traceback"])
            for c in code
            for o in c["outputs"]
            if o["output_type"] == "error"
        ]
        if errors or all(c["execution_count"] for c in code):
            break
    assert (errors, missing) == ([], [])
    assert [c["execution_count"] for c in code] == list(range(1, len(code) + 1))
