"""How news media frame people who leave one side of the Russia-Ukraine war for the other.

What a notebook's cell needs stands here by name: `load` a corpus, `show` a figure or show it
`again`, `record` estimates, write them to be `readable`, `say` findings, print `versions`; `stats`,
`figures`, `domain` and the modules of `study` do the rest. The names are imported when they are
asked for, so that the command line stays quick.
"""

from importlib import import_module

_NAMES = {
    "load": "corpus",
    "show": "publish.show",
    "again": "publish.show",
    "record": "publish.ledger",
    "say": "publish.ledger",
    "readable": "publish.ledger",
    "versions": "publish.references",
}

__all__ = sorted(_NAMES)


def __getattr__(name: str):
    """Import one of the names of a notebook's cell."""
    if name in _NAMES:
        return getattr(import_module(f"{__name__}.{_NAMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
