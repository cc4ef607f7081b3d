import json
import re

import pytest

from defection_framing import ledger, report, settings

ENTRY = {
    "title": "Who speaks?",
    "caption": "Voices by direction.",
    "alt": "Dots [two rows]\nwith intervals.",
    "n": "10 articles on 4 events",
    "notebook": "4_outlets",
}


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "ROOT", tmp_path)
    monkeypatch.delenv("DEFECTION_DATA", raising=False)
    (tmp_path / "figures" / "tables").mkdir(parents=True)
    return tmp_path


def draw(root, **entries):
    for name in entries:
        for file in (f"{name}.png", f"{name}.svg", f"tables/{name}.csv"):
            (root / "figures" / file).write_text("x")
    (root / "figures" / "figures.json").write_text(json.dumps(entries))


def test_gallery_shows_each_figure_with_all_that_belongs_to_it(root):
    draw(root, voices=ENTRY)
    report.write_figures_readme()
    text = (root / "figures" / "README.md").read_text()
    for part in (
        "## Who speaks?",
        "![Dots (two rows) with intervals.](voices.png)",
        "Voices by direction.",
        "10 articles on 4 events",
        "(../notebooks/4_outlets.ipynb)",
        "(voices.svg)",
        "(tables/voices.csv)",
    ):
        assert part in text


def test_gallery_follows_the_notebooks_whatever_the_order_of_the_register(root):
    early = ENTRY | {"title": "Early", "notebook": "1_corpus"}
    draw(root, a=ENTRY, z=early)
    report.write_figures_readme()
    first = (root / "figures" / "README.md").read_text()
    draw(root, z=early, a=ENTRY)
    report.write_figures_readme()
    assert (root / "figures" / "README.md").read_text() == first
    assert first.index("Early") < first.index("Who speaks?")


@pytest.mark.parametrize("file", ["voices.png", "voices.svg", "tables/voices.csv"])
def test_a_figure_without_its_files_is_named(root, file):
    draw(root, voices=ENTRY)
    (root / "figures" / file).unlink()
    with pytest.raises(report.ReportError, match=f"voices.*figures/{file} does not exist"):
        report.write_figures_readme()


def test_block_is_replaced_and_the_rest_kept(root):
    page = root / "README.md"
    page.write_text("# T\n\n<!-- x:start -->\nold\n<!-- x:end -->\nrest \\1\n")
    report.update_readme_block(page, "x", "new \\1\n\nlines\n")
    expected = "# T\n\n<!-- x:start -->\nnew \\1\n\nlines\n<!-- x:end -->\nrest \\1\n"
    assert page.read_text() == expected
    report.update_readme_block(page, "x", "new \\1\n\nlines\n")
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
    with pytest.raises(report.ReportError, match="README.md must contain") as caught:
        report.update_readme_block(page, "x", "new")
    assert "\n" not in str(caught.value)
    assert page.read_text() == text


def test_findings_go_into_the_readme(root, monkeypatch):
    monkeypatch.setattr(ledger, "headlines", lambda: ["- one", "- two"])
    page = root / "README.md"
    page.write_text("<!-- findings:start -->\n<!-- findings:end -->\n")
    report.write_readme()
    assert page.read_text() == "<!-- findings:start -->\n- one\n- two\n<!-- findings:end -->\n"


def test_every_committed_figure_is_in_the_gallery_and_no_other():
    figures = report.read_figures()
    folder = settings.figures_dir()
    drawn = {path.stem for kind in ("*.png", "*.svg", "tables/*.csv") for path in folder.glob(kind)}
    assert drawn == figures.keys()
    shown = re.findall(r"^!\[.+\]\((.+)\.png\)$", (folder / "README.md").read_text(), re.M)
    assert sorted(shown) == sorted(figures)
    for name, entry in figures.items():
        assert all(entry[field] for field in ("title", "caption", "alt", "n", "notebook")), name
        assert (settings.ROOT / "notebooks" / f"{entry['notebook']}.ipynb").exists(), name
