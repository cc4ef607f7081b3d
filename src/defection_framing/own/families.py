"""Story families: articles that copy or rewrite one text.

Copies are found by the words they share: MinHash (Broder 1997) over runs of four words, with
locality-sensitive hashing. Rewrites share the story but not the words: they are found by the
likeness of the embeddings of their beginnings. Links do not chain: two groups become one family
only where at least half of the pairs across them are linked (average linkage, Sokal & Michener
1958). Articles of a family are not independent, so a family belongs to one cluster in every
interval.
"""

import re

import numpy as np
import pandas as pd
from datasketch import MinHash, MinHashLSH
from scipy.sparse import coo_array
from sklearn.neighbors import NearestNeighbors

from .. import settings
from ..text import embed
from .events import grouped, warn_of_one

COPY = 0.5
"""Share of runs of words (Jaccard) from which two texts are copies."""

REWRITE, REWRITE_UNDATED = 0.75, 0.85
"""Cosine of two beginnings from which they tell one story: where both are dated to the day, at most
`REWRITE_DAYS` apart, and where a date is missing. Chosen on the summaries (gist and claims) of the
repository's corpus: of the pairs that reach it, 178 of 185 and 64 of 68 are on one event."""

REWRITE_LANGUAGES = ("en",)
"""Languages in which the embeddings of `embed.DEFAULT_MODEL` tell stories apart; in others any two
texts look alike to it, and only copies are found."""

REWRITE_DAYS = 31
"""Most days between two rewrites of one story."""

_PERMUTATIONS, _BANDS = 128, (25, 5)
# The bands and their rows that `MinHashLSH` chooses for `COPY`, by integrals that take 0.1 s.
_BEGINNING = 1200  # characters: about what the model reads


def families(articles: pd.DataFrame) -> pd.DataFrame:
    """Group articles into story families and say who copied whom.

    Articles have `article_id, date, lang, title, text`; `date` is YYYY, YYYY-MM, YYYY-MM-DD or
    empty. In their order come `article_id`; `family`, named by the smallest id in it, an article by
    itself being its own family; `copied_from`, the likest article of the family that is certainly
    earlier, empty where dates do not tell; `how`, `copy` or `rewrite`, and `similarity` (Jaccard or
    cosine), of the likest link; `likest`, the article that it is to: `copied_from`, else any.
    """
    articles = articles.reset_index(drop=True)
    links = _rewrites(articles) | _copies(articles["text"])  # what is both is a copy
    group = _groups(links, len(articles))
    warn_of_one(
        group,
        "one story family holds {:.0%} of all articles: see families.csv, and whether they share a "
        "template or are one export twice",
    )
    ids, dates = articles["article_id"], articles["date"]
    likest: dict[int, tuple] = {}
    for (i, j), (how, similarity) in links.items():
        for one, other in ((i, j), (j, i)) if group[i] == group[j] else ():
            # Certainly before it: 2024 is not before 2024-05.
            earlier = dates[other] < dates[one][: len(dates[other])]
            link = (earlier, similarity, how, ids[other])
            likest[one] = max(likest.get(one, link), link)
    rows = []
    for i, family in enumerate(ids.groupby(group).transform("min")):
        earlier, similarity, how, other = likest.get(i, (False, "", "", ""))
        rows.append((ids[i], family, other if earlier else "", how, similarity, other))
    columns = ["article_id", "family", "copied_from", "how", "similarity", "likest"]
    return pd.DataFrame(rows, columns=columns)


def _groups(links, n: int) -> np.ndarray:
    """Number of the family of each of n articles."""
    ends = np.array(list(links), dtype=int).reshape(-1, 2)
    graph = coo_array((np.ones(len(ends)), ends.T), shape=(n, n)).tocsr()
    graph = graph.maximum(graph.T)
    return grouped(graph, lambda own: 1 - graph[own][:, own].toarray(), 0.5)


def _copies(texts: pd.Series) -> dict[tuple[int, int], tuple[str, float]]:
    """Pairs of texts that share their words, with the estimated Jaccard."""
    index = MinHashLSH(params=_BANDS, num_perm=_PERMUTATIONS)
    sketches: list[MinHash] = []
    pairs = {}
    for i, text in enumerate(texts):
        # Chinese and Japanese have no spaces: there every sign counts as a word.
        words = re.findall(r"[\u3040-\u9fff]|[^\W\u3040-\u9fff]+", text.lower())
        runs = {" ".join(words[k : k + 4]) for k in range(max(1, len(words) - 3))}
        sketch = MinHash(_PERMUTATIONS, seed=settings.SEED, scheme="affine32")
        sketch.update_batch([run.encode() for run in runs])
        for j in index.query(sketch):
            if (shared := sketches[j].jaccard(sketch)) >= COPY:
                pairs[j, i] = ("copy", round(float(shared), 3))
        index.insert(i, sketch)
        sketches.append(sketch)
    return pairs


def _rewrites(articles: pd.DataFrame) -> dict[tuple[int, int], tuple[str, float]]:
    """Pairs of articles whose beginnings tell one story at one time, with their cosine."""
    known = articles[articles["lang"].isin(REWRITE_LANGUAGES)]
    if len(known) < 2:
        return {}
    beginnings = (known["title"] + "\n" + known["text"]).str.strip().str[:_BEGINNING]
    vectors = embed.vectors(beginnings, settings.ROOT / "data")
    index = NearestNeighbors(radius=1 - REWRITE, metric="cosine").fit(vectors)
    found = index.radius_neighbors_graph(mode="distance").tocoo()
    days = pd.to_datetime(known["date"], format="%Y-%m-%d", errors="coerce").to_numpy()
    pairs = {}
    for a, b, distance in zip(found.row, found.col, found.data, strict=True):
        apart = abs(days[a] - days[b])
        near = apart <= np.timedelta64(REWRITE_DAYS, "D")
        if a < b and (near or (np.isnat(apart) and 1 - distance >= REWRITE_UNDATED)):
            i, j = int(known.index[a]), int(known.index[b])
            pairs[i, j] = ("rewrite", round(1 - float(distance), 3))
    return pairs
