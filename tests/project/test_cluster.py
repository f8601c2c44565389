"""A study on a cluster: the commands that the SLURM profile makes, taken by stand-ins for SLURM's own programs."""

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mnemonics_lib.config import read_yaml, write_yaml
from mnemonics_lib.durable.records import read_record

ROOT = Path(__file__).parents[2]
PROFILE = ROOT / "params" / "cluster" / "slurm"

SBATCH = """#!{python}
import json, os, subprocess, sys, time
home = {home!r}
number = str(time.time_ns())
script = sys.stdin.read()
environment = {{**os.environ, "SLURM_JOB_ID": number, "SLURM_JOBID": number, "SLURM_CPUS_PER_TASK": "1"}}
done = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, text=True)
with open(os.path.join(home, number), "w") as file:
    noted = {{"arguments": sys.argv[1:], "script": script, "status": done.returncode, "said": done.stderr}}
    json.dump(noted, file)
print(number)
"""
"""Runs a job while it is submitted, and notes what it was asked."""

SACCT = """#!{python}
import json, os
home = {home!r}
for number in os.listdir(home):
    with open(os.path.join(home, number)) as file:
        print(number + "|" + ("FAILED" if json.load(file)["status"] else "COMPLETED"))
"""

SRUN = '#!/bin/sh\nwhile [ $# -gt 0 ] && [ "$1" != sh ]; do shift; done\nexec "$@"\n'
"""Its options are for the cluster; what follows them is run here."""

STUDY = {
    "title": "Two arms",
    "params": "quick/digits-n5",
    "seeds": 1,
    "set": {"training.epochs": 1, "training.milestones": [], "finetune": False, "phases": 1},
    "arms": {"herding": {"set": {"exemplars": "herding"}}, "random": {"set": {"exemplars": "random"}}},
    "compare": [{"arm": "herding", "minus": "random"}],
}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A project in which a study was made on a cluster of stand-ins: its folder, what was said, and the jobs."""
    return made_on_a_cluster(tmp_path_factory.mktemp("cluster"))


def made_on_a_cluster(root, *settings, sbatch=SBATCH, options=""):
    """The same with settings of make, a stand-in for ``sbatch`` and options of Snakemake."""
    project, programs, jobs = root / "it's the project", root / "bin", root / "jobs"
    for folder in (project, programs, jobs):
        folder.mkdir()
    for name in ("Makefile", "Snakefile", "pyproject.toml"):
        shutil.copy(ROOT / name, project / name)
    for name in ("mnemonics_lib", "params"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    (project / "book" / "records").mkdir(parents=True)
    study = project / "mine" / "two.yaml"
    study.parent.mkdir()
    study.write_text(write_yaml(STUDY))
    for name, text in {"sbatch": sbatch, "sacct": SACCT, "srun": SRUN, "sinfo": "#!/bin/sh\necho main*\n"}.items():
        (programs / name).write_text(
            text if text.startswith("#!/bin") else text.format(python=sys.executable, home=str(jobs))
        )
        (programs / name).chmod(0o755)
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    command = ["make", f"PYTHON={sys.executable}", "JOBS=2", "study", "STUDY=mine/two.yaml", "CLUSTER=slurm", *settings]
    quick = "--slurm-no-account --slurm-init-seconds-before-status-checks 1 --seconds-between-status-checks 1"
    command.append(f"SNAKEMAKE_OPTIONS={quick} {options}")
    made = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    noted = sorted(jobs.iterdir(), key=lambda path: int(path.name))
    return project, made, [json.loads(path.read_text()) for path in noted]


def test_every_run_and_the_phase_0_that_they_share_is_a_job_of_its_own(cluster):
    _, made, jobs = cluster
    assert made.returncode == 0, made.stderr
    targets = [re.findall(r"--target-jobs '(\S+):'", job["script"])[0] for job in jobs]
    assert targets[0].startswith("build_studies_phase_0_model_")
    assert [target.rpartition("_")[0] for target in sorted(targets[1:])] == [
        "mine_two_herding_seed_0_json",
        "mine_two_random_seed_0_json",
    ]
    assert [job["status"] for job in jobs] == [0, 0, 0], jobs


def test_it_asks_for_what_the_rule_says(cluster):
    _, _, jobs = cluster
    for job in jobs:
        asked = dict(itertools.pairwise(job["arguments"]))
        assert (asked["-t"], asked["--mem"]) == ("240", "4000")
        assert {"--ntasks=1", "--cpus-per-task=1"} <= set(job["arguments"])
        assert not any("gpu" in word or "gres" in word for word in job["arguments"])
        assert "'study=mine/two.yaml' 'minutes=230'" in job["script"]  # the node makes the same plan


def test_a_run_on_several_gpus_asks_for_them_on_one_machine_with_a_core_for_each(tmp_path):
    """No job is run, since no GPU is here."""
    not_run = SBATCH.replace('"-c", script]', '"-c", "exit 1"]')
    _, made, jobs = made_on_a_cluster(
        tmp_path, "DEVICE=cuda", "GPUS=3", sbatch=not_run, options="--retries 0 --latency-wait 1"
    )
    assert made.returncode != 0
    assert jobs
    for job in jobs:
        asked = dict(itertools.pairwise(job["arguments"]))
        assert asked["--mem"] == "12000"
        assert {"--gpus=3", "--nodes=1", "--cpus-per-task=3"} <= set(job["arguments"])
        assert "'device=cuda' 'gpus=3'" in job["script"]


def test_the_records_are_there_and_the_summary_says_so(cluster):
    project, made, _ = cluster
    for arm in ("herding", "random"):
        assert read_record(project / "mine" / "two" / arm / "seed-0.json").exemplars == arm
    assert "Records: 2 made, 0 there before, 0 failed, 0 not run." in made.stdout


def test_the_shipped_profile_leaves_time_to_end_by_itself():
    profile = read_yaml(PROFILE / "config.yaml")
    makefile = (ROOT / "Makefile").read_text()
    assert int(re.findall(r"minutes=(\d+)", makefile)[0]) < profile["default-resources"]["runtime"]
    assert profile["retries"] > 1
