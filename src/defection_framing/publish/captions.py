"""The words of figures, in `figures.toml`, and the register of figures that were drawn.

A figure's `title` says what was found. Where it states a result it prints estimates and has
conditions, `holds`, like a finding (see `findings`); where one fails, or its estimate is missing,
the `question` is the title. `report = true` puts a figure among those of the report.

The register, `figures/figures.json`, holds of each figure its words as written, the fields that
they take, n (such as "412 articles on 63 events"), its notebook, the function that drew it and what
cannot be read on it (`figures.legible`).
"""

import json
import re
import tomllib
from functools import cache
from math import isnan
from pathlib import Path
from typing import Any

from .. import settings, stats
from ..settings import DefectionError
from . import findings

_THRESHOLDS = ("MIN_EVENTS", "MIN_PAIRS", "TENTATIVE", "SUFFICIENT")
CONSTANTS = {name.lower(): getattr(stats, name) for name in _THRESHOLDS}
"""Fields that every caption can name: thresholds of the study."""


@cache
def load() -> dict[str, dict[str, Any]]:
    """Read the words of every figure, in the order of the gallery.

    `DefectionError` names a title that prints or compares what it has no condition on.
    """
    words = tomllib.loads(Path(__file__).with_name("figures.toml").read_text(encoding="utf-8"))
    if faults := [fault for n in words for fault in claim(n, words).faults("figures.toml")]:
        raise DefectionError("\n".join(faults))
    return words


def claim(name: str, words: dict | None = None) -> findings.Finding:
    """What the title of a figure says, and when that is true; `words` as `load` gives them."""
    told, place = (words or load())[name], f"figures.toml, {name}"
    holds = tuple(findings.Condition.parse(text, place) for text in told.get("holds", []))
    return findings.Finding(name, "", name, told["title"], holds)


def names(name: str) -> list[str]:
    """Estimates that the title of a figure rests on, and all that its words print."""
    told = load()[name]
    printed = findings.fields(f"{told['caption']} {told['alt']} {told.get('ours')}")
    return [*claim(name).names(), *printed]


def heading(name: str, known: dict) -> tuple[str, str]:
    """Title and question of a figure, given the estimates, name to `ledger.Estimate`.

    The question is the title, and no question stands below it, where the title is not true, or is
    of the study's own corpus and another one is under study.
    """
    title, question = claim(name), line(load()[name]["question"])
    if settings.is_own() or title.lacking(known) or title.failed(known):
        return question, ""
    return line(title.text.format_map(known)), question


def words(name: str, fields: dict[str, object], known: dict) -> dict[str, str]:
    """Title, question, caption and alt text of a figure, each on one line, with fields filled in.

    `known` as in `heading`. Captions and alt texts may print estimates, too. What is seen was seen
    in the study's own corpus: of another, or where the title is not true or an estimate is missing,
    the alt text is the question. `DefectionError` says if there is no such figure, or which field
    is missing.
    """
    if name not in load():
        raise DefectionError(
            f"There is no figure {name!r} in publish/figures.toml: add [{name}] with title, "
            "question, caption and alt."
        )
    told, (title, question) = load()[name], heading(name, known)
    ours = "" if settings.is_own() else f" {told.get('ours', '')}"
    try:
        caption = _filled(told["caption"] + ours, fields, known)
        alt = _filled(told["alt"] if question else told["question"], fields, known)
    except KeyError as missing:
        raise DefectionError(
            f"The words of figure {name!r} in publish/figures.toml need {missing}, which is not "
            f"given: pass it to show({name!r}, ...), or take it out of the words."
        ) from None
    return dict(title=title, question=question, caption=caption, alt=alt or told["question"])


def _filled(text: str, fields: dict[str, object], known: dict) -> str:
    """A text with thresholds, fields and estimates; empty where it lacks an estimate."""
    estimates = [name for name in findings.fields(text) if "/" in name]
    if any(n not in known or isnan(known[n].value) for n in estimates):
        return ""
    return line(text.format_map(CONSTANTS | known | fields))


_ONE = re.compile(r"(?<![\d,.])1 (article|case|claim|code|event|outlet|topic)s\b")


def line(text: str) -> str:
    """A text on one line, with one of a thing in the singular."""
    return _ONE.sub(r"1 \1", " ".join(text.split()))


def below(entry: dict) -> str:
    """What stands below a picture in a notebook."""
    return f"*{entry['caption']}* n: {entry['n']}."


def image(name: str, entry: dict, folder: str) -> str:
    """A figure's picture in Markdown; `folder` is the path to the figures, with closing slash."""
    # A bracket would end the alt text early.
    alt = entry["alt"].replace("[", "(").replace("]", ")")
    return f"![{alt}]({folder}{picture(name)})"


def linked(name: str, entry: dict, folder: str = "../figures/") -> str:
    """A figure on a page that links to its picture, by default a notebook's, with its caption."""
    return f"{image(name, entry, folder)}\n\n*{entry['caption']}*"


def picture(name: str) -> str:
    """Path of a figure's picture in the folder of figures."""
    return f"{'report' if load().get(name, {}).get('report') else 'supplement'}/{name}.png"


def files(name: str) -> list[Path]:
    """Files of a figure: picture twice, and its table."""
    png = settings.figures_dir() / picture(name)
    return [png, png.with_suffix(".svg"), png.parent / "tables" / f"{name}.csv"]


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
