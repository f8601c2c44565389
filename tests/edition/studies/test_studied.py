"""A study as pages read it: its plan, records and comparisons are those of its name, and pairs those that are asked."""

import pytest

from mnemonics_lib.config import ConfigError
from mnemonics_lib.edition import report
from mnemonics_lib.edition.studies import outcome
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.edition.studies.studied import studied
from mnemonics_lib.edition.studies.study import study_files


def test_all_of_a_study_is_that_of_its_name():
    found, of = studied("evidence/transfer"), plan(*study_files("evidence/transfer"))
    assert found.plan.path == of.path
    assert found.records == report.evidence("evidence", "transfer")
    assert found.compared == outcome.comparisons(of)


def test_it_is_missing_something_where_a_run_is_not_there(monkeypatch):
    found = studied("evidence/transfer")
    assert not found.missing
    monkeypatch.setattr(type(found.plan), "missing", found.plan.runs[:1])
    assert found.missing


def test_pairs_are_those_whose_arms_are_asked_for():
    found = studied("evidence/transfer")
    trained = found.pairs("-trained$", "-herding$")
    assert [pair.name for pair in trained] == ["LwF", "LUCIR"]
    assert [pair.first for pair in trained] == [
        {seed: found.records[f"{method}-trained"][seed] for seed in pair.asked.differences}
        for method, pair in zip(("lwf", "lucir"), trained, strict=True)
    ]
    assert len(found.pairs()) > len(trained)
    assert not found.pairs("no such arm")


def test_a_folder_of_several_is_not_one():
    with pytest.raises(ConfigError, match="must be one study"):
        studied("evidence")
