import pickle

import pytest

from defection_framing import settings


class Gone:
    """A class that what was cached is of."""


def test_what_is_cached_is_made_again_where_the_key_or_the_code_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "ROOT", tmp_path)
    assert settings.cached("a", b"key", lambda: 1) == settings.cached("a", b"key", lambda: 2) == 1
    assert settings.cached("a", b"other", lambda: 3) == 3
    settings.cached("b", b"key", Gone)
    with monkeypatch.context() as gone:
        gone.delitem(globals(), "Gone")
        assert settings.cached("b", b"key", lambda: 4) == 4
    (tmp_path / ".cache/b.pickle").write_bytes(pickle.dumps(b"key"))  # cut off
    assert settings.cached("b", b"key", lambda: 5) == 5


def test_a_file_that_cannot_be_put_in_its_place_leaves_nothing(tmp_path):
    (tmp_path / "page.html").mkdir()
    with pytest.raises(OSError):
        settings.write_text(tmp_path / "page.html", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
