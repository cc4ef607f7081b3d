"""The coded corpus: its tables, loaded and held to their descriptor."""
# ruff: noqa: F401, I001

from .faults import cell_fault, no_code
from .tables import DESCRIPTOR, MAY_BE_ABSENT, Corpus, CorpusError, NotEnough
from .tables import article_id, article_texts, cell_text, codes, columns, event_facts
from .tables import leads_somewhere, load
