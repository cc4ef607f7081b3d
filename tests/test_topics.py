import numpy as np
import pandas as pd
import pytest

from defection_framing import topics


@pytest.fixture(scope="module")
def planted():
    """400 texts on 25 themes, each theme near one point of the sphere."""
    rng = np.random.default_rng(0)
    theme = np.repeat(np.arange(25), 16)
    middle = rng.normal(size=(25, 30))
    vectors = middle[theme] + 0.3 * rng.normal(size=(400, 30))
    words = [f"theme{chr(97 + t)}" for t in theme]
    texts = [f"{w} soldier crossed line {i}" for i, w in enumerate(words)]
    return texts, vectors / np.linalg.norm(vectors, axis=1, keepdims=True), theme


def test_planted_themes_are_found_whatever_the_order_of_rows(planted):
    from sklearn.metrics import adjusted_rand_score

    texts, vectors, theme = planted
    _, found = topics.fit(texts, vectors)
    assert adjusted_rand_score(theme, found) > 0.8
    shuffle = np.random.default_rng(1).permutation(len(texts))
    _, again = topics.fit([texts[i] for i in shuffle], vectors[shuffle])
    assert (again == found[shuffle]).all()


def test_centring_takes_the_event_out_and_keeps_single_claims():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(7, 5))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    out = topics.centre(vectors, list("aaabbbc"), share=1.0)
    assert out[6] == pytest.approx(vectors[6])
    assert np.linalg.norm(out, axis=1) == pytest.approx(np.ones(7))
    before, after = (v[:3].mean(0) @ v[:3].mean(0) for v in (vectors, out))
    assert after < before


def test_labels_do_not_repeat_words():
    words = ["hotline", "hotline surrender", "surrender", "call", "radio", "chat"]
    assert topics.label(words) == "hotline, surrender, call, radio"


def test_follows_is_one_for_the_same_partition_and_zero_for_none():
    rng = np.random.default_rng(0)
    frame = rng.choice(list("abc"), 500)
    claims = pd.DataFrame(
        {"frame": frame, "event": rng.choice(list("xyz"), 500), "direction": "d", "camp": frame}
    )
    result = topics.follows(frame, claims)
    assert result["frame"] == pytest.approx(1)
    assert abs(result["event"]) < 0.02
