"""How those who leave the teller's own side are portrayed, beside those who come to it."""

import pandas as pd

from . import compare


def away(
    articles: pd.DataFrame, camps=tuple(compare.TOWARD), weighting="event", draws=compare.DRAWS
) -> pd.DataFrame:
    """Contrast portrayals of those who leave the teller's side with those who come, as `contrast`.

    The mean over the camps, each with the same weight.
    """
    own = articles[articles["direction"].isin(compare.TOWARD.values())]
    s = compare.shares(
        own[own["side"].isin(camps)], "portrayal", ["side", "direction"], weighting, draws
    )
    weights = {
        (camp, d): (-1 if d == compare.TOWARD[camp] else 1) / len(camps)
        for camp in camps
        for d in compare.TOWARD.values()
    }
    return compare.contrast(s, weights)
