"""What a text of the project links to is there, and what leads elsewhere is an address."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from tests import links

ROOT = Path(__file__).parents[2]


def test_every_link_inside_the_project_leads_to_a_file():
    found = [(path, target) for path, text in links.texts().items() for target in links.inside(path, text)]
    assert {Path("README.md"), Path("CONTRIBUTING.md"), Path("notebooks/01_preliminaries.py")} <= {p for p, _ in found}
    assert not [(str(path), str(target)) for path, target in found if not (ROOT / target).exists()]


def test_a_link_that_leads_nowhere_would_be_seen():
    text = "[a](gone.md), [b](<x y.md>), [c](https://example.org/a), [d](there.md#part), [e](#here)"
    assert list(links.inside(Path("book/page.md"), text)) == [Path("book/gone.md"), Path("book/there.md")]
    made = links.inside(Path("book/page.py"), "[a](quick/digits-n5/01_gone.ipynb#part)")
    assert list(made) == [Path("params/quick/digits-n5.yaml"), Path("notebooks/01_gone.ipynb")]


def test_every_address_elsewhere_has_a_host_and_is_fetched_safely():
    found = links.elsewhere()
    assert "https://github.com/yaoyao-liu/class-incremental-learning" in found
    for address in found:
        parts = urlsplit(address)
        assert parts.scheme == "https", address
        assert "." in parts.netloc, address
        assert parts.netloc == parts.netloc.lower().strip("."), address


def test_they_are_written_as_a_page(tmp_path):
    links.main(tmp_path / "links")
    page = (tmp_path / "links" / "index.md").read_text()
    assert "- <https://github.com/yaoyao-liu/class-incremental-learning>: book/references.bib\n" in page
