"""The figures: they know tables, and nothing of the analysis behind them.

Each function draws in the study's style without touching a caller's matplotlib, without a title
(`publish.show` writes it), and says on the figure who drew it (`fig.made_by`).
"""
# ruff: noqa: F401

from .counts import counts, heat
from .forest import forest
from .maps import topic_map, topic_numbers
from .tellings import dumbbell, tellings, what_holds
