"""The vocabulary of the study, once: camps, directions, cells, labels."""

import csv
from pathlib import Path

CAMPS = {
    "russian_state": "Russian",
    "russian_mainstream": "Russian",
    "ukrainian": "Ukrainian",
    "western": "Western",
    "russian_exile": "Russian exile",
    "pro_russian_abroad": "Pro-Russian abroad",
    "rest_of_world": "Rest of world",
    "undisclosed": "Undisclosed",
}
"""The kinds of outlet of the registry, and the camp that each belongs to: Russian state and
mainstream media are taken as one camp."""

TOWARD = {"Russian": "ua_to_ru", "Ukrainian": "ru_to_ua"}
"""The direction in which people come toward the camp's own side; the other crossing leads away."""

CELLS = [
    (camp, d) for camp, toward in TOWARD.items() for d in sorted(TOWARD.values(), key=toward.__ne__)
]
"""Each camp's crossings toward it, then away from it."""

TO_RUSSIA = {"ua_to_ru": 1, "ru_to_ua": -1}
"""Weights of the contrast of crossings to Russia with crossings to Ukraine."""

DIRECTIONS = {
    "ru_to_ua": "to Ukraine",
    "ua_to_ru": "to Russia",
    "ru_exit": "exit from Russian side",
    "ua_exit": "exit from Ukrainian side",
}
"""The directions that are compared, in the order of figures; articles on both are left out."""

with Path(__file__).with_name("names.csv").open(encoding="utf-8", newline="") as _file:
    NAMES = DIRECTIONS | {row["code"]: row["name"] for row in csv.DictReader(_file)}
"""Readable names of codes, cases among them, that underscores alone do not give."""


def label(code: str) -> str:
    """Readable name of a code."""
    return NAMES.get(code, code.replace("_", " ").strip())


def probability(p: float) -> str:
    """Write a p- or q-value; empty where there is none."""
    if p != p:
        return ""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
