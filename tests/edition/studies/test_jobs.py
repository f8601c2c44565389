"""What makes the missing records of studies: each run once, phase 0 before the runs that share it."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from mnemonics_lib.config import write_yaml
from mnemonics_lib.data.dataset import load_dataset
from mnemonics_lib.data.folder import look_at
from mnemonics_lib.durable.provenance import Identity, data_digest
from mnemonics_lib.durable.records import write_record
from mnemonics_lib.durable.shared import phase_zero_keys
from mnemonics_lib.edition.studies import jobs as module
from mnemonics_lib.edition.studies.jobs import CopiesError, GpusError, gpus_of_a_job, jobs, whether_copied
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.kept import Keep, Kept
from mnemonics_lib.kept.file import write_kept
from mnemonics_lib.kept.keeper import Keeper
from mnemonics_lib.runs import source_of
from tests.made_records import made

BASE = {"title": "t", "params": "quick/digits-n5", "seeds": 1, "arms": {"herding": {"set": {"exemplars": "herding"}}}}
BOTH = {"herding": {"set": {"exemplars": "herding"}}, "trained": {"set": {"exemplars": "mnemonics"}}}


@pytest.fixture
def planned(tmp_path):
    def make(name="own", **changes):
        path = tmp_path / f"{name}.yaml"
        path.write_text(write_yaml(BASE | changes))
        return plan(path)

    return make


@pytest.fixture
def todo(tmp_path):
    """The jobs of some plans, where records are looked for in a folder of the test's own."""
    return lambda *plans: jobs(plans, ["--quiet"], tmp_path / "records", tmp_path / "stamps")


def test_a_run_alone_is_one_job(planned, todo):
    found = planned()
    (job,) = todo(found)
    (run,) = found.runs
    assert job.command == ["-m", "mnemonics_lib", "run", *run.arguments, "--quiet", "--copy", str(run.record)]
    assert (job.output, job.outputs, job.needs, job.stamps) == (run.record, [run.record], [], False)


def test_what_is_there_is_not_made_again(planned, todo):
    found = planned(seeds=2)
    found.runs[0].record.parent.mkdir(parents=True)
    found.runs[0].record.touch()
    assert [job.run.seed for job in todo(found)] == [1]


def test_phase_0_comes_before_the_runs_that_share_it_and_is_made_by_one_that_trains_no_exemplars(planned, todo):
    phase_0, *rest = todo(planned(arms={"trained": BOTH["trained"], "herding": BOTH["herding"]}))
    assert phase_0.stamps
    assert phase_0.run.arm == "herding"
    assert phase_0.command[-2:] == ["--stop-after", "0"]
    assert "--copy" not in phase_0.command
    assert [(job.run.arm, job.needs) for job in rest] == [(arm, [phase_0.output]) for arm in ("trained", "herding")]


def test_e_0_is_shared_by_the_runs_that_train_it_alike_after_theta_0(planned, todo):
    arms = {**BOTH, "again": {"set": {"exemplars": "mnemonics", "finetune": False}}}
    theta, e, *rest = todo(planned(arms=arms))
    assert (theta.run.arm, theta.needs) == ("herding", [])
    assert (e.run.arm, e.needs) == ("trained", [theta.output])
    assert {job.run.arm: job.needs for job in rest} == {
        "herding": [theta.output],
        "trained": [e.output],
        "again": [e.output],
    }


ALSO_SEEN = {"phases": [0], "points": 10, "embedding": False}  # the same snapshots as by the defaults, and less else


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        (None, None, True),
        (None, {"phases": [-1]}, True),  # E_0 is not looked at
        (None, {"phases": [1], "classes": 2}, True),
        (None, {"exemplars": False}, True),
        (None, {}, False),
        ({"phases": [-1]}, {"phases": [0]}, False),
        ({"phases": [1], "classes": 2}, {"phases": [-1], "steps": 4}, True),
        ({}, ALSO_SEEN, True),
        ({}, {"images": 1}, False),
    ],
)
def test_e_0_is_shared_by_the_runs_that_see_the_same_of_its_training(planned, todo, tmp_path, one, other, shared):
    arms = {
        "one": {"set": {"exemplars": "mnemonics"}, **({} if one is None else {"keep": one})},
        "other": {"set": {"exemplars": "mnemonics", "finetune": False}, **({} if other is None else {"keep": other})},
    }
    found = planned(arms=arms)
    theta, *rest = (job for job in todo(found) if job.stamps)
    assert theta.output.name.startswith("model-")
    assert [job.output.name.partition("-")[0] for job in rest] == ["exemplars"] * shared
    keys = []  # of the runs themselves
    for run in found.runs:
        experiment, identity = Experiment.of(run.config), Identity(config="c", data="d", source="s")
        keeper = None if run.keep is None else Keeper(experiment, identity, run.keep, tmp_path / "kept.safetensors")
        seen = None if keeper is None else keeper.seen_in_phase_0
        keys.append(phase_zero_keys(experiment, seen)["phase 0: exemplars"])
    assert (keys[0] == keys[1]) == shared


@pytest.mark.parametrize(
    "change",
    [
        {"seeds": [1]},
        {"set": {"exemplars": "herding", "network.width": 4}},
        {"set": {"exemplars": "herding", "first_share": 0.2, "phases": 8}},
    ],
)
def test_runs_of_another_seed_network_or_of_other_classes_share_nothing(planned, todo, change):
    found = todo(planned(arms={**BOTH, "herding": {**BOTH["herding"], **change}}))
    assert not any(job.stamps for job in found)


def test_the_same_run_in_two_arms_or_two_studies_is_made_once(planned, todo):
    one, other = planned(arms={**BOTH, "twin": BOTH["herding"]}), planned("other")
    found = {(job.run.study.rpartition("/")[2], job.run.arm): job for job in todo(one, other) if not job.stamps}
    original = one.runs[0].record
    for twin in (("own", "twin"), ("other", "herding")):
        job = found[twin]
        copied = ["-m", "mnemonics_lib.edition.studies.copy_record", str(original), str(job.run.record)]
        assert (job.command, job.needs, job.is_copy) == (copied, [original], True)
    assert not found["own", "herding"].is_copy


def test_nothing_that_is_there_is_copied_where_that_is_said(planned, tmp_path):
    one, other = planned(arms={**BOTH, "twin": BOTH["herding"]}), planned("other")
    run, records = one.runs[0], tmp_path / "records"
    record = made(0, source=source_of(run.config)).model_copy(update={"config_digest": run.config.digest})
    write_record(records / "a" / "b" / "c" / "seed-0.json", record)
    of = {
        copied: [job.is_copy for job in jobs([one, other], [], records, tmp_path / "stamps", copied=copied)]
        for copied in (True, False)
    }
    assert of[True].count(True) == 3  # of herding, of its twin, and of the other study
    assert of[False].count(True) == of[True].count(True) - 1  # one is made, and what equals it copied from it


@pytest.mark.parametrize(
    ("given", "copied"), [(None, True), ("yes", True), ("no", False), (True, True), (False, False)]
)
def test_copies_are_made_unless_it_is_said(given, copied):
    assert whether_copied(given) == copied


@pytest.mark.parametrize("given", ["", "never", 0, 1, "NO"])
def test_another_word_for_copies_is_refused(given):
    with pytest.raises(CopiesError, match=f"^copies = {given!r}: must be yes or no$"):
        whether_copied(given)


def test_a_record_of_the_present_source_is_copied_and_one_of_another_is_made_again(planned, todo, tmp_path):
    (run,) = planned().runs
    elsewhere = tmp_path / "records" / "a" / "b" / "c" / "seed-0.json"
    for source, copied in ((source_of(run.config), True), ("a" * 64, False)):
        record = made(0, source=source)
        write_record(elsewhere, record.model_copy(update={"config_digest": run.config.digest}))
        (job,) = todo(planned())
        assert job.is_copy == copied
        assert job.needs == ([elsewhere] if copied else [])


def squares(root):
    """A folder of two classes of pictures, light and dark."""
    for part in ("train", "val"):
        for name, level in (("dark", 20), ("light", 220)):
            (root / part / name).mkdir(parents=True)
            for k in range(6):
                Image.fromarray(np.full((8, 8), level + k, dtype=np.uint8)).save(root / part / name / f"{k}.png")
    return root


def test_a_record_of_a_folder_whose_pictures_changed_is_made_again(planned, todo, tmp_path):
    folder = look_at(squares(tmp_path / "squares"), size=8)
    changes = {"dataset": "folder", "folder": folder.model_dump(), "phases": 1, "exemplars": "herding"}
    (run,) = planned(set=changes).runs
    data = data_digest(load_dataset("folder", torch.device("cpu"), 0, folder))
    record = made(0, source=source_of(run.config))
    assert record.identity
    identity = record.identity.model_copy(update={"data": data})
    elsewhere = tmp_path / "records" / "a" / "b" / "c" / "seed-0.json"
    write_record(elsewhere, record.model_copy(update={"config_digest": run.config.digest, "identity": identity}))
    assert todo(planned(set=changes))[0].is_copy
    picture = tmp_path / "squares" / "train" / "dark" / "0.png"
    was = picture.read_bytes()
    Image.fromarray(np.full((8, 8), 99, dtype=np.uint8)).save(picture)
    assert not todo(planned(set=changes))[0].is_copy
    picture.write_bytes(was)
    assert todo(planned(set=changes))[0].is_copy
    picture.unlink()  # a class is smaller than declared, of which the run will tell
    assert not todo(planned(set=changes))[0].is_copy


def test_a_plan_reads_no_data_but_a_folder_of_which_a_record_might_be_copied(planned, todo, tmp_path, monkeypatch):
    folder = look_at(squares(tmp_path / "squares"), size=8)
    pictures = {"dataset": "folder", "folder": folder.model_dump(), "phases": 1, "exemplars": "herding"}
    (run,), on_folder = planned().runs, planned("pictures", set=pictures)
    elsewhere = tmp_path / "records" / "a" / "b" / "c" / "seed-0.json"
    record = made(0, source=source_of(run.config)).model_copy(update={"config_digest": run.config.digest})
    write_record(elsewhere, record)

    def read(*_):
        raise AssertionError("a data set is read")

    monkeypatch.setattr(module, "load_dataset", read)
    assert [job.is_copy for job in todo(planned(), on_folder)] == [False, True]  # the folder has no record yet
    record = made(0, source="a" * 64).model_copy(update={"config_digest": on_folder.runs[0].config.digest})
    write_record(elsewhere, record)  # of another source, whatever the pictures
    assert not any(job.is_copy for job in todo(planned(), on_folder))


def test_what_is_kept_is_an_output_too_and_a_record_without_it_is_no_substitute(planned, todo):
    keeping = {**BOTH["herding"], "keep": {"classes": 2}}
    found = planned(arms={"herding": BOTH["herding"], "keeping": keeping, "twin": keeping})
    of_arm = {job.run.arm: job for job in todo(found) if not job.stamps}
    assert [of_arm[arm].is_copy for arm in ("herding", "keeping", "twin")] == [True, False, True]
    record = of_arm["keeping"].run.record
    assert of_arm["keeping"].outputs == [record, record.with_suffix(".safetensors")]
    assert of_arm["keeping"].command[-5:] == ["--keep", "classes=2", "--quiet", "--copy", str(record)]
    assert of_arm["herding"].needs == [record]  # and not what is kept beside it, which it does not ask for
    assert of_arm["twin"].needs == [record.with_suffix(".safetensors"), record]
    other = planned("other", arms={"a": {**keeping, "keep": {"classes": 3}}})
    (job,) = (job for job in todo(found, other) if job.run.study == other.name and not job.stamps)
    assert not job.is_copy
    assert job.needs[-2:] == [record, record.with_suffix(".safetensors")]  # after, since it is made in the same folder


def test_a_record_elsewhere_is_copied_with_what_is_kept_beside_it_if_that_is_what_is_asked_for(planned, todo, tmp_path):
    found = planned(arms={"keeping": {**BOTH["herding"], "keep": {"classes": 2}}})
    (run,) = found.runs
    record = made(0, source=source_of(run.config)).model_copy(update={"config_digest": run.config.digest})
    elsewhere = tmp_path / "records" / "a" / "b" / "c" / "seed-0.json"
    kept = elsewhere.with_suffix(".safetensors")
    assert record.identity
    write_record(elsewhere, record)
    assert not todo(found)[0].is_copy  # nothing is kept beside it
    another = Identity(config="another", data="d", source="s")
    for keep, identity, copied in (
        (Keep(classes=3), record.identity, False),
        (run.keep, another, False),
        (run.keep, record.identity, True),
    ):
        write_kept(kept, Kept(identity, keep))
        (job,) = todo(found)
        assert job.is_copy == copied
    assert job.needs == [kept, elsewhere]


@pytest.mark.parametrize("accuracy", [80.0, 81.0], ids=["equal", "otherwise"])
def test_what_is_kept_elsewhere_goes_beside_a_record_that_came_out_the_same_alone(planned, todo, tmp_path, accuracy):
    """On another machine a run of the same identity may come out otherwise."""
    found = planned(arms={"keeping": {**BOTH["herding"], "keep": {"classes": 2}}})
    (run,) = found.runs
    digest = {"config_digest": run.config.digest}
    record = made(0, source=source_of(run.config)).model_copy(update=digest)
    elsewhere = tmp_path / "records" / "a" / "b" / "c" / "seed-0.json"
    kept = elsewhere.with_suffix(".safetensors")
    write_record(elsewhere, record)
    assert record.identity
    write_kept(kept, Kept(record.identity, run.keep))
    write_record(run.record, made(0, accuracy, source=source_of(run.config)).model_copy(update=digest))
    (job,) = todo(found)
    assert job.is_copy == (accuracy == 80.0)
    if job.is_copy:
        assert job.command[-2:] == [str(kept), str(run.files[1])]
        assert (job.needs, job.outputs) == ([kept], [run.files[1]])
    else:
        assert job.command[-2:] == ["--copy", str(run.record)]  # which says what is to be done


def test_what_is_made_for_one_arm_is_not_put_beside_another_s_record_before_it_is_known_to_fit(planned, todo):
    keeping = {**BOTH["herding"], "keep": {"classes": 2}}
    found = planned(arms={"one": keeping, "twin": keeping})
    one, twin = found.runs
    records = [made(0, accuracy, source=source_of(one.config)) for accuracy in (80.0, 80.0, 81.0)]
    write_record(twin.record, records[0])
    first, second = (job for job in todo(found) if not job.stamps)  # of the first there is no record yet
    assert (first.is_copy, second.is_copy) == (False, False)
    assert second.needs[-2:] == one.files  # after, since it is made in the same folder
    for record, copies in ((records[1], True), (records[2], False)):
        write_record(one.record, record)
        assert [job.is_copy for job in todo(found) if not job.stamps] == [False, copies]


def test_a_copied_record_brings_what_is_kept_beside_it_whatever_lies_there(planned, todo):
    keeping = {**BOTH["herding"], "keep": {"classes": 2}}
    found = planned(arms={"one": keeping, "twin": keeping})
    stale = found.runs[1].files[1]
    stale.parent.mkdir(parents=True)
    stale.write_bytes(b"of a record that was deleted")
    _, copy = todo(found)
    assert copy.is_copy
    assert str(stale) in copy.command


def test_names_are_words_and_the_same_whenever_asked(planned, todo):
    names = [job.name for job in todo(planned(seeds=3, arms=BOTH))]
    assert names == [job.name for job in todo(planned(seeds=3, arms=BOTH))]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)


def test_a_damaged_record_is_no_substitute(planned, todo, tmp_path):
    (run,) = planned().runs
    elsewhere = tmp_path / "records" / "a" / "b" / "c" / "seed-0.json"
    record = made(0, source=source_of(run.config)).model_copy(update={"config_digest": run.config.digest})
    write_record(elsewhere, record)
    assert todo(planned())[0].is_copy
    elsewhere.write_text(elsewhere.read_text().replace('"average_accuracy": 80.0', '"average_accuracy": 99.0'))
    assert not todo(planned())[0].is_copy


def test_what_is_there_is_no_output_so_that_it_cannot_be_lost(planned, todo):
    found = planned(arms={"keeping": {**BOTH["herding"], "keep": {"classes": 2}}})
    (run,) = found.runs
    run.record.parent.mkdir(parents=True)
    run.record.touch()
    (job,) = todo(found)
    assert job.outputs == [run.record.with_suffix(".safetensors")]


def test_arms_whose_names_differ_in_a_sign_have_jobs_of_their_own(planned, todo):
    herding = {**BOTH["herding"]}
    found = todo(planned(arms={"x-1": herding, "x_1": {"set": {"exemplars": "herding", "budget": 1}}}))
    assert len({job.name for job in found}) == len(found) == 3


def test_a_copy_is_of_pairs_of_files_and_needs_no_torch(tmp_path):
    for suffix in (".json", ".safetensors"):
        (tmp_path / f"from{suffix}").write_bytes(suffix.encode())
    pairs = [str(tmp_path / name) for name in ("from.safetensors", "a/to.safetensors", "from.json", "a/to.json")]
    subprocess.run([sys.executable, "-m", "mnemonics_lib.edition.studies.copy_record", *pairs], check=True)
    assert {path.name: path.read_text() for path in (tmp_path / "a").iterdir()} == {
        "to.json": ".json",
        "to.safetensors": ".safetensors",
    }
    script = "import sys, mnemonics_lib.edition.studies.copy_record; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_several_processes_of_a_run_are_started_by_torchrun_for_phase_0_too(planned, tmp_path):
    found = planned(arms=BOTH)
    todo = jobs([found], ["--device", "cuda"], tmp_path / "records", tmp_path / "stamps", processes=4)
    assert len(todo) == 3
    torchrun = ["-m", "mnemonics_lib.device.torchrun", "--standalone", "--nproc-per-node=4"]
    for job in todo:
        assert job.command[:7] == [*torchrun, "-m", "mnemonics_lib", "run"]


@pytest.mark.parametrize(
    ("given", "device", "expected"),
    [(None, "cpu", 0), (None, "cuda", 1), (None, "cuda:1", 1), ("4", "cuda", 4), (4, "cuda", 4), (1, "cuda:1", 1)],
)
def test_a_run_has_the_gpus_that_were_asked_for(given, device, expected):
    assert gpus_of_a_job(given, device) == expected


@pytest.mark.parametrize(
    ("given", "device", "said"),
    [
        ("many", "cuda", "gpus = 'many': must be a whole number from 1 on"),
        (0, "cuda", "gpus = 0: must be a whole number from 1 on"),
        (2, "cpu", "gpus = 2: must go with device = cuda, not cpu"),
        (2, "cuda:1", "gpus = 2: must go with device = cuda, not cuda:1"),
    ],
)
def test_gpus_that_no_run_can_have_are_refused(given, device, said):
    with pytest.raises(GpusError, match=f"^{re.escape(said)}$"):
        gpus_of_a_job(given, device)
