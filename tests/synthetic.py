"""Synthetic corpora with a known truth: events, outlets, camps, and frames with chosen effects."""

import numpy as np
import pandas as pd

FRAMES = ["treason", "collapse", "operation", "coercion", "policy", "survival"]


def claims(
    seed, events=60, relational=0.0, directional=0.0, clustering=20.0, coverage=0.6, per_article=4
):
    """Draw claims of a Russian and a Ukrainian camp on crossings both ways.

    `relational` is added to the share of `treason` when the person leaves the teller's side,
    `directional` to that of `coercion` when the crossing is to Russia; both are taken from
    `operation`. Each event draws its own frame shares for each camp (Dirichlet with the given
    concentration), so that claims of one event are alike.
    """
    rng = np.random.default_rng(seed)
    outlets = {"Russian": [f"ru{i}" for i in range(20)], "Ukrainian": [f"ua{i}" for i in range(20)]}
    rows = []
    for e in range(events):
        direction = ("ru_to_ua", "ua_to_ru")[e % 2]
        size = 1 + rng.poisson(1.5) + (15 if e < 2 else 0)
        for camp, names in outlets.items():
            if rng.random() > coverage:
                continue
            share = np.array([0.15, 0.15, 0.4, 0.1, 0.1, 0.1])
            away = (camp == "Russian") == (direction == "ru_to_ua")
            share[[0, 2]] += np.array([relational, -relational]) * away
            share[[3, 2]] += np.array([directional, -directional]) * (direction == "ua_to_ru")
            share = rng.dirichlet(share * clustering)
            for a in range(size):
                outlet = names[rng.integers(len(names))]
                for frame in rng.choice(FRAMES, per_article, p=share):
                    rows.append((f"a{e}-{camp}-{a}", f"e{e}", outlet, camp, direction, frame))
    columns = ["article_id", "cluster", "outlet", "side", "direction", "frame"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(frame=pd.Categorical(table["frame"], FRAMES))
