import csv
import json
import re
import string

import pytest

from defection_framing import figures, settings
from defection_framing.publish import captions, ledger, pages, run

WORDS = {
    "early": {"title": "Early?", "question": "When?", "caption": "First.", "alt": "Bars."},
    "voices": {
        "title": "Who speaks?",
        "question": "Whose voices?",
        "report": True,
        "caption": "Voices; none under {min_events}, {both} left out.",
        "alt": "Dots [two rows]\nwith intervals.",
    },
}
ENTRY = {
    "title": "Who speaks?",
    "question": "Whose voices?",
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
    for kind in ("report", "supplement"):
        (tmp_path / "figures" / kind / "tables").mkdir(parents=True)
    (tmp_path / "notebooks" / "supplement").mkdir(parents=True)
    (tmp_path / "README.md").write_text("<!-- findings:start -->\n<!-- findings:end -->\n")
    return tmp_path


def draw(root, **entries):
    for name in entries:
        for file in captions.files(name):
            file.write_text("x")
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
        "- [Who speaks?](#voices)",
        '<a href="#voices"><img src="report/voices.png" alt="Who speaks?" width="210"></a>',
        '<a id="voices"></a>\n\n### Who speaks?\n\nWhose voices?',
        "![Dots (two rows) with intervals.](report/voices.png)",
        "*Voices; none under 7, 4 left out.*",
        "10 articles on 4 events",
        "(../notebooks/supplement/4_camps.ipynb)",
        "`figures.forest.forest` in [figures/forest.py]",
        "/defection_framing/figures/forest.py)",
        "(report/voices.svg)",
        "(report/tables/voices.csv)",
    ):
        assert part in gallery(root)


def test_the_gallery_of_another_corpus_leads_to_no_file_outside_of_its_folder(root, monkeypatch):
    draw(root, voices=ENTRY)
    monkeypatch.setattr(settings, "is_own", lambda: True)
    pages.write_pages()
    assert "**Made by**: [4_camps](../notebooks/4_camps.ipynb), `figures.forest.forest`" in gallery(
        root
    )
    assert "/src/" not in gallery(root) and "In words" not in gallery(root)


def test_gallery_follows_the_words_whatever_the_order_of_the_register(root, monkeypatch):
    early = ENTRY | {"notebook": "1_corpus"}
    monkeypatch.setattr(
        captions, "load", lambda: {n: w | {"report": True} for n, w in WORDS.items()}
    )
    draw(root, voices=ENTRY, early=early)
    pages.write_pages()
    first = gallery(root)
    draw(root, early=early, voices=ENTRY)
    pages.write_pages()
    assert gallery(root) == first
    assert first.index("### Early?") < first.index("### Who speaks?")


def test_gallery_opens_with_the_report_and_folds_the_rest_by_notebook(root):
    notebook(root / "notebooks" / "1_corpus.ipynb")
    draw(root, voices=ENTRY, early=ENTRY | {"notebook": "1_corpus"})
    pages.write_pages()
    report, rest = gallery(root).split("\n## An old caption.\n")
    assert "## The report" in report and "### Who speaks?" in report and "<details>" not in report
    opened, closed = rest.index("<details>"), rest.index("</details>")
    assert opened < rest.index("### Early?") < closed


@pytest.mark.parametrize("file", ["voices.png", "voices.svg", "tables/voices.csv"])
def test_a_figure_without_its_files_is_named(root, file):
    draw(root, voices=ENTRY)
    (root / "figures/report" / file).unlink()
    lacking = f"voices.*figures/report/{file} does not exist"
    with pytest.raises(settings.DefectionError, match=lacking):
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
    link = "![Dots (two rows) with intervals.](../figures/report/voices.png)"
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
    with pytest.raises(settings.DefectionError, match="'voices' .* need 'both'"):
        pages.write_pages()
    assert captions.register_path().read_text() == before


def test_block_is_replaced_and_the_rest_kept(root):
    page = root / "README.md"
    page.write_text("# T\n\n<!-- x:start -->\nold\n<!-- x:end -->\nrest \\1\n")
    settings.write_block(page, "x", "new \\1\n\nlines\n")
    expected = "# T\n\n<!-- x:start -->\nnew \\1\n\nlines\n<!-- x:end -->\nrest \\1\n"
    assert page.read_text() == expected
    settings.write_block(page, "x", "new \\1\n\nlines\n")
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
    with pytest.raises(settings.DefectionError, match="README.md must contain") as caught:
        settings.write_block(page, "x", "new")
    assert "\n" not in str(caught.value)
    assert page.read_text() == text


def test_every_figure_has_title_question_caption_and_alt_text():
    for name, words in captions.load().items():
        texts = {part: words[part] for part in ("title", "question", "caption", "alt")}
        assert set(words) - {"holds", "report", "ours"} == texts.keys(), name
        assert all(text.strip() for text in texts.values()), name
        assert "{" not in words["question"], name
        parsed = string.Formatter().parse(words["caption"] + words["alt"])
        fields = {f.partition(".")[0] for _, f, _, _ in parsed if f is not None}
        estimates = {f for f in fields if not f.isidentifier()}
        assert estimates <= ledger.estimates().keys(), name


def test_every_column_of_a_figures_table_is_named_in_words():
    for name in captions.read_register():
        with captions.files(name)[2].open(encoding="utf-8", newline="") as file:
            columns = next(csv.reader(file))
        assert len(set(columns)) == len(columns), name
        for column in columns:
            assert re.search("[a-z]", column) and not re.search("_|Unnamed", column), (name, column)


def test_a_title_rests_on_estimates_of_its_own_notebook():
    # Those of another may not be there yet when the picture is drawn.
    notebook = ledger.read().set_index("name")["notebook"]
    for name, entry in captions.read_register().items():
        if entry["notebook"] not in run.READ_OTHERS:
            of = {notebook[estimate] for estimate in captions.claim(name).names()}
            assert of <= {entry["notebook"]}, name


def test_no_threshold_is_typed_into_a_caption():
    for name, words in captions.load().items():
        typed = re.findall(r"0\.667|\b0\.8\b|fewer than \w+ effective|under \d", words["caption"])
        assert [t for t in typed if "fewer than {" not in t] == [], name


def test_every_committed_figure_is_in_the_gallery_and_no_other():
    register, known = captions.read_register(), ledger.estimates()
    folder = settings.figures_dir()
    drawn = {path for kind in ("*.png", "*.svg", "*.csv") for path in folder.rglob(kind)}
    assert drawn == {file for name in register for file in captions.files(name)}
    assert register.keys() == captions.load().keys()
    shown = re.findall(r"^!\[.+\]\((.+\.png)\)$", (folder / "README.md").read_text(), re.M)
    in_order = sorted(captions.load().items(), key=lambda entry: not entry[1].get("report"))
    assert shown == [captions.picture(name) for name, _ in in_order]
    for name, entry in register.items():
        assert entry | captions.words(name, entry["fields"], known) == entry, name
        module, _, function = entry["drawn_by"].rpartition(".")
        assert getattr(figures, function).__module__ == f"defection_framing.{module}", name
        assert list((settings.ROOT / "notebooks").rglob(f"{entry['notebook']}.ipynb")), name
