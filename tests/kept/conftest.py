"""A run that keeps something, and the same one that keeps nothing: made once for all tests of what is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnemonics_lib import runs
from mnemonics_lib.config import RunConfig, parse_config
from mnemonics_lib.durable.records import Record
from mnemonics_lib.kept import Keep

KEEP = Keep(classes=2, points=6, steps=4)


def kept(record: Path) -> Path:
    """What was kept beside a record."""
    return record.with_name(runs.KEPT)


@pytest.fixture(scope="session")
def config(tiny_values) -> RunConfig:
    """Digits, N = 1, with a few outer steps in each phase and old exemplars adjusted."""
    level = {**tiny_values["exemplar_level"], "epochs": 3, "beta": 0.1}
    return parse_config({**tiny_values, "exemplar_level": level, "adjust": 2, "phases": 1})


@pytest.fixture(scope="session")
def plain(config, tmp_path_factory) -> tuple[Record, Path]:
    """The run that keeps nothing."""
    return runs.run(config, tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="session")
def whole(config, tmp_path_factory) -> tuple[Record, Path]:
    """The run that keeps all, in one go."""
    return runs.run(config, tmp_path_factory.mktemp("whole"), keep=KEEP)
