import json
import re
import string

import pytest

from defection_framing import figures, settings
from defection_framing.publish import captions, ledger, pages

WORDS = {
    "early": {"title": "Early?", "caption": "First.", "alt": "Bars."},
    "voices": {
        "title": "Who speaks?",
        "caption": "Voices; none under {min_events}, {both} left out.",
        "alt": "Dots [two rows]\nwith intervals.",
    },
}
ENTRY = {
    "title": "Who speaks?",
    "caption": "An old caption.",
    "alt": "Old words.",
    "fields": {"both": 4},
    "n": "10 articles on 4 events",
    "notebook": "4_camps",
    "drawn_by": "figures.forest.forest",
}


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "ROOT", tmp_path)
    monkeypatch.setattr(captions, "load", lambda: WORDS)
    monkeypatch.setattr(ledger, "headlines", lambda: ["- one", "- two"])
    monkeypatch.delenv("DEFECTION_DATA", raising=False)
    (tmp_path / "figures" / "tables").mkdir(parents=True)
    (tmp_path / "notebooks" / "supplement").mkdir(parents=True)
    (tmp_path / "README.md").write_text("<!-- findings:start -->\n<!-- findings:end -->\n")
    return tmp_path


def draw(root, **entries):
    for name in entries:
        for file in (f"{name}.png", f"{name}.svg", f"tables/{name}.csv"):
            (root / "figures" / file).write_text("x")
    (root / "figures" / "figures.json").write_text(json.dumps(entries))


def notebook(path, *texts, alt="Old words."):
    picture = {
        "output_type": "display_data",
        "data": {"image/png": "abc", "text/plain": ["<Image>"]},
        "metadata": {"figure": "voices", "image/png": {"alt": alt}},
    }
    words = [
        {
            "output_type": "display_data",
            "data": {"text/markdown": [t]},
            "metadata": {"figure": "voices"},
        }
        for t in texts
    ]
    other = {"output_type": "display_data", "data": {"text/markdown": ["kept"]}, "metadata": {}}
    cells = [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["An old caption."]},
        {"cell_type": "code", "id": "b", "metadata": {}, "source": ["show()"], "execution_count": 1,
         "outputs": [picture, *words, other]},
    ]  # fmt: skip
    content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def outputs(path):
    return json.loads(path.read_text())["cells"][1]["outputs"]


def gallery(root):
    return (root / "figures" / "README.md").read_text()


def test_gallery_shows_each_figure_with_all_that_belongs_to_it(root):
    draw(root, voices=ENTRY)
    notebook(root / "notebooks" / "supplement" / "4_camps.ipynb")
    pages.write_pages()
    for part in (
        "- [`voices`](#voices): Who speaks?",
        '<a id="voices"></a>\n\n## Who speaks?',
        "![Dots (two rows) with intervals.](voices.png)",
        "*Voices; none under 7, 4 left out.*",
        "10 articles on 4 events",
        "(../notebooks/supplement/4_camps.ipynb)",
        "[`figures.forest.forest`]",
        "/defection_framing/figures/forest.py)",
        "(voices.svg)",
        "(tables/voices.csv)",
    ):
        assert part in gallery(root)


def test_gallery_follows_the_words_whatever_the_order_of_the_register(root):
    early = ENTRY | {"notebook": "1_corpus"}
    draw(root, voices=ENTRY, early=early)
    pages.write_pages()
    first = gallery(root)
    draw(root, early=early, voices=ENTRY)
    pages.write_pages()
    assert gallery(root) == first
    assert first.index("## Early?") < first.index("## Who speaks?")


@pytest.mark.parametrize("file", ["voices.png", "voices.svg", "tables/voices.csv"])
def test_a_figure_without_its_files_is_named(root, file):
    draw(root, voices=ENTRY)
    (root / "figures" / file).unlink()
    with pytest.raises(pages.ReportError, match=f"voices.*figures/{file} does not exist"):
        pages.write_pages()


def test_changed_words_reach_notebooks_gallery_register_and_readme_without_a_run(root):
    draw(root, voices=ENTRY)
    path = root / "notebooks" / "4_camps.ipynb"
    old = "*An old caption.* n: 10 articles on 4 events."
    notebook(path, old, "![Old words.](../figures/voices.png)\n\n*An old caption.*")
    assert pages.write_pages() == []
    picture, below, linked, other = outputs(path)
    new = "*Voices; none under 7, 4 left out.*"
    assert below["data"]["text/markdown"] == [f"{new} n: 10 articles on 4 events."]
    link = "![Dots (two rows) with intervals.](../figures/voices.png)"
    assert linked["data"]["text/markdown"] == [f"{link}\n", "\n", new]
    assert picture["metadata"]["image/png"]["alt"] == "Dots [two rows] with intervals."
    assert picture["data"]["image/png"] == "abc"
    assert other["data"]["text/markdown"] == ["kept"]
    assert new in gallery(root)
    assert captions.read_register()["voices"]["caption"] == new.strip("*")
    assert "- one\n- two" in (root / "README.md").read_text()


def test_where_no_words_changed_no_notebook_is_written(root):
    draw(root, voices=ENTRY)
    path = root / "notebooks" / "supplement" / "4_camps.ipynb"
    notebook(path, "*An old caption.* n: 10 articles on 4 events.")
    pages.write_pages()
    before = path.stat().st_mtime_ns, gallery(root)
    pages.write_pages()
    assert (path.stat().st_mtime_ns, gallery(root)) == before


def test_a_new_title_is_reported_until_it_is_drawn(root):
    draw(root, voices=ENTRY | {"title": "An old title"})
    for _ in range(2):
        assert pages.write_pages() == ["voices"]
    assert "## Who speaks?" in gallery(root)


def test_a_field_that_was_not_given_is_named_and_nothing_written(root):
    draw(root, voices=ENTRY | {"fields": {}})
    before = captions.register_path().read_text()
    with pytest.raises(captions.CaptionError, match="'voices' .* need 'both'"):
        pages.write_pages()
    assert captions.register_path().read_text() == before


def test_block_is_replaced_and_the_rest_kept(root):
    page = root / "README.md"
    page.write_text("# T\n\n<!-- x:start -->\nold\n<!-- x:end -->\nrest \\1\n")
    pages.update_readme_block(page, "x", "new \\1\n\nlines\n")
    expected = "# T\n\n<!-- x:start -->\nnew \\1\n\nlines\n<!-- x:end -->\nrest \\1\n"
    assert page.read_text() == expected
    pages.update_readme_block(page, "x", "new \\1\n\nlines\n")
    assert page.read_text() == expected


@pytest.mark.parametrize(
    "text",
    [
        "nothing",
        "<!-- x:start -->",
        "<!-- x:end -->\n<!-- x:start -->",
        "<!-- x:start --><!-- x:end --><!-- x:start --><!-- x:end -->",
    ],
)
def test_missing_or_muddled_markers_are_said_and_the_page_kept(root, text):
    page = root / "README.md"
    page.write_text(text)
    with pytest.raises(pages.ReportError, match="README.md must contain") as caught:
        pages.update_readme_block(page, "x", "new")
    assert "\n" not in str(caught.value)
    assert page.read_text() == text


def test_every_figure_has_title_caption_and_alt_text():
    for name, words in captions.load().items():
        assert set(words) == {"title", "caption", "alt"}, name
        assert all(text.strip() for text in words.values()), name
        fields = [f for text in words.values() for _, f, _, _ in string.Formatter().parse(text)]
        assert all(f is None or f.isidentifier() for f in fields), name


def test_no_threshold_is_typed_into_a_caption():
    for name, words in captions.load().items():
        typed = re.findall(r"0\.667|\b0\.8\b|fewer than \w+ effective|under \d", words["caption"])
        assert [t for t in typed if "fewer than {" not in t] == [], name


def test_every_committed_figure_is_in_the_gallery_and_no_other():
    register = captions.read_register()
    folder = settings.figures_dir()
    drawn = {path.stem for kind in ("*.png", "*.svg", "tables/*.csv") for path in folder.glob(kind)}
    assert drawn == register.keys() == captions.load().keys()
    shown = re.findall(r"^!\[.+\]\((.+)\.png\)$", (folder / "README.md").read_text(), re.M)
    assert shown == list(captions.load())
    for name, entry in register.items():
        assert entry | captions.words(name, entry["fields"]) == entry, name
        module, _, function = entry["drawn_by"].rpartition(".")
        assert getattr(figures, function).__module__ == f"defection_framing.{module}", name
        assert list((settings.ROOT / "notebooks").rglob(f"{entry['notebook']}.ipynb")), name
