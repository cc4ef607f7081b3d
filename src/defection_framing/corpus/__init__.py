"""The coded corpus: its tables, loaded and held to their descriptor."""

from .faults import cell_fault, no_code
from .tables import (
    DESCRIPTOR,
    MAY_BE_ABSENT,
    Corpus,
    CorpusError,
    NotEnough,
    article_texts,
    cell_text,
    codes,
    columns,
    event_facts,
    load,
)
