import numpy as np
import pytest
from scipy.special import softmax

from defection_framing.own import coders, frames, kernels, lowrank, multilingual

REWARD = [
    "The {} pilot was promised money for his helicopter.",
    "A {} gunner was paid a reward and got a flat.",
    "The {} soldier received dollars for the tank that he brought.",
    "Half a million was offered to the {} airman for his aircraft.",
]
TREASON = [
    "A court sentenced the {} officer for high treason.",
    "Prosecutors charged the {} sailor with betraying his oath.",
    "The {} deserter stands trial as a traitor.",
    "A judge gave the {} captain twenty years for treason.",
]


def test_the_kept_frames_are_of_the_data_and_code_that_are_here():
    held = np.load(frames._KEPT)
    assert str(held["version"]) == frames.version(), "run `defection-framing code card`"
    assert frames._KEPT.stat().st_size < 2_000_000


def test_calibrated_probabilities_are_as_sure_as_they_are_right():
    rng = np.random.default_rng(0)
    score = rng.uniform(0, 1, (4000, 3))
    true = softmax(4 * score + 0.3 * np.log(np.maximum(score, 0.01)), axis=1)
    code = (true.cumsum(1) < rng.random((4000, 1))).sum(1)
    p = kernels.calibrated(score, kernels.calibration(score, code))
    assert np.abs(p - true).mean() < 0.02


def test_each_claim_is_in_one_batch_of_like_lengths():
    lengths = list(np.random.default_rng(1).integers(5, 60, 1000))
    batches = frames._batches(lengths, np.random.default_rng(2))
    assert sorted(i for batch in batches for i in batch) == list(range(1000))
    spread = [np.ptp(np.array(lengths)[batch]) for batch in batches]
    assert np.mean(spread) < 10


@pytest.mark.slow
def test_without_updates_the_encoder_is_as_it_was():
    texts = ["A pilot left.", "Der Pilot lief über und blieb dort."]
    tokenizer, model = multilingual.load()
    none = {}
    for name, linear in lowrank._linear(model.encoder.layer[frames.Adapted.below :]):
        none[f"{name}.a"] = np.ones((2, linear.in_features))
        none[f"{name}.b"] = np.zeros((linear.out_features, 2))
    _, states, real = multilingual.states(texts, tokenizer, model)
    means = (states * real[..., None]).sum(1) / real.sum(1)[:, None]
    lower = lowrank.parted(frames.Adapted.below)[:2]
    read = frames.Adapted(none).vectors(frames._below(texts, *lower))
    for one, two in zip(read, means.numpy(), strict=True):
        assert np.corrcoef(one, two)[0, 1] > 0.9999


@pytest.mark.slow
def test_claims_of_one_frame_come_near_each_other_whichever_side_is_named(monkeypatch):
    monkeypatch.setattr(frames, "_EPOCHS", 20)
    sides = "Russian", "Ukrainian"
    below = frames.below([text.format(side) for text in REWARD + TREASON for side in sides])
    given, learnt = np.repeat(np.eye(2), 8, axis=0), np.array([0, 1, 2, 3, 8, 9, 10, 11])
    vectors = frames.vectors(below, given, learnt)
    assert np.abs(vectors[0::2] - vectors[1::2]).max() < 0.01  # both are read with the same side
    centred = vectors - vectors[learnt].mean(0)
    near = centred @ centred[learnt].T
    assert (near[4:8, :4].mean(1) > near[4:8, 4:].mean(1)).all()
    assert (near[12:, 4:].mean(1) > near[12:, :4].mean(1)).all()


@pytest.mark.slow
def test_a_claim_is_read_alike_in_any_order():
    texts = [text.format("Russian") for text in REWARD]
    adapted, _ = frames.kept()
    one, other = adapted.seen(texts), adapted.seen(texts[::-1])
    assert one.vectors.shape == (4, 384)
    assert np.abs(one.vectors - other.vectors[::-1]).max() < 1e-5


@pytest.mark.slow
def test_frames_are_told_in_other_languages():
    texts = {
        "reward": "За вертолёт лётчику обещали полмиллиона долларов.",
        "treason": "Суд засудив офіцера за державну зраду.",
        "mistreatment": "Die Kommandeure ließen die Soldaten hungern und schlugen sie.",
    }
    model = coders.train()["frame"]
    p = model.proba(frames.kept()[0].seen(texts.values()))
    assert list(model.classes[p.argmax(1)]) == list(texts)
