"""Pages of one file that work without a connection: template, style, script, and data in them.

The scripts put data into the page as text only, and a content security policy bars all other script
and every request.
"""

import base64
import hashlib
import json
import re
from pathlib import Path


def page(folder: Path, script: str, data: dict, **parts: str) -> str:
    """Fill a folder's template with its style, a script of it, data as JSON, and other parts."""
    files = (script, "style.css", "template.html")
    code, style, template = ((folder / f).read_text(encoding="utf-8") for f in files)
    parts |= {
        "script": code,
        "style": style,
        "policy": "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
        f"script-src '{_hash(code)}'; style-src '{_hash(style)}'",
        # No cell can end the element that holds the data, or open a comment in it.
        "data": json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        .replace("&", "\\u0026")
        .replace("<", "\\u003c"),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], template)


def _hash(text: str) -> str:
    """How a content security policy names an inline script or style."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
