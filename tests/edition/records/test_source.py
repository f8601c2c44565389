"""Whether two records were made by the same source."""

from __future__ import annotations

from mnemonics_lib.durable.provenance import Identity
from mnemonics_lib.durable.records import read_record
from mnemonics_lib.edition.records.source import same_source
from mnemonics_lib.paths import RECORDS


def test_two_records_are_of_one_source_when_both_say_the_same():
    made = read_record(RECORDS / "quick" / "digits-n5" / "herding" / "seed-0.json")
    code = made.code.model_copy(update={"source": "r"})
    old = made.model_copy(update={"identity": None, "code": code})  # as records were before they had an identity
    new = old.model_copy(update={"identity": Identity(config="c", data="d", source="s")})
    newer = old.model_copy(update={"identity": Identity(config="e", data="f", source="s")})
    other = old.model_copy(update={"identity": Identity(config="c", data="d", source="t")})
    older = old.model_copy(update={"code": old.code.model_copy(update={"source": "s"})})
    silent = old.model_copy(update={"code": old.code.model_copy(update={"source": None})})
    assert same_source(old, old)
    assert same_source(new, newer)  # of another configuration and other data
    assert not same_source(new, other)
    assert not same_source(old, older)
    assert not same_source(silent, silent)
    assert not same_source(other, silent)
