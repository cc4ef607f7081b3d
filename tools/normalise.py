"""Store notebooks in the study's normal form, which a run in JupyterLab does not give.

`python tools/normalise.py NOTEBOOK...`; ends with 1 if one was changed. A hook before commits.
"""

import sys
from pathlib import Path

import nbformat

from defection_framing import settings
from defection_framing.publish import execute

changed = False
for path in map(Path, sys.argv[1:]):
    before = path.read_text(encoding="utf-8")
    notebook = execute.normalise(nbformat.reads(before, as_version=4))
    after = nbformat.writes(notebook, version=4).rstrip("\n") + "\n"
    if after != before:
        settings.write_text(path, after)
        print(f"{path} is in normal form now")
        changed = True
sys.exit(changed)
