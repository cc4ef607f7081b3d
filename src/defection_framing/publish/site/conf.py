"""How Sphinx builds the site; `build` calls it."""

project = html_title = "Toward us, away from us"
author = "the defection-framing contributors"
copyright = "the defection-framing contributors; text, figures and data CC BY 4.0, code MIT"

extensions = ["myst_nb", "sphinx.ext.autodoc", "numpydoc"]
nb_execution_mode = "off"
nb_render_markdown_format = "myst"
nb_code_prompt_show = "Code"
nb_code_prompt_hide = "Hide the code"
myst_heading_anchors = 4
myst_enable_extensions = ["attrs_block"]
suppress_warnings = ["toc.not_included"]

default_role = "py:obj"
numpydoc_show_class_members = False
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "none"
autodoc_preserve_defaults = True
add_module_names = False
toc_object_entries = False

html_theme = "sphinx_book_theme"
html_theme_options = {
    "announcement": "No person has checked the codes: a language model gave them. "
    "The articles are a purposive sample.",
    "home_page_in_toc": True,
    "navbar_persistent": [],
    "show_toc_level": 2,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
# Written into the pages, so that they have colours where no script sets them.
html_context = {"default_mode": "light"}
html_static_path = ["static"]
html_css_files = ["site.css"]
# Asks for pages, which a browser refuses where they come from a folder; the search needs none.
html_show_search_summary = False
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_domain_indices = False

_BETTER = {
    "<table ": '<table tabindex="0" ',  # one scrolls it by keyboard, too
    "<th></th>": "<td></td>",
    ' aria-label="Toggle hidden content"': "",  # the button says itself what it shows
}


def setup(app):
    """Have each page mended, as it is written, where keyboard and screen reader would stumble."""
    app.connect("html-page-context", _mended)


def _mended(app, pagename, templatename, context, doctree):
    for found, better in _BETTER.items() if doctree else ():
        context["body"] = context["body"].replace(found, better)
