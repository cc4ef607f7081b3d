"""The explorer: one page in which anyone can look claims up, offline.

Template, style and script, built from `*.js`, lie in `explorer/`; here the corpus is written into
them as JSON (see `offline`).
"""

from pathlib import Path

import numpy as np
import pandas as pd

from .. import corpus, domain, settings, stats
from ..figures import style
from ..study.codes import POOLED
from ..text import embed, mask
from . import captions, offline

SOURCES = Path(__file__).parent / "explorer"
"""Template, style and script of the page."""

FACETS = {
    "direction": "Direction",
    "camp": "Camp",
    "outlet": "Outlet",
    "lang": "Language",
    "event": "Event",
    "occasion": "Occasion",
    "outcome": "Outcome",
    "portrayal": "Portrayal",
    "portrayal_agreement": "Coders on the portrayal",
    "motives": "Motives",
    "frame": "Frame",
    "voice": "Voice",
    "topic": "Topic",
    "frame_agreement": "Coders on the frame",
}
"""What can be filtered by, and its name."""


def write(folder: Path | None = None, out: Path | None = None) -> Path:
    """Write the explorer of a corpus, and return the file.

    Parameters
    ----------
    folder : Path, optional
        Of the corpus's tables, by default that under study.
    out : Path, optional
        By default `explorer.html` in the folder, or in `build/site` for the repository's corpus.
    """
    folder = Path(folder or settings.data_dir()).resolve()
    own = folder != settings.ROOT / "data"
    out = out or (folder if own else settings.ROOT / "build" / "site") / "explorer.html"
    data = content(corpus.load(folder), folder)
    settings.write_text(out, offline.page(SOURCES, "bundle.js", data))
    return out


def content(data: corpus.Corpus, folder: Path) -> dict:
    """What the page shows of a corpus whose tables lie in a folder, column by column."""
    own = folder != settings.ROOT / "data"
    articles = data.article_table()
    articles["camp"] = pd.Categorical(articles["camp"], dict.fromkeys(domain.CAMPS.values()))
    claims = data.claims.sort_values(["article_id", "n"])
    claims["topic"], names = _topics(folder / "derived", claims.index)
    claims["frame_agreement"] = _agreement(data.codings_claims, "frame", claims.index)
    articles["portrayal_agreement"] = _agreement(data.codings_articles, "portrayal", articles.index)
    tables = {"articles": articles, "claims": claims}
    encoded = {
        name: {"title": title, "of": of, **_encoded(table[name])}
        for name, title in FACETS.items()
        for of, table in tables.items()
        if name in table
    }
    facets = {name: facet for name, facet in encoded.items() if facet["codes"]}
    used = {c for name, facet in facets.items() if name != "outlet" for c in facet["codes"]}
    places, placed = _places(folder if own else settings.ROOT, claims, articles["direction"])
    return {
        "about": {
            "own": own,
            "placed": placed,
            "coder": data.coder.replace("**", ""),
            "min_events": stats.MIN_EVENTS,
            "compared": list(domain.TOWARD),
            "toward": domain.TOWARD,
        },
        "labels": {code: domain.label(code) for code in sorted(used)} | names,
        "looks": _looks(facets["camp"]["codes"]),
        "facets": facets,
        "articles": {
            "id": articles.index.tolist(),
            "cluster": pd.factorize(articles["cluster"], sort=True)[0].tolist(),
            **articles[["url", "date", "gist", "outlet_name"]].fillna("").to_dict("list"),
        },
        "claims": {
            "article": articles.index.get_indexer(claims["article_id"]).tolist(),
            **claims[["n", "text"]].to_dict("list"),
            "frame_2": _encoded(claims["frame_2"]),
            **dict(zip("xy", places.T.tolist(), strict=True)),
        },
        "shared": data.events.index[data.events["shared"]].tolist(),
        "passes": {
            "claims": _passes(data.codings_claims, ["frame", "frame_2"], claims.index),
            "articles": _passes(
                data.codings_articles, ["portrayal", "occasion", "motives"], articles.index
            ),
        },
    }


def _encoded(column: pd.Series) -> dict:
    """The codes that a column uses, in their order, and the position of each row's, -1 for none.

    Of a column of lists the positions are lists.
    """
    if column.map(type).eq(tuple).any():
        given = [cell if isinstance(cell, tuple) else () for cell in column]
        listed = sorted(set().union(*given))
        return {"codes": listed, "values": [[listed.index(c) for c in cell] for cell in given]}
    values, codes = pd.factorize(column, sort=True)
    return {"codes": [str(code) for code in codes], "values": values.tolist()}


def _looks(camps: list[str]) -> dict[str, dict]:
    """Colour of each camp and whether its mark is a square, as in the figures."""
    looks = {camp: style.LOOKS.get(camp, style.Look(style.DARK, "o")) for camp in camps}
    return {c: {"colour": look.colour, "square": look.marker == "s"} for c, look in looks.items()}


def _agreement(codings: pd.DataFrame, column: str, units: pd.Index) -> pd.Series:
    """Whether all pooled passes gave a unit one code; missing where fewer than two coded it."""
    given = codings[column].astype(object).unstack("coder").reindex(units, columns=list(POOLED))
    said = given.nunique(axis=1).map(lambda n: "agree" if n == 1 else "differ")
    return said.where(given.notna().sum(axis=1) > 1)


def _passes(codings: pd.DataFrame, columns: list[str], units: pd.Index) -> dict[str, dict]:
    """What each pass gave, by column and pass."""
    coders = codings.index.unique("coder")
    passes = {coder: codings.xs(coder, level="coder").reindex(units) for coder in coders}
    return {c: {coder: _encoded(given[c]) for coder, given in passes.items()} for c in columns}


def _topics(derived: Path, claims: pd.Index) -> tuple[pd.Series, dict[str, str]]:
    """The topic of each claim and the topics' names, where the study has found topics."""
    files = derived / "claim_topics.csv", derived / "topics.csv"
    if not all(file.exists() for file in files):
        return pd.Series(np.nan, claims, dtype=object), {}
    topic = pd.read_csv(files[0], index_col="claim_id")["topic"].reindex(claims)
    table = pd.read_csv(files[1], index_col="topic")
    names = {f"topic {t}": f"{t}: {name}" for t, name in table["label"].items()}
    keys = topic.where(topic >= 0).map(lambda t: f"topic {t:.0f}", na_action="ignore")
    return keys.astype(pd.CategoricalDtype(list(names))), names


def _places(base: Path, claims: pd.DataFrame, direction: pd.Series) -> tuple[np.ndarray, bool]:
    """Places of claims on the map, whole numbers from 0; whether the study has placed them all."""
    file = (base / "figures" / captions.picture("claim_map")).parent / "tables" / "claim_map.csv"
    drawn = pd.read_csv(file, index_col=0) if file.exists() else pd.DataFrame()
    if placed := bool(claims.index.isin(drawn.index).all()):
        places = drawn.loc[claims.index, ["x", "y"]].to_numpy() * [1, -1]  # screens count downwards
    else:
        texts = mask.mask_all(claims["text"], claims["article_id"].map(direction))
        vectors = embed.vectors(texts)
        u, s, _ = np.linalg.svd(vectors - vectors.mean(0), full_matrices=False)
        places = np.pad(u * s, ((0, 0), (0, 2)))[:, :2]  # the first two components
    span = np.ptp(places, axis=0).max() or 1.0
    return np.rint((places - places.min(0)) / span * 4095).astype(int), placed
