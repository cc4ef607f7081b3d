"""The site: the repository's pages, notebooks and figures as one folder of linked HTML.

`build` writes sources for Sphinx into `build/site-source`: the repository's pages with links that
lead from page to page, and pages that no file holds, the findings beside their estimates, the
data dictionary and the reference of the package. Sphinx makes `build/site` of them. Nothing is run.
"""

from .build import build

__all__ = ["build"]
