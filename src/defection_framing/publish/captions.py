"""The words of figures, in `figures.toml`, and the register of figures that were drawn.

The register, `figures/figures.json`, holds of each figure its words as written, the fields that
they take, n (such as "412 articles on 63 events"), its notebook and the function that drew it.
"""

import json
import tomllib
from functools import cache
from importlib import resources
from pathlib import Path

from .. import settings, stats

CONSTANTS = {
    "min_events": stats.MIN_EVENTS,
    "min_pairs": stats.MIN_PAIRS,
    "min_events_index": stats.MIN_EVENTS_INDEX,
    "tentative": stats.TENTATIVE,
    "sufficient": stats.SUFFICIENT,
}
"""Fields that every caption can name: thresholds of the study."""


class CaptionError(settings.DefectionError):
    """A figure has no words, or they name a field that is not there; the message says which."""


@cache
def load() -> dict[str, dict[str, str]]:
    """Read title, caption and alt text of every figure, in the order of the gallery."""
    return tomllib.loads(resources.files(__package__).joinpath("figures.toml").read_text("utf-8"))


def words(name: str, fields: dict[str, object]) -> dict[str, str]:
    """Title, caption and alt text of a figure with their fields filled in, each on one line.

    `CaptionError` says if there is no such figure, or which field is missing.
    """
    if name not in load():
        raise CaptionError(
            f"There is no figure {name!r} in publish/figures.toml: add [{name}] with title, "
            "caption and alt."
        )
    try:
        return {
            part: " ".join(load()[name][part].format_map(CONSTANTS | fields).split())
            for part in ("title", "caption", "alt")
        }
    except KeyError as missing:
        raise CaptionError(
            f"The words of figure {name!r} in publish/figures.toml need {missing}, which is not "
            f"given: pass it to show({name!r}, ...), or take it out of the words."
        ) from None


def below(entry: dict) -> str:
    """What stands below a picture in a notebook."""
    return f"*{entry['caption']}* n: {entry['n']}."


def linked(entry: dict, path: str) -> str:
    """A figure on a page that links to its picture, with its caption."""
    # A bracket would end the alt text of a Markdown picture early.
    alt = entry["alt"].replace("[", "(").replace("]", ")")
    return f"![{alt}]({path})\n\n*{entry['caption']}*"


def files(name: str) -> list[Path]:
    """Files of a figure: picture twice, and its table."""
    files = (f"{name}.png", f"{name}.svg", f"tables/{name}.csv")
    return [settings.figures_dir() / file for file in files]


def register_path() -> Path:
    """File of the register of figures."""
    return settings.figures_dir() / "figures.json"


def read_register() -> dict[str, dict]:
    """Register of figures, name -> its entry; empty when no figure was drawn yet."""
    path = register_path()
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write_register(entries: dict[str, dict]) -> None:
    """Write the register of figures, in one step."""
    text = json.dumps(entries, indent=1, sort_keys=True, ensure_ascii=False)
    settings.write_text(register_path(), text + "\n")
