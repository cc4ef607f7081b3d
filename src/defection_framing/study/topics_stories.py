"""What the articles are about: articles embedded and clustered by BERTopic, without any code.

The text of an article is its claims, joined and role-masked. BERTopic (Grootendorst 2022) with
principal components for UMAP and k-means of many starts for HDBSCAN, as its documentation allows:
the same articles give the same stories on every processor, in any order, and nearly the same ones
without a tenth of them. What falls out are events and kinds of story, not ways to tell them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from tqdm import tqdm

from ..corpus import Corpus, NotEnough, article_texts
from ..settings import SEED
from ..text import embed, mask
from . import topics_words
from .topics_model import LEFT_OUT, NOISE, SEEDS, number

STORIES = 12  # how many kinds of story; `topics_number` has what other numbers give
COMPONENTS = 12  # of the embeddings that are clustered
FEWEST_ARTICLES = 40  # a corpus needs as many
STARTS = 100  # of k-means; enough of them make the seed irrelevant


@dataclass(frozen=True)
class Stories:
    """Fitted kinds of story."""

    model: Any  # the fitted `bertopic.BERTopic`
    labels: np.ndarray  # (n,) story of each article, the largest 0
    words: dict[int, list[str]]  # of each story, most typical first

    def distances(self, vectors: np.ndarray) -> np.ndarray:
        """Distance of vectors (m, d) to the middle of each story, shape (m, number of stories)."""
        number = self.model.topic_mapper_.get_mappings()
        far = self.model.hdbscan_model.transform(flat(self.model, vectors))
        return far[:, np.argsort([number[k] for k in range(far.shape[1])])]


def material(data: Corpus) -> tuple[pd.DataFrame, list[str], np.ndarray]:
    """Articles, their texts and the embeddings of these, as `fit` takes.

    With the columns of `article_table`, `article_id`, and `frame`, the main frame of most claims.
    """
    articles = data.article_table()
    articles["article_id"] = articles.index
    frames = data.claims.dropna(subset=["frame"]).groupby("article_id")["frame"]
    articles["frame"] = frames.agg(lambda f: f.value_counts().index[0])
    texts = mask.mask_all(article_texts(data), articles["direction"])
    return articles, texts, embed.vectors(texts)


def fit(articles: pd.DataFrame, texts: list[str], vectors: np.ndarray, seed: int = SEED) -> Stories:
    """Fit the kinds of story of articles, given with their texts and embeddings, (n, d).

    Raises
    ------
    NotEnough
        If the corpus has fewer than `FEWEST_ARTICLES` articles.
    """
    if len(articles) < FEWEST_ARTICLES:
        raise NotEnough(
            f"Kinds of story need at least {FEWEST_ARTICLES} articles; this corpus has "
            f"{len(articles)}."
        )
    model = _fitted(articles, texts, vectors, seed)
    labels = predict(model, vectors)
    found = {t: [w for w, _ in model.get_topic(t) if w] for t in sorted(set(labels))}
    return Stories(model, labels, found)


def _fitted(articles, texts, vectors, seed):
    order = np.argsort(texts, kind="stable")  # by content: the order of rows cannot matter
    articles, texts = articles.iloc[order], [texts[i] for i in order]
    known = topics_words.vocabulary(texts, articles["cluster"], articles["lang"])
    library = topics_words.bertopic()
    model = library.BERTopic(
        language="multilingual",  # the other, English, deletes all letters but ASCII's
        embedding_model=None,
        umap_model=PCA(min(COMPONENTS, *vectors.shape), svd_solver="full"),
        hdbscan_model=KMeans(number(len(texts), STORIES), n_init=STARTS, random_state=seed),
        vectorizer_model=topics_words.counter(known),
        ctfidf_model=library.vectorizers.ClassTfidfTransformer(reduce_frequent_words=True),
    )
    model.fit(texts, embeddings=vectors[order].astype(float))
    return model


def of_claims(
    found: Stories,
    articles: pd.DataFrame,
    vectors: np.ndarray,
    claims: pd.DataFrame,
    of: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """The claim of each article that is nearest to the middle of its story.

    Of articles and claims with their embeddings `vectors` and `of`. Returns what `topics.typical`
    takes: the story of each such claim, how far its article is from the middle, and the claims.
    """
    at = articles.index.get_indexer(claims["article_id"])
    story = found.labels[at]
    order = np.argsort(found.distances(of)[np.arange(len(of)), story], kind="stable")
    rows = order[~claims["article_id"].iloc[order].duplicated()]
    of_article = found.distances(vectors)[np.arange(len(vectors)), found.labels]
    return story[rows], of_article[at[rows]], claims.iloc[rows]


def flat(model, vectors: np.ndarray) -> np.ndarray:
    """Principal components of vectors, as a fitted BERTopic clusters them."""
    return model.umap_model.transform(vectors.astype(float))


def predict(model, vectors: np.ndarray) -> np.ndarray:
    """Story of each article by a fitted BERTopic, (n,), from embeddings (n, d)."""
    return np.array(model.transform([""] * len(vectors), embeddings=vectors.astype(float))[0])


def other_fits(data: Corpus, n: int, seed: int = SEED) -> pd.DataFrame:
    """Stories of each article by other fits, one row per article.

    Columns `article_id`; `refit_0`, ..., of `n` refits without a tenth of the articles (those left
    out are assigned); `seed_0`, ..., fits with other seeds; `order`, to shuffled rows; `noise`, to
    embeddings with noise; `written`, to articles as written, sides unmasked; and `x`, `y`, of
    `embed.plane`, but not where `n` is 1: it differs between processors.
    """
    articles, texts, vectors = material(data)
    rng, table, every = np.random.default_rng(seed), {}, np.arange(len(articles))

    def found(rows=every, texts=texts, vectors=vectors, seed=seed):
        """Stories of all articles, by a fit to some."""
        own = [texts[i] for i in rows]
        return predict(_fitted(articles.iloc[rows], own, vectors[rows], seed), vectors)

    for i in tqdm(range(n), desc="stories"):
        rows = rng.permutation(len(articles))[round(LEFT_OUT * len(articles)) :]
        table[f"refit_{i}"] = found(np.sort(rows))
    table |= {f"seed_{s}": found(seed=s) for s in range(min(n, SEEDS))}
    table["order"] = found(rng.permutation(len(articles)))
    table["noise"] = found(vectors=vectors + rng.normal(0, NOISE, vectors.shape))
    plain = article_texts(data)
    table["written"] = found(texts=plain, vectors=embed.vectors(plain))
    if n > 1:
        order = np.argsort(texts, kind="stable")
        components = flat(_fitted(articles, texts, vectors, seed), vectors)[order]
        table["x"], table["y"] = embed.plane(components, 0.2)[np.argsort(order)].T
    return pd.DataFrame(table, articles.index).reset_index(names="article_id")
