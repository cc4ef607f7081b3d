"""The words that set topics apart, in any script, and the names that people gave them.

Words are BERTopic's (Grootendorst 2022): class-based TF-IDF of all texts of a topic.
"""

import sys
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer

from .. import settings
from ..corpus import Corpus

# What role masking puts in.
SIDE_WORDS = {"side", "sides", "origin", "destination", "ex", "anti", "pro", "non"}

# Two letters or more; an apostrophe stands within a word where it does in Cyrillic (`зв'язок`), but
# not before an English s or after a French article.
WORD = r"(?u)[^\W\d_a-zA-Z]+['’ʼ][^\W\d_a-zA-Z]+|\b\w\w+\b"

_SHOWN = 10  # words of each topic


def bertopic():
    """BERTopic without torch, UMAP and others, whose import takes 8 seconds and is not needed."""
    heavy = ("hdbscan", "plotly", "sentence_transformers", "torch", "transformers", "umap")
    absent = dict.fromkeys(m for m in heavy if m not in sys.modules)
    sys.modules.update(absent)  # None says that a module is not to be had
    try:
        import bertopic
        import bertopic.vectorizers
    finally:
        for module in absent:
            del sys.modules[module]
    return bertopic


def vocabulary(texts: Sequence[str], events: Sequence[str], langs: Sequence[str]) -> np.ndarray:
    """Words of one event in twenty or more, so that no case gives a topic its name.

    Without stop words: the English ones, and those of a language of the articles (`langs`) where
    its texts are in that language, as they are not where claims are restated in English.
    """
    stop = set(ENGLISH_STOP_WORDS) | SIDE_WORDS
    for lang, own in pd.Series(list(texts)).groupby(np.asarray(langs, dtype=str)):
        stop |= _foreign(lang, own)
    told = pd.Series(list(texts)).groupby(np.asarray(events)).agg(" ".join)
    counter = CountVectorizer(token_pattern=WORD, binary=True)
    n_events = counter.fit_transform(told).sum(0).A1
    names = counter.get_feature_names_out()
    return names[(n_events >= max(2, len(told) // 20)) & ~np.isin(names, sorted(stop))]


def _foreign(lang: str, texts: Sequence[str]) -> set[str]:
    """Stop words of a language, if the texts hold more of them than of the English ones."""
    import stopwordsiso

    own = stopwordsiso.stopwords(lang) if lang in stopwordsiso.langs() else set()
    read = CountVectorizer(token_pattern=WORD).build_analyzer()
    counts = Counter(word for text in texts for word in read(text))
    more = sum(counts[word] for word in own) > sum(counts[word] for word in ENGLISH_STOP_WORDS)
    return own if more and lang != "en" else set()


def counter(words: Sequence[str]) -> CountVectorizer:
    """Counts of these words, as `bertopic` takes it."""
    return CountVectorizer(vocabulary=words, token_pattern=WORD)


def words(texts: Sequence[str], labels: np.ndarray, known: Sequence[str]) -> dict[int, list[str]]:
    """Words of each topic among the `known`, the most typical first; -1 is no topic."""
    told = pd.Series(list(texts)).groupby(labels).agg(" ".join).drop(-1, errors="ignore")
    counts = counter(known).fit_transform(told)
    transformer = bertopic().vectorizers.ClassTfidfTransformer(reduce_frequent_words=True)
    weights = transformer.fit_transform(counts).toarray()
    first = np.argsort(-weights, axis=1, kind="stable")[:, :_SHOWN]
    return {
        t: [known[i] for i in row if weight[i] > 0]
        for t, row, weight in zip(told.index, first, weights, strict=True)
    }


def coherence(found: dict[int, list[str]], texts: Sequence[str], known: Sequence[str]) -> float:
    """How much more often a topic's words meet in a text than by chance: NPMI, -1 to 1.

    Mean over pairs of words, then over topics (Bouma 2009; Aletras & Stevenson 2013); pairs that
    never meet are smoothed as in gensim's `c_npmi`.
    """
    has = counter(known).fit_transform(texts) > 0
    together = (has.T.astype(float) @ has.astype(float)).toarray() / has.shape[0]
    alone, smooth = together.diagonal(), 1e-12
    at = {word: i for i, word in enumerate(known)}
    values = []
    for listed in found.values():
        rows = [at[word] for word in listed]
        first, second = (np.array(rows)[i] for i in np.triu_indices(len(rows), 1))
        both = together[first, second] + smooth
        values.append((np.log(both / (alone[first] * alone[second])) / -np.log(both)).mean())
    return float(np.mean(values))


def label(words: Sequence[str]) -> str:
    """Join the first words that do not repeat each other into a readable label."""
    kept: list[str] = []
    for word in words:
        if not any(word[:5] == k[:5] for k in kept):
            kept.append(word)
    return ", ".join(kept[:4])


def names_given(labels: np.ndarray, ids: Sequence[str]) -> dict[int, str]:
    """Names that a person gave to topics in `topic_labels.csv` beside the corpus's tables.

    The file has the columns `label` and `id`: of a kind of story ids of typical articles, of a way
    of telling ids of typical claims. A topic takes a name if it holds more than half of the name's
    ids, so names survive a refit and go where the topic is lost. `ids` are those of the `labels`.
    """
    given = _given()
    given["topic"] = given["id"].map(dict(zip(ids, labels, strict=True)))
    held = given.groupby("label")["topic"].value_counts() / given.groupby("label").size()
    return {int(t): label for (label, t), share in held.items() if share > 0.5 and t >= 0}


def check_names(data: Corpus) -> None:
    """Hold the ids of `topic_labels.csv` to those of the corpus.

    Raises
    ------
    ValueError
        If there is no such article or claim.
    """
    given = _given()["id"]
    unknown = given[~given.isin(data.articles.index.append(data.claims.index))]
    if len(unknown):
        raise ValueError(
            f"topic_labels.csv, row {unknown.index[0] + 2}, column id: there is no article or "
            f"claim {unknown.iloc[0]!r}; take an id from articles.csv or claims.csv"
        )


def _given() -> pd.DataFrame:
    path = settings.data_dir() / "topic_labels.csv"
    return pd.read_csv(path, dtype=str) if path.exists() else pd.DataFrame(columns=["label", "id"])
