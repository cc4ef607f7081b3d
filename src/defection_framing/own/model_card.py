"""Measure the coders and write their model card, `data/model_card.md`."""

import warnings
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedGroupKFold

from .. import corpus, settings
from . import coders, directions, frames, heads, kernels, readings
from .coders import DIRECTIONS
from .coding import OPEN_BELOW
from .readings import LEAD

_FOLDS = 5


def evaluate() -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Measure the coders by five-fold cross-validation (minutes), no event in training and test.

    A row of the table is a task and coder: `n` texts, `accuracy` and `macro_f1` against the codes
    used, `ece` (expected calibration error, ten bins; Guo et al. 2017), `decided` (share not left
    open) and `accuracy_decided`. The ceiling is a pass that the codes used do not rest on: `C`, and
    for directions `S`. Of `both` there are too few articles: the row that counts them says little
    more than the one that does not. For `not_about`, whole kinds of the other texts are left out
    and accuracy is the share found. Counts by code, true codes in rows, stand beside it.
    """
    loaded = corpus.load(settings.ROOT / "data")
    articles, claims = loaded.articles, loaded.claim_table()
    p, beside, p_beside = _direction_left_out(loaded)
    true = articles["direction"].astype(str).to_numpy()
    clear, cut = true != "both", OPEN_BELOW["direction"]
    rows = {
        ("direction, 4 values", "model"): _scores(DIRECTIONS, p[clear], true[clear], cut),
        ("direction, with `both`", "model"): _scores(DIRECTIONS, p, true, cut),
    }
    for source, of in (("negatives", "articles"), ("written", "written texts")):
        own = (beside["source"] == source).to_numpy()
        found = _scores(DIRECTIONS, p_beside[own], beside["label"][own], cut)
        rows[f"`not_about`, {of} of an unseen kind", "model"] = found | {"macro_f1": np.nan}
    rows["direction", "pass S"] = _agreement(articles["direction"], loaded.codings_articles, "S")
    confusion = {"direction": _confusion(true, np.array(DIRECTIONS)[p.argmax(1)])}
    learnt = {
        "portrayal": (articles, loaded.codings_articles, _portrayal_left_out),
        "frame": (claims, loaded.codings_claims, _frame_left_out),
    }
    for code, (table, _, left_out) in learnt.items():
        true = table[code].astype(str).to_numpy()
        for coder, english in (("model, English", True), ("model, other languages", False)):
            classes, p = left_out(loaded, english)
            rows[code, coder] = _scores(classes, p, true, OPEN_BELOW[code])
            confusion.setdefault(code, _confusion(true, classes[p.argmax(1)]))
    for code, (table, codings, _) in learnt.items():
        rows[code, "pass C"] = _agreement(table[code], codings, "C")
    return pd.DataFrame(rows).T.rename_axis(["task", "coder"]), confusion


def languages() -> pd.DataFrame:
    """Measure the direction of the invented texts in `benchmarks/languages.csv`, by language.

    Beside what `evaluate` gives come `ece_chance`, the calibration error that probabilities without
    any error would show on average in as few texts (2,000 simulations), `found` and `precision` of
    `not_about`, and `frames`, the accuracy of the frames in `benchmarks/frames_languages.csv`.
    """
    rng = np.random.default_rng(settings.SEED)
    claims = pd.read_csv(settings.ROOT / "benchmarks" / "frames_languages.csv")
    model = coders.train()["frame"]
    told = model.classes[model.proba(frames.kept()[0].seen(claims["text"])).argmax(1)]
    right = (told == claims["frame"]).groupby(claims["lang"]).mean()
    texts = pd.read_csv(settings.ROOT / "benchmarks" / "languages.csv", keep_default_na=False)
    at_home = heads.homes(list(texts["text"]), list(texts["country"]))
    p = coders.train()["direction"].proba(coders.leads(texts["text"]), at_home)
    rows = {}
    for lang, own in texts.groupby("lang", sort=False):
        rows[lang] = _scores(DIRECTIONS, p[own.index], own["label"], OPEN_BELOW["direction"])
        sure = p[own.index].max(1)
        by_chance = [_ece(sure, rng.random(len(sure)) < sure) for _ in range(2000)]
        rows[lang]["ece_chance"] = np.mean(by_chance)
        code, true = np.array(DIRECTIONS)[p[own.index].argmax(1)], own["label"] == "not_about"
        rows[lang]["found"] = (code == "not_about")[true].mean()
        rows[lang]["precision"] = true[code == "not_about"].mean()
        rows[lang]["frames"] = right.get(lang, np.nan)
    return pd.DataFrame(rows).T.rename_axis("language")


def _direction_left_out(loaded: corpus.Corpus):
    """Probabilities of articles whose event, and of other texts whose kind, was not learnt from.

    The encoder is adapted five times, for minutes each: the probabilities are remembered.
    """
    articles, others = loaded.articles, coders.others()
    beside = others[others["label"] == "not_about"]

    def make():
        sentences, texts = heads.sentences(loaded.claims), corpus.article_texts(loaded)
        every = heads.training(articles, sentences, others)[0]
        below = directions.below(sentence for own in every for sentence in own)
        kinds = [sorted(own.unique()) for _, own in beside.groupby("source")["kind"]]
        p, p_beside = np.zeros((len(articles), 6)), np.zeros((len(beside), 6))
        for fold, (train, test) in enumerate(_folds(articles["direction"], articles["event"])):
            out = beside["kind"].isin([k for own in kinds for k in own[fold::_FOLDS]]).to_numpy()
            learnt = articles.iloc[train], sentences, others.drop(beside.index[out])
            model = coders.Direction().fit(*learnt)
            reader, model.heads = heads.fit(*heads.training(*learnt), below)
            seen = coders.leads([*(texts[i] for i in test), *beside["text"][out]], reader)
            both = model.proba(seen, np.full(len(seen.reading), 2))
            p[test], p_beside[out] = np.split(both, [len(test)])
        return p, p_beside

    code = Path(coders.__file__).read_bytes() + " ".join(articles.index).encode()
    key = f"{heads.version()} {_FOLDS} {len(others)}".encode() + code
    p, p_beside = settings.cached("directions-left-out", key, make)
    return p, beside, p_beside


def _portrayal_left_out(loaded, english: bool) -> tuple[np.ndarray, np.ndarray]:
    """Portrayals, and their probabilities from models that did not see the event."""
    articles, leads = loaded.articles, coders.read(loaded).leads
    given = coders.given_codes(articles, loaded.codings_articles, "portrayal")
    p = np.zeros(given.shape)
    for train, test in _folds(articles["portrayal"], articles["event"]):
        model = kernels.Kernel(words=english)
        model.fit(leads.rows(train), given.iloc[train], articles["event"].iloc[train])
        p[test] = model.proba(leads.rows(test))
    return given.columns.to_numpy(str), p


def _frame_left_out(loaded, english: bool) -> tuple[np.ndarray, np.ndarray]:
    """The same of frames: scores of a fold become probabilities as fits the other folds."""
    scores, given = _frame_scores(loaded)
    if english:
        scores = _with_words(loaded, scores, given)
    p, code, claims = np.zeros(scores.shape), given.to_numpy().argmax(1), loaded.claim_table()
    for train, test in _folds(claims["frame"], claims["event"]):
        beta = kernels.calibration(scores[train], code[train])
        p[test] = kernels.calibrated(scores[test], beta)
    return given.columns.to_numpy(str), p


def _frame_scores(loaded) -> tuple[np.ndarray, pd.DataFrame]:
    """Scores of the frames of claims of events not learnt from, and the shares of passes.

    The encoder is adapted five times, for minutes each: the scores are remembered.
    """
    claims = loaded.claim_table()
    given = coders.given_codes(claims, loaded.codings_claims, "frame")

    def make():
        below, scores = frames.below(claims["text"]), np.zeros(given.shape)
        reading, other, turned = readings.named_first(list(claims["text"]))
        for train, test in _folds(claims["frame"], claims["event"]):
            read = frames.vectors(below, given.to_numpy(), train)
            seen, unscaled = readings.Seen(reading, other, read, turned), np.ones(2)
            model = kernels.Kernel(beta=unscaled).fit(seen.rows(train), given.iloc[train])
            scores[test] = model.score(seen.rows(test))
        return scores

    key = f"{frames.version()} {list(claims.index)}".encode()
    return settings.cached("frames-left-out", key, make), given


def _with_words(loaded, scores: np.ndarray, given: pd.DataFrame) -> np.ndarray:
    """Scores of the frames averaged with those of the coder that stands beside in English."""
    claims, both = loaded.claim_table(), scores.copy()
    seen = coders.read(loaded).studied
    for train, test in _folds(claims["frame"], claims["event"]):
        model = kernels.Kernel(words=True, beta=np.ones(2)).fit(seen.rows(train), given.iloc[train])
        both[test] = (scores[test] + model.score(seen.rows(test))) / 2
    return both


def _folds(codes, events):
    folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=settings.SEED)
    with warnings.catch_warnings():
        # `both` has four articles: one fold has none.
        warnings.filterwarnings("ignore", "The least populated class")
        return list(folds.split(codes, codes.astype(str), events))


def _scores(classes, p, true, cut) -> dict:
    code, sure, true = np.asarray(classes)[p.argmax(1)], p.max(1), np.asarray(true)
    right = code == true
    return _accuracy(true, code) | {
        "ece": _ece(sure, right),
        "decided": (sure >= cut).mean(),
        "accuracy_decided": right[sure >= cut].mean(),
    }


def _accuracy(true, code) -> dict:
    f1 = f1_score(true, code, labels=np.unique(true), average="macro")
    return {"n": len(true), "accuracy": (true == code).mean(), "macro_f1": f1}


def _ece(sure, right) -> float:
    bins = np.minimum((sure * 10).astype(int), 9)
    return sum((bins == b).mean() * abs((right - sure)[bins == b].mean()) for b in np.unique(bins))


def _agreement(used: pd.Series, passes: pd.DataFrame, coder: str) -> dict:
    given = passes.xs(coder, level="coder")[used.name].dropna().astype(str)
    return _accuracy(used.loc[given.index].astype(str), given)


def _confusion(true, code) -> pd.DataFrame:
    return pd.crosstab(true, code, rownames=["true"], colnames=["coded"])


def write_card(path: Path | None = None) -> None:
    """Measure the coders and write their model card, by default `data/model_card.md`.

    What is kept of the coders is learnt anew first, if data or code changed.
    """
    others, loaded = coders.others(), corpus.load(settings.ROOT / "data")
    heads.keep(others)
    if frames.stale():
        scores, given = _frame_scores(loaded)
        code, all_of = given.to_numpy().argmax(1), (scores, _with_words(loaded, scores, given))
        beta = np.stack([kernels.calibration(s, code) for s in all_of])
        frames.keep(loaded.claims["text"], given.to_numpy(), beta)
    coders.keep(loaded)
    table, confusion = evaluate()
    counted = [f"### {code}\n\n{_markdown(n.reset_index())}" for code, n in confusion.items()]
    text = (files(__package__) / "model_card.md").read_text(encoding="utf-8")
    text = text.format(
        cuts=", ".join(f"{cut} ({code})" for code, cut in OPEN_BELOW.items()),
        lead=LEAD,
        written=(others["source"] == "written").sum(),
        foreign=(others["lang"] != "en").sum(),
        beside=(others["label"] == "not_about").sum(),
        negatives=(others["source"] == "negatives").sum(),
        table=_markdown(_shown(table, 3)),
        languages=_markdown(_shown(languages(), 2)),
        confusion="\n\n".join(counted),
    )
    settings.write_text(path or settings.ROOT / "data" / "model_card.md", text)


def _shown(table: pd.DataFrame, digits: int) -> pd.DataFrame:
    """A table of measurements as the card shows it: `n` as a count, nothing where nothing is."""
    shown = table.round(digits).astype(object).where(table.notna(), "")
    return shown.assign(n=table["n"].astype(int)).reset_index()


def _markdown(table: pd.DataFrame) -> str:
    rows = [table.columns, ["---"] * table.shape[1], *table.to_numpy()]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)
