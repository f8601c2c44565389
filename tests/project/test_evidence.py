"""The committed records are those that evidence.yaml asks for, made by what it says."""

from pathlib import Path

import pytest

from mnemonics_lib.config import load_config, parse_config
from mnemonics_lib.durable.records import read_record
from mnemonics_lib.edition.evidence import check_plan, read_plan
from mnemonics_lib.paths import PARAMS, RECORDS

PLAN = read_plan()
WANTED = {
    RECORDS / profile / name / called / f"seed-{seed}.json": (
        PARAMS / profile / f"{name}.yaml",
        arm.settings(seed),
        arm.preset,
    )
    for profile, grid in PLAN.items()
    for name, arms in grid.items()
    for called, arm in arms.items()
    for seed in range(arm.seeds)
}


@pytest.mark.parametrize("profile", PLAN)
def test_every_arm_is_a_configuration(profile):
    check_plan(PLAN, profile)


def test_no_record_is_missing_and_none_is_left_over():
    assert set(RECORDS.glob("*/*/*/*.json")) == set(WANTED)


@pytest.mark.parametrize("path", sorted(WANTED), ids=lambda path: "-".join(path.parts[-3:]))
def test_a_record_was_made_by_its_arm_and_by_committed_code(path: Path):
    record = read_record(path)
    config = load_config(*WANTED[path])
    made = parse_config(record.config)
    assert made.in_effect() == config.in_effect(), "the arm or its parameter file changed: delete it, `make evidence`"
    if record.config == made.model_dump():  # a record older than a field has the digest of its time
        assert record.config_digest == made.digest
    assert record.recipe == config.recipe
    assert record.code.commit
    assert not record.code.dirty


def test_the_arm_named_after_the_paper_has_its_numbers():
    named = [path for path in WANTED if path.parent.name.startswith("mnemonics-paper")]
    assert named
    assert all(read_record(path).recipe == "paper" for path in named)


def test_every_comparison_on_the_embedded_data_has_enough_seeds_for_an_interval():
    assert all(arm.seeds >= 3 for arms in PLAN["quick"].values() for arm in arms.values())
