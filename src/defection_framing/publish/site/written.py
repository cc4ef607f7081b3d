"""Pages of the site that no file of the repository holds, as Markdown, by their place on it.

The first page, the findings beside their estimates, what the explorer holds, the data dictionary
and the reference of the package.
"""

import json
import re
from urllib.parse import urlencode

import pandas as pd

from ... import corpus, domain, settings
from ...settings import DefectionError
from .. import findings, ledger
from ..execute import PACKAGE
from ..pages import heading

FOLDERS = {
    "corpus": "The coded tables",
    "text": "Masks and embeddings",
    "stats": "Statistics of any codes",
    "study": "The questions",
    "figures": "Drawing",
    "publish": "Estimates, findings, pages",
    "own": "Articles of your own",
    "people": "Sheets and human codes",
}
"""The package's folders, in the order of its imports, and what stands over each page."""

TREE = {
    "The study": {
        "": [
            "Report <notebooks/0_report>",
            "findings",
            "Figures <figures/README>",
            "Look claims up <look_up>",
        ],
        "notebooks/": ["1_corpus", "2_topics", "3_same_act", "4_camps", "5_what_survives"],
    },
    "For reviewers": {
        "": [
            "Plan <data/PLAN>",
            *(
                f"{name.replace('_', ' ').capitalize()} <notebooks/supplement/{name}>"
                for name in "methods measurement selection inference your_articles".split()
            ),
            "Topics beside other libraries <benchmarks/README>",
            "People's codes elsewhere <benchmarks/human_codes/README>",
        ]
    },
    "Data": {
        "": [
            "Datasheet <data/README>",
            "Data dictionary <data/dictionary>",
            "Codebook <data/CODEBOOK>",
            "Model card <data/model_card>",
        ]
    },
    "The package": {
        "": ["Guide <guide>", "Recipes <CONTRIBUTING>", "Changelog <CHANGELOG>"],
        "api/": list(FOLDERS),
    },
}
"""Contents of the site: part, folder, pages."""


PLACES = ("README.md", "guide.md", "findings.md", "look_up.md", "data/dictionary.md")
"""Places of the pages; the first stands for README.md, and is the site's first."""

REPORT = {"report.html": "one page to keep", "report.pdf": "PDF"}
"""Files of the report beside its figures, and what a link to them says."""


def pages(labels: set[str]) -> dict[str, str]:
    """All pages, by their place; `labels` are what they can point to."""
    texts = *_readme(), _findings(labels), _look_up(), _dictionary()
    return dict(zip(PLACES, texts, strict=True)) | _reference()


def _readme() -> tuple[str, str]:
    """The README: down to what was found the first page, with ways on; what follows the guide."""
    readme = (settings.ROOT / "README.md").read_text(encoding="utf-8")
    found, ends, guide = readme.partition("<!-- findings:end -->")
    if not ends:
        raise DefectionError("README.md has no line <!-- findings:end -->: put it back.")
    # What the README explains further down the guide does on the site.
    title, opening, *rest = found.replace("](#", "](/guide.md#").strip().split("\n\n")
    report = "figures/report/"
    files = [
        f"[{what}](/{report}{name})"
        for name, what in REPORT.items()
        if (settings.ROOT / report / name).exists()
    ]
    ways = [
        "**[Read the report](/notebooks/0_report.ipynb)**"
        + (f", also as {' and '.join(files)}" if files else ""),
        "**[Look claims up](/explorer.html)**, or [both tellings of a case](/look_up.md)",
        "[All figures](/figures/README.md)",
        "[The data](/data/README.md)",
        "[Check the codes](/guide.md#check-the-codes)",
    ]
    listed = "{.ways}\n" + "\n".join(f"- {way}" for way in ways)
    below = "\n\n".join(rest).replace("<!-- findings:start -->\n", "## What was found\n\n")
    below = re.sub(r"^- ", "{.found}\n- ", below, count=1, flags=re.M)
    first = "\n\n".join(
        [title, opening, listed, below, "Brackets hold 95% intervals.", _contents()]
    )
    return first, f"# Guide\n{guide}"


def _contents() -> str:
    """The tree of pages. The first page shows it: without JavaScript it is a phone's menu."""
    parts = ["## All pages"]
    for caption, folders in TREE.items():
        lines = [f"{folder}{page}" for folder, names in folders.items() for page in names]
        head = ["```{toctree}", f":caption: {caption}", ":maxdepth: 1", ""]
        parts.append("\n".join([*head, *lines, "```"]))
    return "\n\n".join(parts) + "\n"


def links(finding: findings.Finding, labels: set[str]) -> str:
    """Links from a finding's sentence to its figure, its estimates and the cell that says it."""
    targets = {
        "figure": f"figure-{finding.figure}",
        "estimates": f"estimates-{finding.name}",
        "notebook": f"said-{finding.name}",
    }
    named = [f"[{what}](#{label})" for what, label in targets.items() if label in labels]
    return f"({', '.join(named)})" if named else ""


def _findings(labels: set[str]) -> str:
    """Every finding with the estimates that it rests on and the conditions that keep it true."""
    known, table = ledger.estimates(), ledger.read().set_index("name")
    parts = [
        "# Findings and their estimates",
        "Every sentence of finding, by the notebook that says it. Its numbers are those of the "
        "estimates below it, and it stands only while its conditions hold. Brackets hold 95% "
        f"intervals. All {len(table):,} estimates are in "
        "[estimates.csv](/data/derived/estimates.csv).",
    ]
    said = list(ledger.written())
    for path in settings.notebook_sources():
        here = [(f, text) for f, text, _ in said if f.notebook == path.stem]
        if here:
            parts.append(f"## {heading(path)}")
        for finding, text in here:
            label = f"finding-{finding.name}"
            named = [n for n in finding.names() if n in known]
            cells = [[f"`{n}`", *_cells(known[n], table["source"][n])] for n in named]
            columns = ["estimate", "value [95% interval]", "n", "p", "q", "made by"]
            rows = pd.DataFrame(cells, columns=columns)
            rows = rows.loc[:, (rows != "").any()]
            lines = [rows.columns, ["---"] * len(rows.columns), *rows.to_numpy()]
            parts += [
                f"({label})=",
                f"{text} {links(finding, labels)}",
                "<details><summary>Estimates and conditions</summary>",
                f"(estimates-{finding.name})=",
                "\n".join(f"| {' | '.join(line)} |" for line in lines),
                "True while " + "; ".join(f"`{c}`" for c in finding.holds) + ".",
                "</details>",
            ]
    return "\n\n".join(parts) + "\n"


def _cells(e: ledger.Estimate, source: object) -> list[str]:
    """An estimate as it is recorded, and the function that made it."""
    interval = "" if e.low != e.low else f" [{e.low:.4g} to {e.high:.4g}]"
    of = {"articles": e.n_articles, "events": e.n_events}
    n = " on ".join(f"{k:,.0f} {what}" for what, k in of.items() if k == k)
    made = f"{{py:obj}}`~{PACKAGE.name}.{source}`" if isinstance(source, str) else ""
    return [f"{e.value:.4g}{interval}", n, ledger.probability(e.p), ledger.probability(e.q), made]


def _look_up() -> str:
    """What the explorer holds, with links into it: all that can be read without its script."""
    articles = corpus.load(settings.ROOT / "data").article_table()
    cells = [
        _explored(f"{camp} outlets on crossings {domain.label(d)}", camp=camp, direction=d)
        for camp in domain.TOWARD
        for d in domain.TOWARD.values()
    ]
    lines = [["case", *(f"{camp} outlets" for camp in domain.TOWARD)], ["---"] * 3]
    for event, told in sorted(
        articles[articles["shared"]].groupby("event"), key=lambda case: (-len(case[1]), case[0])
    ):
        own = [told.loc[told["camp"] == camp, "portrayal"] for camp in domain.TOWARD]
        shares = [f"traitor in {(p == 'traitor').sum()} of {len(p)}" for p in own]
        lines.append([_explored(domain.label(str(event)), case=event), *shares])
    return "\n\n".join(
        [
            "# Look claims up",
            "The **[explorer](/explorer.html)** is one page that works without a connection, and "
            "can be kept as a file: a map of all claims, search, filters, the articles' "
            "addresses, shares of whatever is selected beside those of the corpus, a table to take "
            "away. Its button *Wrong code?* says how to correct a record. To begin with:",
            "\n".join(f"- {cell}" for cell in cells),
            "## One act, two tellings",
            "Cases that outlets of both camps told, most told first, and in how many of the "
            "articles each camp portrays a traitor. A case leads to both tellings, side by side. "
            "Counts of what was found, not of how common it is.",
            "\n".join(f"| {' | '.join(line)} |" for line in lines),
        ]
    )


def _explored(words: str, **state: object) -> str:
    """A link to a state of the explorer."""
    return f"[{words}](/explorer.html#{urlencode(state)})"


def _dictionary() -> str:
    """Tables and columns of the corpus, from its descriptor."""
    package = json.loads((settings.ROOT / "data" / "datapackage.json").read_text("utf-8"))
    parts = [
        "# Data dictionary",
        f"Version {package['version']}, from [datapackage.json](/data/datapackage.json). "
        f"{package['description']}",
    ]
    for resource in package["resources"]:
        path, schema = resource["path"], resource.get("schema", {})
        title = f"{resource['title']} ([file](/data/{path}))."
        parts += [f"## {path}", f"{title} {resource['description']}"]
        keys = [f"Key: {_names(schema['primaryKey'])}"] if "primaryKey" in schema else []
        for key in schema.get("foreignKeys", []):
            there = key["reference"]
            table = f"of `{there['resource'] or resource['name']}`"
            keys.append(f"{_names(key['fields'])} is {_names(there['fields'])} {table}")
        parts += [f"{'; '.join(keys)}."] if keys else []
        parts.append("\n".join(map(_column, schema.get("fields", []))))
    return "\n\n".join(parts) + "\n"


def _column(field: dict) -> str:
    """One column: a list reads on a phone, a table of long cells does not."""
    limits = field.get("constraints", {})
    empty = "" if limits.get("required") else ", may be empty"
    codes = f" Values: {_names(limits['enum'])}." if "enum" in limits else ""
    return f"- **`{field['name']}`** ({field['type']}{empty}): {field['description']}{codes}"


def _names(fields: str | list[str]) -> str:
    return ", ".join(f"`{f}`" for f in ([fields] if isinstance(fields, str) else fields))


def _reference() -> dict[str, str]:
    """Pages of the package's docstrings, one for each folder."""
    pages = {}
    for folder, title in FOLDERS.items():
        parts = [f"{folder}: {title}\n{'=' * 80}"]
        for path in sorted((PACKAGE / folder).glob("*.py")):
            name = f"{folder}.{path.stem}".removesuffix(".__init__")
            if name != folder:
                parts.append(f"{name}\n{'-' * 80}")
            parts.append(f".. automodule:: {PACKAGE.name}.{name}")
        pages[f"api/{folder}.rst"] = "\n\n".join(parts) + "\n"
    return pages
