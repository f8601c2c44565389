"""The book on plain Sphinx: what Jupyter Book 1 makes of ``_config.yml``, in the terms of Sphinx.

Jupyter Book 1 is no longer developed, so this way out is kept open: ``make fallback`` builds the same sources with
current versions of Sphinx, myst-nb and the theme, without Jupyter Book. To leave it, this file moves to ``book``.
"""

import sys
from pathlib import Path

import yaml

BOOK = Path(__file__).resolve().parents[1]
STATIC = BOOK / "_static"
CONFIG = yaml.safe_load((BOOK / "_config.yml").read_text(encoding="utf-8"))
SPHINX = CONFIG["sphinx"]

sys.path += sorted(
    {str(BOOK / folder) for folder in SPHINX["local_extensions"].values()}
)

project = html_title = CONFIG["title"]
author = CONFIG["author"]
copyright = CONFIG["copyright"]
extensions = [
    *(
        "myst_nb",
        "sphinx_book_theme",
        "sphinx_copybutton",
        "sphinx_design",
        "sphinx_external_toc",
    ),
    *(
        "sphinx_multitoc_numbering",
        "sphinx_togglebutton",
        "sphinxcontrib.bibtex",
    ),
    *(SPHINX["extra_extensions"] + list(SPHINX["local_extensions"])),
]
numfig = True
bibtex_bibfiles = [str(BOOK / file) for file in CONFIG["bibtex_bibfiles"]]
external_toc_exclude_missing = CONFIG["only_build_toc_files"]
nb_execution_mode = CONFIG["execute"]["execute_notebooks"]
myst_enable_extensions = CONFIG["parse"]["myst_enable_extensions"]

html_theme = "sphinx_book_theme"
html_theme_options = {
    "repository_url": CONFIG["repository"]["url"],
    "repository_branch": CONFIG["repository"]["branch"],
    "home_page_in_toc": CONFIG["html"]["home_page_in_navbar"],
    # Without the bar on top, which has a second search box.
    **{
        f"navbar_{place}": []
        for place in ("start", "center", "end", "persistent")
    },
}
html_logo = str(BOOK / CONFIG["logo"])
html_favicon = str(BOOK / CONFIG["html"]["favicon"])
html_static_path = [str(STATIC)]
html_css_files = sorted(
    path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*.css")
)
html_js_files = sorted(
    path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*.js")
)

globals().update(SPHINX["config"])
templates_path = [
    str(BOOK / folder) for folder in SPHINX["config"]["templates_path"]
]  # else seen from here
