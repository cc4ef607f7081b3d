"""The table behind a figure, as a reader of the CSV meets it: every column named in words."""

import pandas as pd

from .. import domain

COLUMNS = {
    "low": "95% interval from",
    "high": "95% interval to",
    "low90": "90% interval from",
    "high90": "90% interval to",
    "p": "p-value",
    "q": "q-value",
    "p_all": "p-value for all at once",
    "n_articles": "articles",
    "n_events": "events",
    "n_outlets": "outlets",
    "articles_given": "articles with the code",
    "events_given": "events with the code",
    "small": "too few events for an interval",
    "shown": "drawn filled",
    "positive": "events above zero",
    "negative": "events below zero",
    "alike": "events at zero",
    "value_0": "value, crossings to Ukraine",
    "n_0": "events, crossings to Ukraine",
    "value_1": "value, crossings to Russia",
    "n_1": "events, crossings to Russia",
    "first": "share by the first named",
    "second": "share by the second named",
    "ukraine_only": "articles with the code only where Ukraine is named as left",
    "russia_only": "articles with the code only where Russia is named as left",
    "left": "share, camp that was left",
    "received": "share, camp that received",
    "left_low": "share, camp that was left, 95% interval from",
    "left_high": "share, camp that was left, 95% interval to",
    "received_low": "share, camp that received, 95% interval from",
    "received_high": "share, camp that received, 95% interval to",
    "left_camp": "teller, camp that was left",
    "received_camp": "teller, camp that received",
    "band": "missed in a fifth of corpora up to",
    "n_left": "articles, camp that was left",
    "n_received": "articles, camp that received",
    "holds": "same sign and interval excludes zero",
    "other_sign": "other sign and interval excludes zero",
    "percentile": "share below the reported value",
}
"""Columns whose words are not their code's (see `domain.label`)."""


def in_words(data: pd.DataFrame) -> pd.DataFrame:
    """Copy a table with its columns, and the names of its index and of what stands in it, in words.

    ValueError if a level of the index has no name.
    """
    if None in data.index.names:
        raise ValueError("Name every level of the table's index: it is a column of the CSV.")
    words = data.rename(index=lambda x: domain.label(x) if isinstance(x, str) else x)
    words.columns = [_named(column) for column in data.columns]
    words.index.names = [_named(name) for name in data.index.names]
    return words


def _named(column: str | tuple[str, ...]) -> str:
    parts = column if isinstance(column, tuple) else (column,)
    return ", ".join(COLUMNS.get(part) or domain.label(str(part)) for part in parts)
