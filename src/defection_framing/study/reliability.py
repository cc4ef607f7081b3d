"""How far two passes of coding agree, code by code."""

import numpy as np
import pandas as pd

from ..corpus import Corpus
from ..stats import TENTATIVE, alpha

_COLUMNS = ["alpha", "low", "high", "agreement", "n"]


def claims_side_by_side(corpus: Corpus) -> pd.DataFrame:
    """Claims that both coders coded: `frame_1`, `frame_2` (main frames), `article_id`."""
    second = corpus.second_claims
    own = corpus.claims.loc[second.index]
    frames = {"frame_1": own["frame"].astype(str), "frame_2": second["frame"].astype(str)}
    return own[["article_id"]].assign(**frames)


def table(corpus: Corpus) -> pd.DataFrame:
    """Agreement for every code that the second coder gave: columns of `alpha`, and `unit`."""
    rows = {}
    claims = claims_side_by_side(corpus)
    if len(claims):
        rows["main frame"] = alpha(claims["frame_1"], claims["frame_2"], claims["article_id"])
    second = corpus.second_articles
    own = corpus.articles.loc[second.index]
    for code in ("direction", "portrayal", "stance", "origin", "motives"):
        if len(second):
            rows[code] = alpha(_plain(own[code]), _plain(second[code]), own["event"])
    out = pd.DataFrame(rows, index=_COLUMNS).T.rename_axis("code")
    return out.assign(unit=np.where(out.index == "main frame", "claim", "article"))


def by_frame(corpus: Corpus, draws: int = 300) -> pd.DataFrame:
    """Agreement on each main frame against all others: columns of `alpha`.

    `n` is how many claims either coder gave the frame.
    """
    claims = claims_side_by_side(corpus)
    rows = {}
    for frame in sorted(set(claims["frame_1"]) | set(claims["frame_2"])):
        first, second = claims["frame_1"] == frame, claims["frame_2"] == frame
        rows[frame] = alpha(first, second, claims["article_id"], draws)
        rows[frame]["n"] = int((first | second).sum())
    return pd.DataFrame(rows, index=_COLUMNS).T.rename_axis("frame")


def doubtful(corpus: Corpus) -> set[str]:
    """Frames whose alpha is under `TENTATIVE`: figures mark them with a dagger."""
    table = by_frame(corpus, draws=2)
    return set(table.index[table["alpha"] < TENTATIVE]) if len(table) else set()


def _plain(codes: pd.Series) -> pd.Series:
    return codes if codes.map(lambda v: isinstance(v, tuple)).any() else codes.astype(str)
