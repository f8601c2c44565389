"""Every notebook for every parameter file of a profile, and the book made from them.

    snakemake --cores 2                          all notebooks of params/quick
    snakemake --cores 2 --config profile=small   those of params/small
    snakemake --cores 2 --config wanted=book -- book   those that the book shows, and the book

`make reproduce` and `make book` call these. `wanted=book` leaves out what needs a data set that is not there. Nothing here is tied to one machine: on a cluster, add an executor plugin
(`--executor slurm`); every rule names its threads, memory and run time. A job's output is repeated when the content of its
source, parameters, records or library changed, and not when only a file's date did.
"""

import sys
import time
from pathlib import Path

from mnemonics_lib.edition import costs
from mnemonics_lib.edition.batch.file_names import unusable
from mnemonics_lib.edition.batch.progress import Progress, summary
from mnemonics_lib.edition.book import contents, left_out
from mnemonics_lib.edition.forked_kernels.offer import offer

START = time.time()
STUDY = str(config.get("study", ""))
PROFILE = str(config.get("profile", "quick"))  # Snakemake makes a number of what looks like one
SOURCES = sorted(Path("notebooks").glob("0*.py"))
LIBRARY = sorted(map(str, Path("mnemonics_lib").rglob("*.py")))
RECORDS = sorted(map(str, Path("book/records").glob("*/*/*/*.json")))
SHOWN = [  # by pages, and by no notebook
    str(path)
    for pattern in ("bench/*.json", "search.json", "first_time.json", "adjustment.json", "means.json", "**/*.safetensors")
    for path in sorted(Path("book/records").glob(pattern))
]
REHEARSAL = sorted(map(str, Path("book/records").glob("lecture.json")))  # what the lecture's cells took
STUDY_FILES = sorted(map(str, Path("book/studies").rglob("*.yaml")))
READ_RECORDS = {"01_preliminaries", "04_ablations"}  # the others compute all that they show
LECTURE = ["book/lecture.yaml", "book/_toc.yml"]  # its plan, and the chapters to which it leads
COSTS = "book/records/costs.json"  # each notebook opens with its own, and pages that compute for long
FURTHER = {  # of single pages
    "teaching": [*LECTURE, *REHEARSAL, *SOURCES],
    "intro": ["CITATION.cff"],
    **dict.fromkeys(costs.PAGES, [COSTS]),
}
LEFT_OUT = left_out.left_out() if config.get("wanted") == "book" else {}
RENDERED = {"_build", "executed", ".ipynb_checkpoints", "__pycache__"}
WRITTEN = sorted(str(p) for p in Path("book").rglob("*") if p.is_file() and not RENDERED.intersection(p.parts))


def parameter_files(profile):
    # Hidden files are an editor's.
    return sorted(p for p in Path("params").glob(f"{profile}/*.yaml") if not p.name.startswith("."))


def notebooks(profile):
    return [f"book/executed/{profile}/{p.stem}/{s.stem}.ipynb" for p in parameter_files(profile) for s in SOURCES]


# What a chapter that reads records reads: these, the studies that asked for them, with the parameters of the one that
# chapter 4 has beside its own, and what came of those that were made twice.
READ = [*RECORDS, *STUDY_FILES, *map(str, parameter_files("small")), *map(str, Path("book/records").glob("first_time.json"))]


def after(wildcards):
    # The run that these chapters share is made by chapter 2, and not by all of them, of which two would wait.
    shares = wildcards.notebook in {"04_ablations", "05_visualizations"} and Path("notebooks/02_global_bop.py").exists()
    made = f"book/executed/{wildcards.profile}/{wildcards.params}/02_global_bop.ipynb"
    return ancient(made) if shares else []


def executed_chapters(*_):
    # What the book's contents name; of twins that differ in a parameter it shows one.
    pages = [file for file in contents.pages() + contents.below() if file not in left_out.again()]
    return [f"book/{file}.ipynb" for file in pages if file.startswith("executed/")]


def executed_pages(*_):
    # And the chapters run again with finished work of a study, where its data set is there.
    return [*executed_chapters(), *(f"book/{page}.ipynb" for page in left_out.again() if page not in LEFT_OUT)]


PROFILES = sorted(p.name for p in Path("params").glob("*") if parameter_files(p.name))
if PROFILE not in PROFILES:
    raise WorkflowError(f"profile = {PROFILE!r}: no params/{PROFILE}/*.yaml; the profiles are {', '.join(PROFILES)}")
if not SOURCES and not STUDY:
    raise WorkflowError(f"notebooks/0*.py: none seen from {Path.cwd()}; call it from the project's folder")
if WRONG_NAMES := unusable(
    [*SOURCES, *parameter_files("quick"), *parameter_files(PROFILE), *map(Path, WRITTEN + LIBRARY + RECORDS)]
):
    raise WorkflowError(WRONG_NAMES)

if workflow.is_main_process and not STUDY:  # on a cluster each job reads this file again: checking once is enough
    from mnemonics_lib.edition.notebooks.check import check_all
    from mnemonics_lib.edition.parameters import ParameterError

    try:
        check_all(SOURCES, parameter_files(PROFILE))
    except ParameterError as error:
        raise WorkflowError(f"Nothing was run, because of these parameters:\n{error}") from None
    if not workflow.output_settings.dryrun:
        Progress(targets=["reproduce"]).install()
        offer()
        if LEFT_OUT:
            print(left_out.told(LEFT_OUT), flush=True)


wildcard_constraints:
    profile="(?!shown/)[^/]+",  # there a study says the parameters
    study="[^/]+",
    params="[^/]+",
    notebook="[^/]+",
    page="[^/]+",


rule reproduce:
    input:
        notebooks(PROFILE),


rule notebook:
    input:
        source="notebooks/{notebook}.py",
        params="params/{profile}/{params}.yaml",
        library=LIBRARY,
        records=lambda wildcards: READ if wildcards.notebook in READ_RECORDS else [],
        costs=COSTS,
        after=after,
    output:
        "book/executed/{profile}/{params}/{notebook}.ipynb",
    log:
        "build/logs/{profile}/{params}/{notebook}.log",
    priority: 2  # chapters take longest and wait for each other; what is short fills the gaps that they leave
    threads: 1
    resources:
        mem_mb=4000,
        runtime=240,  # minutes
    shell:
        "{sys.executable:q} -m mnemonics_lib.edition.notebooks execute {input.source:q} --params {input.params:q}"
        " --output {output:q} 2> {log:q}"


rule again:
    input:
        source="notebooks/{notebook}.py",
        study="book/studies/shown/{study}.yaml",
        params=parameter_files("*"),
        library=LIBRARY,
        records=lambda wildcards: READ if wildcards.notebook in READ_RECORDS else [],
        contents="book/_toc.yml",  # the page names its chapter by its number
        finished=lambda wildcards: sorted(map(str, Path("book/records/shown", wildcards.study).rglob("*.*"))),
        costs=COSTS,
    output:
        "book/executed/shown/{study}/{notebook}.ipynb",
    log:
        "build/logs/shown/{study}/{notebook}.log",
    priority: 1
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    shell:
        "{sys.executable:q} -m mnemonics_lib.edition.notebooks execute {input.source:q} --study shown/{wildcards.study:q}"
        " --output {output:q} 2> {log:q}"


rule page:
    input:
        source="book/{page}.py",
        records=RECORDS + SHOWN,
        studies=STUDY_FILES,
        paper=sorted(map(str, Path("book/paper").glob("*.csv"))),
        params=parameter_files("*"),
        library=LIBRARY,
        further=lambda wildcards: FURTHER.get(wildcards.page, []),
    output:
        "book/executed/{page}.ipynb",
    log:
        "build/logs/{page}.log",
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    shell:
        "{sys.executable:q} -m mnemonics_lib.edition.notebooks execute {input.source:q} --output {output:q} 2> {log:q}"


# Those that compute for long begin first, so that none of them is the last, with the other cores waiting for it.
use rule page as long_page with:
    wildcard_constraints:
        page="|".join(costs.PAGES),
    priority: 1


ruleorder: long_page > page


rule book:
    input:
        executed_pages,
        WRITTEN + LIBRARY,  # of which the reference has the docstrings
    output:
        "book/_build/html/index.html",
    log:
        "build/logs/book.log",
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    shell:
        # --all: a page that Sphinx kept from an earlier build would not repeat its warnings.
        # Of addresses in other alphabets, which jsonschema would compile a grammar for, this book has none: a second less.
        "{sys.executable:q} -c 'import sys; sys.modules[\"rfc3987_syntax\"] = None;"
        " from jupyter_book.cli.main import main; main()'"
        " build book --all -W -n --keep-going > {log:q} 2>&1"
        " || {{ grep -E 'WARNING|ERROR|rror:' {log:q} | head -20; exit 1; }}"


rule deck:
    input:
        chapters=lambda _: [path for path in executed_chapters() if Path(path).stem in {s.stem for s in SOURCES}],
        plan=LECTURE,
        template=sorted(str(p) for p in Path("mnemonics_lib/edition/deck/templates").rglob("*.*")),
        library=LIBRARY,
    output:
        "build/deck/index.html",
        "build/deck/lecture.ipynb",
    log:
        "build/logs/deck.log",
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    shell:
        "{sys.executable:q} -m mnemonics_lib.edition.deck {input.chapters:q} --out build/deck 2> {log:q}"
        " || {{ cat {log:q}; exit 1; }}"


# Studies: what is missing of their records. Asked for by `make study` alone: to the other rules records are sources,
# which no change of theirs may overwrite. Each job has a rule of its own, made from what the study says.
if STUDY:
    from mnemonics_lib.edition.studies.jobs import gpus_of_a_job, jobs, whether_copied
    from mnemonics_lib.edition.studies.plan import check_present, plan
    from mnemonics_lib.edition.studies.progress import StudyProgress
    from mnemonics_lib.edition.studies.study import study_files
    from mnemonics_lib.errors import ReportedError

    DEVICE = str(config.get("device", "cpu"))
    LIMIT = ["--minutes", str(config["minutes"])] if "minutes" in config else []
    try:
        PLANS = [plan(path) for path in study_files(STUDY)]
        if workflow.is_main_process:
            check_present(PLANS)
        GPUS = gpus_of_a_job(config.get("gpus"), DEVICE)
        PROCESSES = max(1, GPUS)  # of a job: one a GPU
        COPIED = whether_copied(config.get("copies"))
        JOBS = jobs(PLANS, ["--device", DEVICE, *LIMIT], processes=PROCESSES, copied=COPIED)
    except ReportedError as error:
        raise WorkflowError(f"Nothing was run, because of this study:\n{error}") from None
    if WRONG_NAMES := unusable([*(plan.path for plan in PLANS), *(run.params for plan in PLANS for run in plan.runs)]):
        raise WorkflowError(WRONG_NAMES)
    if workflow.is_main_process:  # it reads every record; the jobs of a cluster have no use for that
        PROGRESS = StudyProgress(PLANS, JOBS, workflow.resource_settings.cores or workflow.resource_settings.nodes or 1)
        if not workflow.output_settings.dryrun:
            PROGRESS.install()

    rule study:
        input:
            [str(path) for job in JOBS for path in job.outputs],

    for JOB in JOBS:

        rule:
            name:
                JOB.name
            input:
                [str(path) for path in JOB.needs],
            output:
                touch(str(JOB.output)) if JOB.stamps else [str(path) for path in JOB.outputs],
            log:
                str(JOB.log),
            params:
                command=JOB.command,  # a list, of which every element is quoted by itself
                # A phase 0 that diverges, with status 3, does so in each run that has it, and they say so themselves.
                allowed=" || [ $? -eq 3 ]" if JOB.stamps else "",
            threads: PROCESSES
            resources:
                mem_mb=4000 * PROCESSES,
                runtime=240,
                **({"gpu": GPUS} if GPUS else {}),
                # All on one machine, and with a core each: threads are no more than this call's cores.
                **({"nodes": 1, "cpus_per_task": PROCESSES} if PROCESSES > 1 else {}),
            shell:
                "{sys.executable:q} {params.command:q} > {log:q} 2>&1{params.allowed}"


def say_how_it_went():
    of_the_book = {"book": executed_pages, "deck": executed_chapters}
    wanted = of_the_book.get(config.get("wanted"), lambda: notebooks(PROFILE))()
    print(PROGRESS.summary() if STUDY else summary(map(Path, wanted), START), flush=True)


onsuccess:
    say_how_it_went()


onerror:
    say_how_it_went()
