"""The site: the repository's pages, notebooks and figures as one folder of linked HTML.

`build` writes sources for Sphinx into `build/site-source`: the repository's pages with links that
lead from page to page, and pages that no file holds, the findings beside their estimates and the
data dictionary. Sphinx makes `build/site` of them, with the reference of the package. Nothing is
run.
"""

from .build import build

__all__ = ["build"]
