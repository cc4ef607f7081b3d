"""Embeddings with the real offline model on a handful of texts."""

import json
import sqlite3
import subprocess
import sys
import warnings

import huggingface_hub
import numpy as np
import pytest

from defection_framing import settings
from defection_framing.text import embed as module
from defection_framing.text.embed import (
    DEFAULT_MODEL,
    EmbeddingError,
    embed,
    give,
    track,
    vectors,
)

pytestmark = pytest.mark.slow

TEXTS = [
    "The pilot flew the helicopter over the border.",
    "An airman crossed the frontier in his aircraft.",
    "Desertion is punished with prison.",
    "Hotline.",
]


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    """Cache and corpus of a test's own."""
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("DEFECTION_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(settings, "cache_dir", lambda: tmp_path / "cache")


@pytest.fixture
def cache_file(tmp_path):
    return tmp_path / "cache" / "vectors.sqlite"


@pytest.fixture
def no_model(monkeypatch):
    """From here on, loading a model fails the test."""

    def fail(model):
        raise AssertionError("a model was loaded")

    def forbid():
        monkeypatch.setattr(module, "_load", fail)

    return forbid


def test_the_packaged_model_is_all_minilm():
    identity = module._identity(DEFAULT_MODEL)
    assert identity.startswith("sha256:53aa5117") and identity.endswith("28d9db")


def test_vectors_have_length_one_and_follow_meaning():
    v = embed(TEXTS)
    assert v.shape == (4, 384) and v.dtype == np.float32
    assert np.allclose(np.linalg.norm(v, axis=1), 1, atol=1e-5)
    assert v[0] @ v[1] > v[0] @ v[2] + 0.2


def test_duplicates_and_order_do_not_matter():
    v = embed([TEXTS[0], TEXTS[3], TEXTS[0]])
    assert np.array_equal(v[0], v[2])
    assert np.allclose(embed(TEXTS[::-1])[::-1], embed(TEXTS), atol=1e-6)


def test_batches_do_not_matter(cache_file):
    small = np.concatenate([embed([text]) for text in TEXTS])
    cache_file.unlink()
    assert np.allclose(embed(TEXTS), small, atol=1e-6)


def test_a_second_run_embeds_nothing(no_model):
    first = embed(TEXTS)
    no_model()
    assert np.array_equal(embed(TEXTS[::-1]), first[::-1])


def test_only_new_texts_are_embedded(monkeypatch):
    embed(TEXTS[:2])
    seen = []
    real = module._encode
    monkeypatch.setattr(
        module, "_encode", lambda texts, *rest: seen.extend(texts) or real(texts, *rest)
    )
    embed([*TEXTS, TEXTS[2]])
    assert sorted(seen) == sorted(TEXTS[2:])


def test_what_is_cached_needs_no_torch(tmp_path):
    expected = embed(TEXTS)
    code = (
        "import sys, pathlib, numpy as np\n"
        "from defection_framing import settings; from defection_framing.text import embed\n"
        f"settings.cache_dir = lambda: pathlib.Path({str(tmp_path / 'cache')!r})\n"
        f"np.save({str(tmp_path / 'out.npy')!r}, embed.embed({TEXTS!r}))\n"
        "sys.exit('torch' in sys.modules or 'sentence_transformers' in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert np.array_equal(np.load(tmp_path / "out.npy"), expected)


@pytest.mark.parametrize("kept", [60, 5000, -4096])
def test_a_broken_cache_is_said_once_and_rebuilt(cache_file, kept):
    expected = embed(TEXTS)
    cache_file.write_bytes(cache_file.read_bytes()[:kept])
    with pytest.warns(UserWarning, match="cannot be used .* embedded again"):
        assert np.allclose(embed(TEXTS), expected, atol=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        embed(TEXTS)


def test_a_file_that_is_no_cache_is_said_and_replaced(cache_file):
    cache_file.parent.mkdir()
    cache_file.write_text("not a database " * 100)
    with pytest.warns(UserWarning, match="cannot be used"):
        assert embed(TEXTS).shape == (4, 384)


def test_a_cache_that_is_locked_is_left_alone(cache_file, monkeypatch):
    embed(TEXTS)
    before = cache_file.read_bytes()

    def locked(*_, **__):
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(module.sqlite3, "connect", locked)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        embed(TEXTS)
    assert cache_file.read_bytes() == before


def test_an_interrupted_run_keeps_what_it_had(monkeypatch):
    real = module._encode
    monkeypatch.setattr(module, "_BATCH", 2)

    def interrupted(texts, model):
        yield next(real(texts, model))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(module, "_encode", interrupted)
        embed(TEXTS)
    seen = []
    monkeypatch.setattr(
        module, "_encode", lambda texts, *rest: seen.extend(texts) or real(texts, *rest)
    )
    embed(TEXTS)
    assert len(seen) == 2


def test_a_model_in_a_folder_is_known_by_its_weights(tmp_path):
    folder = tmp_path / "model"
    folder.symlink_to(module._folder(DEFAULT_MODEL))
    assert module._identity(str(folder)) == module._identity(DEFAULT_MODEL)
    assert np.allclose(embed(TEXTS, model=str(folder)), embed(TEXTS), atol=1e-6)


def test_a_model_of_the_hub_is_fetched(monkeypatch):
    asked = []
    monkeypatch.setattr(
        huggingface_hub,
        "snapshot_download",
        lambda name, **_: asked.append(name) or module._folder(DEFAULT_MODEL),
    )
    assert np.array_equal(embed(TEXTS, model="a-model"), embed(TEXTS))
    assert asked == ["sentence-transformers/a-model"]


def test_a_model_that_is_no_folder_is_named(monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(EmbeddingError, match="'no-such-model' is neither"):
        embed(TEXTS, model="no-such-model")


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(EmbeddingError, match="holds no model weights"):
        embed(TEXTS, model=str(tmp_path / "data"))


@pytest.mark.parametrize("function", [embed, vectors, track])
def test_texts_that_are_none_are_refused(function):
    with pytest.raises(ValueError, match="at least one"):
        function([])
    with pytest.raises(ValueError, match="text 1 is ' '"):
        function(["a", " "])
    with pytest.raises(ValueError, match="text 0 is nan"):
        function([float("nan")])


def test_tracked_texts_need_no_model(no_model, cache_file):
    expected = vectors(TEXTS)
    track(TEXTS)
    cache_file.unlink()
    no_model()
    assert np.array_equal(vectors(TEXTS[::-1]), expected[::-1])
    assert not cache_file.exists()


def test_tracking_changes_no_number():
    before = vectors(TEXTS)
    assert before.dtype == np.float32
    assert np.abs(before - embed(TEXTS)).max() < 2.5e-4
    track(TEXTS[:2])
    assert np.array_equal(vectors(TEXTS), before)


def test_the_tracked_file_depends_on_its_texts_alone(tmp_path):
    file, manifest = tmp_path / "data" / "embeddings.npy", tmp_path / "data" / "embeddings.json"
    track(TEXTS)
    before = file.read_bytes(), manifest.read_bytes()
    track([*TEXTS[::-1], TEXTS[1]])
    assert (file.read_bytes(), manifest.read_bytes()) == before
    described = json.loads(manifest.read_text())
    assert described["texts"] == 4 and described["dimensions"] == 384
    assert sorted(path.name for path in file.parent.iterdir()) == [
        "embeddings.json",
        "embeddings.npy",
    ]


@pytest.mark.parametrize("damage", ["truncate", "flip", "no file", "no manifest", "bad manifest"])
def test_a_damaged_tracked_file_is_one_clear_sentence(tmp_path, damage):
    track(TEXTS)
    file, manifest = tmp_path / "data" / "embeddings.npy", tmp_path / "data" / "embeddings.json"
    content = file.read_bytes()
    if damage == "truncate":
        file.write_bytes(content[:-100])
    elif damage == "flip":
        file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif damage == "no file":
        file.unlink()
    elif damage == "no manifest":
        manifest.unlink()
    else:
        manifest.write_text("[]")
    with pytest.raises(EmbeddingError, match="embeddings.*: restore both files") as caught:
        vectors(TEXTS)
    assert "\n" not in str(caught.value)


def test_vectors_of_another_model_are_not_mixed_in(tmp_path):
    track(TEXTS)
    manifest = tmp_path / "data" / "embeddings.json"
    described = json.loads(manifest.read_text())
    described["model_identity"] = "sha256:0000"
    manifest.write_text(json.dumps(described))
    assert vectors(TEXTS).shape == (4, 384)
    with pytest.raises(EmbeddingError, match="sha256:0000"):
        vectors(["A text that is not tracked."])


def test_vectors_that_are_given_are_used_and_no_others_beside_them(tmp_path, no_model):
    rng = np.random.default_rng(0)
    given = rng.normal(size=(4, 5)).astype(np.float16)
    give(TEXTS, given, "a model of another kind", tmp_path / "data")
    no_model()
    np.testing.assert_array_equal(vectors(TEXTS[::-1]), given[::-1].astype(np.float32))
    with pytest.raises(EmbeddingError, match="lacks 1 of the texts.*'A text.* code corpus"):
        vectors([*TEXTS, "A text that came later."])
