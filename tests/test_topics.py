import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from defection_framing import settings
from defection_framing.corpus import NotEnough
from defection_framing.study import topics, topics_model, topics_stories, topics_words
from defection_framing.text.scores import FrameScores, SteadyKMeans

FRAMES = ["treason", "rescue", "money", "escape"]


def corpus(n_events=30, seed=0):
    """Claims whose words and vectors carry a frame and, more loudly, their event."""
    rng = np.random.default_rng(seed)
    of_frame, of_event = rng.normal(size=(4, 24)), rng.normal(size=(n_events, 24))
    rows, vectors = [], []
    for e in range(n_events):
        for i in range(16):
            f = rng.integers(4)
            text = f"{FRAMES[f]} word{f} event{e} claim number {e} {i}"
            rows.append((f"a{e}-{i // 4}", f"e{e}", FRAMES[f], text))
            vectors.append(of_frame[f] + 1.3 * of_event[e] + 0.4 * rng.normal(size=24))
    claims = pd.DataFrame(rows, columns=["article_id", "cluster", "frame", "text"])
    claims = claims.assign(
        frame_2="", event=claims["cluster"], direction="d", camp_detail="c", lang="en"
    )
    vectors = np.array(vectors)
    return claims, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(scope="module", autouse=True)
def few_topics():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(topics_model, "TOPICS", 4)
        patch.setattr(SteadyKMeans.__init__, "__defaults__", (4, 0))
        patch.setattr(SteadyKMeans, "starts", 20)
        yield


@pytest.fixture(scope="module")
def planted():
    claims, vectors = corpus()
    return claims, vectors, topics_model.fit(claims, list(claims["text"]), vectors)


@pytest.mark.slow
def test_topics_follow_the_frame_and_not_the_louder_event(planted):
    claims, vectors, found = planted
    follow = topics.follows(found.labels, claims)
    assert follow["frame"] > 0.7
    assert follow["event"] < 0.05
    unguided = KMeans(4, n_init=20, random_state=0).fit_predict(vectors)
    assert topics.follows(unguided, claims)["event"] > follow["event"]


def test_an_event_has_no_part_in_its_own_scores(planted):
    claims, vectors, found = planted
    texts = list(claims["text"])
    other = claims.assign(frame=claims["frame"].mask(claims["cluster"] == "e0", "treason"))
    again = FrameScores().fit(texts, vectors, other["frame"], other["frame_2"], other["cluster"])
    own = (claims["cluster"] == "e0").to_numpy()
    assert again.scores_[own] == pytest.approx(found.projection.scores_[own], abs=1e-9)
    assert np.abs(again.scores_ - found.projection.scores_)[~own].max() > 1e-4


def test_scores_of_an_event_are_those_of_a_fit_without_it(planted, monkeypatch):
    monkeypatch.setattr(FrameScores, "wording", 0)
    claims, vectors, _ = planted
    texts, own = list(claims["text"]), (claims["cluster"] == "e3").to_numpy()
    arguments = [claims[c] for c in ("frame", "frame_2", "cluster")]
    whole = FrameScores().fit(texts, vectors, *arguments)
    rest = [i for i in range(len(texts)) if not own[i]]
    without = FrameScores()
    # Only what is not learnt from frames, the centre of the embeddings, may see the event.
    centred = vectors - vectors.mean(axis=0) + vectors[rest].mean(axis=0)
    without.fit([texts[i] for i in rest], centred[rest], *(a.iloc[rest] for a in arguments))
    mine = np.flatnonzero(own)
    scores = without.transform([texts[i] for i in mine], centred[mine])
    assert np.corrcoef(scores.ravel(), whole.scores_[mine].ravel())[0, 1] > 0.99


def test_rows_in_another_order_give_the_same_topics(planted):
    claims, vectors, found = planted
    shuffle = np.random.default_rng(1).permutation(len(claims))
    again = topics_model.fit(
        claims.iloc[shuffle], list(claims["text"].iloc[shuffle]), vectors[shuffle]
    )
    assert (again.labels == found.labels[shuffle]).all()


def test_a_repeated_fit_is_identical_and_noise_moves_little(planted):
    claims, vectors, found = planted
    texts = list(claims["text"])
    assert (topics_model.fit(claims, texts, vectors).labels == found.labels).all()
    noise = np.random.default_rng(0).normal(0, 1e-6, vectors.shape)
    assert (
        adjusted_rand_score(topics_model.fit(claims, texts, vectors + noise).labels, found.labels)
        > 0.95
    )


def test_new_claims_are_assigned_and_strange_ones_fit_none(planted):
    _, _, found = planted
    claims, vectors = corpus(seed=0)
    scores = found.projection.transform(list(claims["text"]), vectors)
    labels = found.clusterer.predict(scores)
    assert topics.follows(labels, claims)["frame"] > 0.7
    far = found.clusterer.predict(np.full((1, 4), 50.0))
    assert far.tolist() == [-1]


def test_refits_keep_the_numbers_and_stability_is_high_where_topics_are_planted(planted):
    claims, vectors, found = planted
    refits = topics_model.refits(claims, list(claims["text"]), vectors, n=3)
    others = pd.DataFrame({f"refit_{i}": labels for i, labels in enumerate(refits)})
    again = topics.renumbered(others, found.labels)
    recurs = topics.stability(found.labels, again)
    assert again.shape == (3, len(claims))
    assert recurs.min() > 0.7
    noise = np.random.default_rng(0).permuted(again, axis=1)
    assert topics.stability(found.labels, noise).max() < topics.STABLE


def test_new_claims_get_the_numbers_of_the_topics(planted):
    claims, vectors, found = planted
    sizes = np.bincount(found.labels[found.labels >= 0])
    assert (np.diff(sizes) <= 0).all()
    assert (found.clusterer.predict(found.projection.scores_) == found.labels).all()


def test_the_strict_test_judges_each_claim_by_a_fit_without_its_event(planted, monkeypatch):
    claims, vectors, _ = planted
    seen = []
    real = topics_model._fit_parts
    monkeypatch.setattr(
        topics_model,
        "_fit_parts",
        lambda part, *rest: seen.append(set(part["event"])) or real(part, *rest),
    )
    labels = topics_model.out_of_events(claims, list(claims["text"]), vectors)
    for trained, (_, test) in zip(seen, topics_model.folds(claims), strict=True):
        assert trained.isdisjoint(claims["event"].iloc[test])
        assert (labels[test] >= 0).any()


@pytest.mark.slow
def test_the_topics_load_neither_torch_nor_numba_and_leave_them_to_others():
    code = (
        "import sys, numpy as np\n"
        "from defection_framing.study import topics, topics_words\n"
        "topics_words.bertopic()\n"
        "assert not {'torch', 'numba', 'umap'} & set(sys.modules)\n"
        "import importlib.util; assert importlib.util.find_spec('torch')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_composed_intervals_are_wider_where_the_topics_move(planted):
    claims, _, found = planted
    table = claims.assign(camp="x", direction="ua_to_ru")
    same = np.stack([found.labels] * 3)
    moving = np.stack([np.roll(found.labels, 40 * i) for i in range(3)])
    moving[1] = np.where(found.labels == 0, 1, found.labels)
    steady, loose = (
        topics.composed(found.labels, again, table, ["camp"]) for again in (same, moving)
    )
    assert (loose.value == steady.value).all()
    assert loose.draws.std(axis=0).max() > 2 * steady.draws.std(axis=0).max()


def test_words_of_one_event_do_not_name_a_topic(planted):
    found = planted[2]
    words = {w for own in found.words.values() for w in own}
    assert {"treason", "rescue", "money", "escape"} <= words
    assert not any(w.startswith("event") for w in words)


def test_names_follow_their_claims_through_a_refit_and_go_where_these_part(
    planted, tmp_path, monkeypatch
):
    found = planted[2]
    monkeypatch.setenv("DEFECTION_DATA", str(tmp_path))
    ids = [f"c{i}" for i in range(len(found.labels))]
    assert topics_words.names_given(found.labels, ids) == {}
    typical = np.flatnonzero(found.labels == 2)[:3]
    rows = "".join(f"Betrayal,{ids[i]}\n" for i in typical) + "Other,a1\n"
    (tmp_path / "topic_labels.csv").write_text("label,id\n" + rows)
    assert topics_words.names_given(found.labels, ids) == {2: "Betrayal"}
    renumbered = np.where(found.labels == 2, 3, np.where(found.labels == 3, 2, found.labels))
    assert topics_words.names_given(renumbered, ids) == {3: "Betrayal"}
    parted = found.labels.copy()
    parted[typical] = [0, 1, 2]
    assert topics_words.names_given(parted, ids) == {}


def test_a_name_for_what_is_not_in_the_corpus_is_said_with_its_row(tmp_path, monkeypatch):
    monkeypatch.setenv("DEFECTION_DATA", str(tmp_path))
    (tmp_path / "topic_labels.csv").write_text("label,id\nBetrayal,c1\nBetrayal,nowhere\n")
    data = SimpleNamespace(articles=pd.DataFrame(index=["a1"]), claims=pd.DataFrame(index=["c1"]))
    with pytest.raises(ValueError, match=r"row 3, column id.*'nowhere'"):
        topics_words.check_names(data)


@pytest.mark.parametrize(("kind", "unit"), [("stories", "article"), ("topics", "claim")])
def test_every_topic_of_the_study_has_one_name_and_holds_what_is_typical_of_it(kind, unit):
    folder = settings.ROOT / "data"
    given = pd.read_csv(folder / "topic_labels.csv")
    names = pd.read_csv(folder / "derived" / f"{kind}.csv", index_col="topic")["label"]
    topic = pd.read_csv(folder / "derived" / f"{unit}_{kind}.csv", index_col=0)["topic"]
    own = given[given["id"].isin(topic.index)]
    assert sorted(own["label"].unique()) == sorted(names)
    assert (own["id"].map(topic).map(names) == own["label"]).all()
    assert (own["label"].value_counts() >= 3).all()


def test_labels_do_not_repeat_words():
    words = ["deserter", "deserters", "law", "court", "years", "case"]
    assert topics_words.label(words) == "deserter, law, court, years"


def test_typical_claims_are_near_the_middle_and_of_different_events():
    n = 40
    claims = pd.DataFrame(
        {"text": "t", "outlet": "o", "url": "u", "article_id": [f"a{i // 2}" for i in range(n)],
         "cluster": ["e0"] * 6 + [f"e{i}" for i in range(1, n - 5)]}, [f"c{i}" for i in range(n)],
    )  # fmt: skip
    found = topics.typical(np.zeros(n, int), np.arange(n) / n, claims)
    assert found["claim_id"].tolist() == ["c0", "c6", "c8"]


def test_two_articles_on_one_case_share_a_topic_more_often_where_topics_are_cases():
    events = pd.Series(np.repeat([f"e{i}" for i in range(20)], 5))
    same, chance = topics.together(np.repeat(np.arange(4), 25), events)
    assert same == 1 and 0.2 < chance < 0.25
    shuffled = np.random.default_rng(0).integers(0, 4, 100)
    assert topics.together(shuffled, events)[0] < 0.4


LANGUAGES = {
    "ru": "он сказал что пленные солдаты перешли на сторону противника и не вернулись домой",
    "uk": "він сказав що полонені солдати не мали зв'язок і перейшли на бік ворога",
    "de": "er sagte dass die gefangenen Soldaten in dem Krieg und nicht zu Hause waren",
}


def test_words_are_read_in_any_script_without_the_stop_words_of_the_language():
    langs = [lang for lang in LANGUAGES for _ in range(3)]
    texts = [f"{LANGUAGES[lang]}" for lang in langs]
    events = [f"e{i}" for i in range(len(texts))]
    known = topics_words.vocabulary(texts, events, langs)
    assert {"пленные", "полонені", "зв'язок", "gefangenen"} <= set(known)
    assert not {"он", "что", "він", "що", "und", "nicht", "на"} & set(known)
    found = topics_words.words(texts, np.repeat([0, 1, 2], 3), known)
    assert "полонені" in found[1] and "пленные" in found[0]


def test_stop_words_of_a_language_are_left_in_where_texts_are_restated_in_english():
    texts = ["the soldiers die in the war and their son was with them"] * 4
    known = topics_words.vocabulary(texts, list("abcd"), ["de"] * 4)
    assert {"war", "die", "son"} <= set(known)


def test_words_that_meet_are_coherent_and_others_are_not():
    texts = ["court treason prison"] * 5 + ["drone border river"] * 5
    known = np.array(["border", "court", "drone", "prison", "river", "treason"])
    together = topics_words.coherence({0: ["court", "treason"]}, texts, known)
    apart = topics_words.coherence({0: ["court", "drone"]}, texts, known)
    assert together == pytest.approx(1) and apart < 0


@pytest.fixture(scope="module")
def told():
    """Articles on two kinds of story in Cyrillic, their vectors, and the stories found in them."""
    rng = np.random.default_rng(0)
    kind = np.repeat([0, 1], 30)
    said = np.array(["пленные солдаты перешли границу", "суд приговорил офицера тюрьма"])
    texts = [f"{said[k]} номер{i}" for i, k in enumerate(kind)]
    articles = pd.DataFrame({"cluster": [f"e{i}" for i in range(60)], "lang": "ru"})
    vectors = np.eye(2, 16)[kind] + 0.1 * rng.normal(size=(60, 16))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(topics_stories, "STORIES", 2)
        yield kind, articles, texts, vectors, topics_stories.fit(articles, texts, vectors)


def test_stories_are_found_without_codes_and_named_in_their_own_script(told):
    kind, *_, found = told
    assert adjusted_rand_score(kind, found.labels) == 1
    assert {frozenset(words) for words in found.words.values()} == {
        frozenset(["пленные", "солдаты", "перешли", "границу"]),
        frozenset(["суд", "приговорил", "офицера", "тюрьма"]),
    }


def test_stories_depend_neither_on_the_order_of_articles_nor_on_noise(told):
    _, articles, texts, vectors, found = told
    order = np.random.default_rng(1).permutation(60)
    shuffled = [texts[i] for i in order]
    again = topics_stories.fit(articles.iloc[order], shuffled, vectors[order])
    assert (again.labels == found.labels[order]).all()
    noise = np.random.default_rng(2).normal(0, 1e-6, vectors.shape)
    assert (topics_stories.fit(articles, texts, vectors + noise).labels == found.labels).all()


def test_an_article_is_nearest_to_the_middle_of_its_own_story(told):
    _, _, _, vectors, found = told
    assert (found.distances(vectors).argmin(axis=1) == found.labels).all()


def test_too_few_articles_for_stories_are_said(told):
    _, articles, texts, vectors, _ = told
    with pytest.raises(NotEnough, match="at least 40 articles; this corpus has 20"):
        topics_stories.fit(articles[:20], texts[:20], vectors[:20])
