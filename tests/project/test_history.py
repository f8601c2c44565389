"""What the book says of the repository's history, which a clone of the newest commit alone does not have."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from mnemonics_lib.paths import RECORDS, ROOT


def git(*arguments: str) -> str:
    """What git says of the project; a test that asks what this clone does not have is skipped."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def test_the_question_that_was_asked_in_advance_has_not_changed_since():
    page = (ROOT / "book" / "evidence.py").read_text(encoding="utf-8")
    (commit,) = re.findall(r"has not changed since commit (\w+), and every record", page)
    git("cat-file", "-e", commit)
    study = "book/studies/evidence/primary.yaml"
    assert git("show", f"{commit}:{study}") == (ROOT / study).read_text(encoding="utf-8")
    named = {
        json.loads(path.read_text(encoding="utf-8"))["code"]["commit"]
        for path in (RECORDS / "evidence" / "primary").rglob("*.json")
    }
    assert named
    for each in sorted(named):
        git("cat-file", "-e", each)
        assert git("merge-base", commit, each).strip().startswith(commit), f"{each} does not come after {commit}"


def test_records_of_the_first_time_are_those_of_their_commit():
    found = json.loads((RECORDS / "first_time.json").read_text(encoding="utf-8"))
    for place, first in found.items():
        git("cat-file", "-e", first["commit"])
        for arm, by_seed in first["average_accuracy"].items():
            for seed, value in by_seed.items():
                record = git("show", f"{first['commit']}:book/records/{place}/{arm}/seed-{seed}.json")
                assert json.loads(record)["average_accuracy"] == value, f"{place}/{arm}/seed-{seed}"


def test_every_commit_that_a_record_names_is_in_the_history():
    (newest,) = git("rev-parse", "HEAD").split()
    git("cat-file", "-e", f"{newest}~10")  # else this is a clone of the newest commits alone
    named: dict[str, str] = {}
    for path in RECORDS.rglob("seed-*.json"):
        commit = json.loads(path.read_text(encoding="utf-8"))["code"]["commit"]
        named.setdefault(commit, path.relative_to(RECORDS).as_posix())
    known = subprocess.run(
        ["git", "cat-file", "--batch-check"], cwd=ROOT, capture_output=True, text=True, input="\n".join(named)
    ).stdout.splitlines()
    assert [
        path for line, path in zip(known, named.values(), strict=True) if not line.endswith(tuple("0123456789"))
    ] == []
