"""Names of files that the batch engine can work on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path


def unusable(paths: Iterable[Path]) -> str | None:
    """What is wrong with the names of files that the batch engine is to work on; None where nothing is.

    Spaces, quotes and all else that a shell reads are quoted. Braces are not: Snakemake takes them for a wildcard, also
    in the name of a file that is there. A line break would end a line of its logs.
    """
    wrong = [path for path in paths if re.search(r"[{}\x00-\x1f\x7f]", str(path))]
    return "\n".join(f"{str(path)!r}: a name must not have braces or control characters" for path in wrong) or None
