"""The vocabulary of the study, once: camps, directions, cells, labels."""

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

NAMES = DIRECTIONS | {
    "camp_detail": "camp of the registry",
    "ru_official": "Russian officials",
    "ua_official": "Ukrainian officials",
    "west_official": "Western officials",
    "ru_media": "Russian media",
    "ua_media": "Ukrainian media",
    "media": "other media",
    "outlet": "the outlet itself",
    "peer": "fellow soldiers, family",
    "statistic": "a number among many",
    "asset": "asset of a service",
    "kuzminov-mi8": "the pilot Kuzminov (to Ukraine)",
    "khmelnytsky-battalion": "the Khmelnytsky battalion (to Russia)",
    "krivonos-battalion": "the Krivonos battalion (to Russia)",
    "su27-pilot-2023": "a reported Su-27 pilot (to Russia)",
    "brigade-155-anne-of-kyiv": "155th brigade (exit, Ukrainian side)",
    "freedom-of-russia-legion": "Freedom of Russia legion (to Ukraine)",
    "likhachev-tank": "the tank crossing (to Russia)",
    "hotline-i-want-to-live": "hotline for surrender (to Ukraine)",
    "usov-62-prisoners": "62 prisoners (to Russia)",
    "prozorov-sbu": "the officer Prozorov (to Russia)",
    "russian-surrender-law": "Russian law on surrender",
    "nuzhin-sledgehammer": "the convict Nuzhin (to Ukraine)",
    "prisoners-refuse-exchange": "prisoners said to refuse exchange (to Russia)",
    "misha-t72": "the T-72 of Misha (to Ukraine)",
    "crimea-security-forces-2014": "security forces in Crimea, 2014 (to Russia)",
    "hnezdilov-awol": "the soldier Hnezdilov (exit, Ukrainian side)",
    "dnieper-raft-2024": "raft on the Dnieper, 2024 (to Russia)",
    "volga-frequency": "radio frequency Volga (to Russia)",
    "kramatorsk-25th-brigade-2014": "25th brigade, Kramatorsk, 2014 (to Russia)",
}
"""Readable names of codes and events that underscores alone do not give."""


def label(code: str) -> str:
    """Readable name of a code."""
    return NAMES.get(code, code.replace("_", " ").strip())
