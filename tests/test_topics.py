import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from defection_framing.study import topics, topics_model
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
    claims = claims.assign(frame_2="", event=claims["cluster"], direction="d", camp_detail="c")
    vectors = np.array(vectors)
    return claims, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(scope="module", autouse=True)
def few_topics():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(topics_model, "TOPICS", 4)
        patch.setattr(SteadyKMeans.__init__, "__defaults__", (4, 0.02, 20, 0))
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
    assert topics.follows(topics_model.baseline(vectors), claims)["event"] > follow["event"]


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
    again = topics.renumbered(others, found)
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
        "from defection_framing.study import topics, topics_model\n"
        "topics_model._bertopic()\n"
        "assert not {'torch', 'numba', 'umap'} & set(sys.modules)\n"
        "import importlib.util; assert importlib.util.find_spec('torch')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_composed_intervals_are_wider_where_the_topics_move(planted):
    claims, _, found = planted
    table = claims.assign(camp="x")
    same = np.stack([found.labels] * 3)
    moving = np.stack([np.roll(found.labels, 40 * i) for i in range(3)])
    moving[1] = np.where(found.labels == 0, 1, found.labels)
    steady, loose = (
        topics.composed(table, found.labels, again, ["camp"]) for again in (same, moving)
    )
    assert (loose.value == steady.value).all()
    assert loose.draws.std(axis=0).max() > 2 * steady.draws.std(axis=0).max()


def test_words_of_one_event_do_not_name_a_topic(planted):
    found = planted[2]
    words = {w for own in found.words.values() for w in own}
    assert {"treason", "rescue", "money", "escape"} <= words
    assert not any(w.startswith("event") for w in words)


def test_labels_given_by_claim_survive_a_refit_and_bad_ones_are_named(
    planted, tmp_path, monkeypatch
):
    claims, _, found = planted
    monkeypatch.setenv("DEFECTION_DATA", str(tmp_path))
    ids = [f"c{i}" for i in range(len(claims))]
    assert topics.overrides(found.labels, ids) == {}
    typical = np.flatnonzero(found.labels == 2)[:3]
    rows = "".join(f"Betrayal,{ids[i]}\n" for i in typical)
    (tmp_path / "topic_labels.csv").write_text("label,claim_id\n" + rows)
    assert topics.overrides(found.labels, ids) == {2: "Betrayal"}
    renumbered = np.where(found.labels == 2, 3, np.where(found.labels == 3, 2, found.labels))
    assert topics.overrides(renumbered, ids) == {3: "Betrayal"}
    (tmp_path / "topic_labels.csv").write_text("label,claim_id\nBetrayal,nowhere\n")
    with pytest.raises(ValueError, match=r"row 2, column claim_id.*'nowhere'"):
        topics.overrides(found.labels, ids)


def test_labels_do_not_repeat_words():
    words = ["deserter", "deserters", "law", "court", "years", "case"]
    assert topics.label(words) == "deserter, law, court, years"
