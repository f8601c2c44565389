"""What notebooks ask their run to keep is what the one that draws asks for, or it would be made again there."""

from __future__ import annotations

import re

from mnemonics_lib.config import RunConfig
from mnemonics_lib.config.keep import Keep
from mnemonics_lib.edition.drawn_from import drawn_from
from mnemonics_lib.paths import ROOT


def test_it_is_what_chapter_5_writes_out():
    source = (ROOT / "notebooks" / "05_visualizations.py").read_text()
    (asked,) = re.findall(r"^keep = (Keep\(.*?\))", source, re.MULTILINE)
    for config in (RunConfig(), RunConfig(phases=1)):
        assert eval(asked, {"Keep": Keep, "early": 0, "late": config.phases}) == drawn_from(config)


def test_a_run_without_exemplars_keeps_nothing():
    assert drawn_from(RunConfig(exemplars="none", finetune=False)) is None
