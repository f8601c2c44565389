"""What the book says of the repository's history, which a clone of the newest commit alone does not have."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from mnemonics_lib.paths import RECORDS, ROOT


def git(*arguments: str) -> str:
    """What git says of the project.

    Raises:
        AssertionError: for what it refuses.
    """
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    assert not done.returncode, f"git {' '.join(arguments)}: {done.stderr.strip()}"
    return done.stdout


@pytest.fixture(autouse=True)
def whole_history() -> None:
    """Skips where there is no repository, or only its newest commits."""
    asked = ["git", "rev-parse", "--is-shallow-repository"]
    if subprocess.run(asked, cwd=ROOT, capture_output=True, text=True).stdout.strip() != "false":
        pytest.skip("no repository with its whole history")


def is_before(commit: str, other: str) -> bool:
    """Whether a commit is another one, or one before it."""
    return not subprocess.run(["git", "merge-base", "--is-ancestor", commit, other], cwd=ROOT).returncode


def commits_of(study: str) -> set[str]:
    """What the records of a study were made with."""
    paths = (RECORDS / study).rglob("*.json")
    return {json.loads(path.read_text(encoding="utf-8"))["code"]["commit"] for path in paths}


def test_the_question_that_was_asked_in_advance_has_not_changed_since():
    page = (ROOT / "book" / "evidence.py").read_text(encoding="utf-8")
    (commit,) = re.findall(r"has not changed since commit (\w+), and every record", page)
    assert_asked_in_advance("evidence/primary", commit)


def test_the_second_one_was_committed_before_its_runs_were_made():
    study = "book/studies/evidence/objective.yaml"
    last_changed = git("log", "-1", "--format=%H", "--", study).strip()
    assert_asked_in_advance("evidence/objective", last_changed)


def assert_asked_in_advance(study: str, commit: str) -> None:
    """That a study's file is what it was at a commit, and each of its records was made with that or a later one."""
    file = f"book/studies/{study}.yaml"
    assert git("show", f"{commit}:{file}") == (ROOT / file).read_text(encoding="utf-8")
    assert commits_of(study)
    for each in sorted(commits_of(study)):
        assert is_before(commit, each), f"{each} does not come after {commit}"


def test_records_of_the_first_time_are_those_of_their_commit():
    found = json.loads((RECORDS / "first_time.json").read_text(encoding="utf-8"))
    for place, first in ((place, first) for place, replaced in found.items() for first in replaced):
        assert is_before(first["commit"], "HEAD")
        for arm, by_seed in first["average_accuracy"].items():
            for seed, value in by_seed.items():
                record = git("show", f"{first['commit']}:book/records/{place}/{arm}/seed-{seed}.json")
                assert json.loads(record)["average_accuracy"] == value, f"{place}/{arm}/seed-{seed}"


def test_every_commit_that_a_record_names_is_in_the_history():
    named: dict[str, str] = {}
    for path in RECORDS.rglob("seed-*.json"):
        commit = json.loads(path.read_text(encoding="utf-8"))["code"]["commit"]
        named.setdefault(commit, path.relative_to(RECORDS).as_posix())
    assert {path for commit, path in named.items() if not is_before(commit, "HEAD")} == set()


def test_scripts_of_measurements_are_in_the_history():
    named = set()
    for path in RECORDS.glob("*.json"):
        found = json.loads(path.read_text(encoding="utf-8"))
        rows = [row for of in found.values() if isinstance(of, list) for row in of if isinstance(row, dict)]
        for each in (found, *rows):
            named.update(str(each["script"]).split(", ") if "script" in each else [])
    assert named
    for each in named:
        assert git("show", each), each
