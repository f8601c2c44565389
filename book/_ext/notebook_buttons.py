"""Under the title of a chapter that is a notebook: where to run it without installing anything.

The theme's own buttons would name the executed notebook, which no repository has. These name the one in ``notebooks``.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

RUN_BY = {
    "Colab": "https://colab.research.google.com/github/{repository}/blob/{branch}/{notebook}",
    "Binder": "https://mybinder.org/v2/gh/{repository}/{branch}?urlpath=lab/tree/{notebook}",
}
"""Name of a service -> the address under which it opens a notebook of a repository."""

DEPTH = 4
"""Parts of the name of a notebook's page: executed/quick/digits-n5/01_preliminaries."""

AGAIN = "shown"
"""Where chapters lie that are run again on other data: a button would open the notebook as it is, with its defaults."""


def addresses(page: str, url: str, branch: str) -> dict[str, str]:
    """Service -> address; none for a page that is no chapter of the notebooks.

    Args:
        page: the name of the page.
        url: of the repository, on GitHub.
        branch: of it.
    """
    parts = PurePosixPath(page).parts
    if len(parts) != DEPTH or parts[1] == AGAIN:
        return {}
    repository = url.removeprefix("https://github.com/")
    named = {"repository": repository, "branch": branch, "notebook": f"notebooks/{parts[-1]}.ipynb"}
    return {service: pattern.format(**named) for service, pattern in RUN_BY.items()}


def add_buttons(app: Sphinx, doctree: nodes.document) -> None:
    """Put the buttons under the title of one page."""
    theme = app.config.html_theme_options
    found = addresses(app.env.docname, theme["repository_url"], theme["repository_branch"])
    title = next(iter(doctree.findall(nodes.title)), None)
    if found and title:
        row = nodes.paragraph("", "Run this notebook on ", classes=["run-by"])
        for service, address in found.items():
            row += [nodes.reference("", service, refuri=address), nodes.Text(" or ")]
        row[-1] = nodes.Text(", with nothing to install (once the repository is public).")
        title.parent.insert(title.parent.index(title) + 1, row)


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("doctree-read", add_buttons)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
