"""What own and people need: they import on every system, and people without the crawler."""

import subprocess
import sys

import pytest

OWN = "coders coding event_sheet events extract families fetch folder formats"
OWN += " ingest journal markup model_card outlets package pagedates readings sources wording"
PEOPLE = "correct human sheets"
CRAWLER = "charset_normalizer datasketch dateparser ftfy httpx protego py3langid"
CRAWLER += (
    " sentencex trafilatura bibtexparser feedparser pypdf python_calamine rispy striprtf warcio"
)


def imported(names, package, without):
    lines = ["import sys", *(f"sys.modules[{name!r}] = None" for name in without)]
    lines += [f"import defection_framing.{package}.{name}" for name in names]
    done = subprocess.run([sys.executable, "-c", "; ".join(lines)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_own_imports_where_there_is_no_fcntl():
    # filelock itself asks for it, and does without.
    imported(OWN.split(), "own", ["fcntl"])


@pytest.mark.slow
def test_people_need_no_fcntl_no_crawler_and_no_larger_encoder():
    imported(PEOPLE.split(), "people", ["fcntl", *CRAWLER.split(), "transformers"])
