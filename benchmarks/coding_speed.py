"""Measure the processor time of coding beside that of embedding, into coding_speed.csv.

`python benchmarks/coding_speed.py [FOLDER ...]` takes the claims of 500 articles, none of them read
before; folders are of further SentenceTransformer models to embed the same claims with.
"""

import csv
import sys
import time
from pathlib import Path

import numpy as np
import sentence_transformers

from defection_framing import corpus
from defection_framing.own import coders, frames
from defection_framing.text import embed

ARTICLES = 500


def main() -> None:
    """Measure and write the table."""
    loaded = corpus.load()
    articles = loaded.articles.sample(ARTICLES, random_state=0).index
    claims = list(loaded.claims[loaded.claims["article_id"].isin(articles)]["text"])
    adapted, coder, ways = frames.kept()[0], coders.train()["frame"], {}
    embed.cached = lambda texts, _, encode: _uncached(texts, encode)  # what is read is not kept
    ways["frames, this study"] = lambda texts: coder.proba(adapted.seen(texts))
    folders = {"all-MiniLM-L6-v2": embed._folder(embed.DEFAULT_MODEL)}
    for name, folder in (folders | {Path(own).name: own for own in sys.argv[1:]}).items():
        model = sentence_transformers.SentenceTransformer(str(folder), device="cpu")
        ways[f"{name}, sentence-transformers' encode"] = model.encode
    table = Path(__file__).with_name("coding_speed.csv")
    with table.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["what", "articles", "claims", "cpu_seconds", "cpu_seconds_an_article"])
        for what, way in ways.items():
            way(claims[:1])  # loads what it needs
            start = time.process_time()
            way(claims)
            seconds = time.process_time() - start
            spent = [f"{seconds:.1f}", f"{seconds / ARTICLES:.4f}"]
            out.writerow([what, ARTICLES, len(claims), *spent])


def _uncached(texts, encode):
    found = {}
    for batch, rows in encode(texts):
        found |= dict(zip(batch, rows, strict=True))
    return np.stack([found[text] for text in texts])


if __name__ == "__main__":
    main()
