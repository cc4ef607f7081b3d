from defection_framing import corpus
from defection_framing.study import reliability


def test_every_code_of_the_second_coder_is_compared():
    table = reliability.table(corpus.load())
    codes = ["main frame", "direction", "portrayal", "stance", "origin", "motives"]
    assert list(table.index) == codes
    assert (table["low"] <= table["alpha"]).all() and (table["alpha"] <= table["high"]).all()
