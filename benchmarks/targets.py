"""How steady the study's topics are, with more replicates than the notebook can afford.

Writes `targets.csv` beside this file: one row per property. About ten minutes on one core.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score as ari
from tqdm import tqdm

from defection_framing import corpus, settings
from defection_framing.study import topics, topics_model
from defection_framing.text.scores import SteadyKMeans

HASH = """
import hashlib, numpy as np
from defection_framing import corpus
from defection_framing.study import topics_model
given = topics_model.material(corpus.load())
found = [topics_model.fit(*given).labels.astype("i4") for _ in range(2)]
print(*(hashlib.sha256(labels.tobytes()).hexdigest() for labels in found))
"""


def hashes(threads: int) -> list[str]:
    """Labels of two fits in one fresh process with so many threads, as checksums."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environment = os.environ | dict.fromkeys(names, str(threads))
    command = [sys.executable, "-W", "ignore", "-c", HASH]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return run.stdout.split()


def main() -> None:
    """Measure and write the table."""
    claims, texts, vectors = topics_model.material(corpus.load())
    found = topics_model.fit(claims, texts, vectors)
    labels, rng = found.labels, np.random.default_rng(settings.SEED)
    rows = {f"AMI with {k}": v for k, v in topics.follows(labels, claims).items()}
    unseen = pd.DataFrame({"strict": topics_model.out_of_events(claims, texts, vectors)})
    strict = topics.strict(unseen, claims)
    rows |= {f"AMI with {k}, strict": v for k, v in strict.drop("none").items()}
    rows["claims without topic"] = (labels < 0).mean()
    rows["claims without topic, unseen events"] = strict["none"]

    seeds = [
        SteadyKMeans(seed=s).fit(found.projection.scores_).labels_
        for s in tqdm(range(10), desc="seeds")
    ]
    pairs = [ari(a, b) for i, a in enumerate(seeds) for b in seeds[:i]]
    rows |= {"ARI between 10 seeds, mean": np.mean(pairs), "worst": min(pairs)}

    orders = []
    for _ in tqdm(range(20), desc="row orders"):
        p = rng.permutation(len(claims))
        again = topics_model.fit(claims.iloc[p], [texts[i] for i in p], vectors[p])
        orders.append(ari(labels[p], again.labels))
    rows["ARI between 20 row orders, worst"] = min(orders)

    noise = []
    for _ in tqdm(range(5), desc="noise"):
        noisy = vectors + rng.normal(0, topics_model.NOISE, vectors.shape)
        noise.append(ari(topics_model.fit(claims, texts, noisy).labels, labels))
    rows |= {"ARI after noise of 1e-6, mean of 5": np.mean(noise), "noise, worst": min(noise)}

    articles, stays, both = np.unique(claims["article_id"]), [], []
    for _ in tqdm(range(20), desc="articles left out"):
        dropped = rng.choice(articles, round(0.1 * len(articles)), replace=False)
        keep = np.flatnonzero(~claims["article_id"].isin(dropped))
        again = topics_model.fit(claims.iloc[keep], [texts[i] for i in keep], vectors[keep]).labels
        stays.append(ari(labels[keep], again))
        assigned = (labels[keep] >= 0) & (again >= 0)
        both.append(ari(labels[keep][assigned], again[assigned]))
    rows["ARI with 10% of the articles left out, mean of 20, on the claims that stay"] = np.mean(
        stays
    )
    rows["the same, on those with a topic both times"] = np.mean(both)

    mine = hashlib.sha256(labels.astype("i4").tobytes()).hexdigest()
    same = [h == mine for threads in (1, 2) for h in hashes(threads)]
    rows["share of 4 fits in fresh processes, 1 and 2 threads, that are identical"] = np.mean(same)
    table = pd.Series(rows, name="value").rename_axis("property")
    table.to_csv(Path(__file__).with_name("targets.csv"), float_format="%.4f", lineterminator="\n")


if __name__ == "__main__":
    main()
