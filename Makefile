# `make` says what there is. Everything runs in .venv, made from requirements.lock when it is not there or the lock changed;
# PYTHON=path/to/python runs it with an interpreter of yours instead, which then needs the packages of the lock itself.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PROFILE ?= quick
# nproc says 1 where OMP_NUM_THREADS is 1, which is a thread a job and no number of jobs.
JOBS ?= $(shell env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc 2> /dev/null || getconf _NPROCESSORS_ONLN)

ifdef PYTHON
  ENVIRONMENT := interpreter
else
  PYTHON := .venv/bin/python
  ENVIRONMENT := .venv/installed
endif
# A recipe reads these from its environment, whatever a path or a name has in it that a shell would take for its own.
export PROFILE JOBS PYTHON STUDY CLUSTER DEVICE GPUS COPIES
PY := "$$PYTHON"

# The library is imported from here, so that PYTHON=... needs nothing installed into it.
export PYTHONPATH := $(CURDIR)$(if $(PYTHONPATH),:$(PYTHONPATH))
# Kernels come from the interpreter in use, not from whatever the user's home has under the same name.
export JUPYTER_PREFER_ENV_PATH := 1
# One thread a job: two on a busy machine of two cores ran 5 to 15 times slower than one.
export OMP_NUM_THREADS := 1
export MKL_NUM_THREADS := 1

# Where byte code may not be kept, each of the hundreds of processes started here would compile PyTorch anew: some seconds each.
# It is kept out of the way instead, in a folder that `make clean` removes.
ifdef PYTHONDONTWRITEBYTECODE
  unexport PYTHONDONTWRITEBYTECODE
  export PYTHONPYCACHEPREFIX := $(CURDIR)/build/bytecode
endif

# Differentiated inner loops ask for memory and give it back in many small pieces, which glibc does slowly. Runs take a fifth
# less with tcmalloc, and come out the same to the last bit. Debian and Ubuntu: libtcmalloc-minimal4; ALLOCATOR= does without.
# Conda has a C++ library of its own, and what is preloaded must not bring the system's before it: it needs conda's gperftools.
CONDA := $(or $(CONDA_PREFIX),$(patsubst %/conda-meta,%,$(wildcard $(dir $(PYTHON))../conda-meta)))
TCMALLOC := libtcmalloc_minimal.so.4
ALLOCATOR ?= $(firstword $(wildcard $(if $(CONDA),$(CONDA)/lib/$(TCMALLOC),\
	/usr/lib/$(shell uname -m)-linux-gnu/$(TCMALLOC) /usr/lib64/$(TCMALLOC))))
export ALLOCATOR
PRELOAD = $(if $(CLUSTER),,$(if $(ALLOCATOR),LD_PRELOAD="$$ALLOCATOR$${LD_PRELOAD:+:$$LD_PRELOAD}"))

# greedy: the other scheduler solves an integer programme, and says so, for a handful of independent jobs.
SNAKEMAKE = $(PRELOAD) $(PY) -m snakemake --cores "$$JOBS" --keep-going --rerun-incomplete --scheduler greedy $(SNAKEMAKE_OPTIONS)

.PHONY: help
help: ## this list
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## /\1\t/' | awk -F'\t' '{printf "  make %-11s %s\n", $$1, $$2}'
	@echo "  PROFILE=$$PROFILE JOBS=$$JOBS PYTHON=$$PYTHON"

.PHONY: book
book: $(ENVIRONMENT) ## run the notebooks that it shows, render the book, say where to open it
	@$(SNAKEMAKE) --config profile=quick wanted=book -- book
	@$(PY) -c 'from pathlib import Path; print("The book:", Path("book/_build/html/index.html").absolute().as_uri())'

# Jupyter Book 1 is no longer developed: this is the way out of it. Sphinx has an environment of its own; what the library
# needs, whose docstrings the reference shows, comes from the environment in use, behind that.
.PHONY: fallback
fallback: build/fallback/installed ## render what `make book` ran without Jupyter Book, on plain Sphinx of today
	@test -e book/executed/intro.ipynb || { echo "make fallback renders executed notebooks: make book first" >&2; exit 2; }
	@build/fallback/env/bin/python -m sphinx -q -W -n --keep-going -E -d build/fallback/doctrees -c book/plain book build/fallback/html
	@$(PY) tests/check_book_offline.py build/fallback/html
	@echo "The book on plain Sphinx: build/fallback/html/index.html"

.PHONY: links
links: build/fallback/installed ## check the links that lead elsewhere, where there is a network
	@$(PY) -m tests.links build/links
	@if $(PY) -c 'import socket; socket.create_connection(("github.com", 443), 5)' 2> /dev/null; then \
		build/fallback/env/bin/python -m sphinx -q -C -D extensions=myst_parser -b linkcheck build/links build/links/checked; \
	else echo "make links: no network here, so that none was checked; build/links/index.md lists them"; fi

build/fallback/installed: book/plain/requirements.txt | $(ENVIRONMENT)
	@rm -rf build/fallback
	@$(PY) -m venv build/fallback/env
	@build/fallback/env/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile -r $<
	@$(PY) -c 'import sysconfig; print("import site; site.addsitedir(%r)" % sysconfig.get_path("purelib"))' \
		> "$$(build/fallback/env/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/library.pth"
	@touch $@

.PHONY: reproduce
reproduce: $(ENVIRONMENT) ## run every notebook for every parameter file of PROFILE
	@$(SNAKEMAKE) --config "profile=$$PROFILE" -- reproduce

# Without Snakemake's lock, which a killed call would leave behind: each run has a lock of its own.
# On a cluster each run ends ten minutes before its four hours are over; the profile submits it again.
# DEVICE=cuda GPUS=4 gives each run four GPUs, on each of which torchrun starts a process of it.
# A run that another study has already is copied from it; COPIES=no makes it anew.
.PHONY: study
study: $(ENVIRONMENT) ## make the records of a study that are missing: STUDY=quick/digits-n5, a folder of them, or a file
	@test -n "$$STUDY" || { echo "STUDY = '': must name a study: make study STUDY=quick/digits-n5" >&2; exit 2; }
	@$(SNAKEMAKE) --nolock $(if $(CLUSTER),--profile "params/cluster/$$CLUSTER") --config "study=$$STUDY" \
		$(if $(CLUSTER),minutes=230) $(if $(DEVICE),"device=$$DEVICE") $(if $(GPUS),"gpus=$$GPUS") \
		$(if $(COPIES),"copies=$$COPIES") -- study

# What was made by other source or with other settings goes first, so that the study makes it again.
.PHONY: finished
finished: $(ENVIRONMENT) ## make the finished work that notebooks take from a study: STUDY=shown/cifar100
	@test -n "$$STUDY" || { echo "STUDY = '': must name a study: make finished STUDY=shown/cifar100" >&2; exit 2; }
	@$(PY) -m mnemonics_lib.edition.finished.make --forget "$$STUDY"
	@$(MAKE) --no-print-directory study
	@$(PY) -m mnemonics_lib.edition.finished.make "$$STUDY"

.PHONY: costs
costs: $(ENVIRONMENT) ## measure what each notebook takes alone, and write it to book/records/costs.json
	@$(PY) -m mnemonics_lib.edition.measure_costs

.PHONY: test
test: $(ENVIRONMENT) ## run the tests, but those of pages
	$(PY) -m pytest --ignore=tests/browser --numprocesses "$$JOBS" --dist loadfile --no-loadscope-reorder

.PHONY: browser
browser: $(ENVIRONMENT) ## open every page of the built book in Chromium: errors, links, widths, accessibility, weight
	$(PY) -m pytest tests/browser --numprocesses "$$JOBS" --dist worksteal

.PHONY: lint
lint: $(ENVIRONMENT) ## check style and types
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy

.PHONY: sync
sync: $(ENVIRONMENT) ## bring each notebook's .py and .ipynb in step, without outputs
	$(PY) -m jupytext --sync notebooks/*.py
	$(PY) -m mnemonics_lib.edition.notebooks.pairs notebooks/*.ipynb
	$(PY) -m jupytext --quiet --sync notebooks/*.py

.PHONY: students
students: $(ENVIRONMENT) ## write copies of notebooks and pages in which the exercises are to be solved to build/students
	@$(PY) -m mnemonics_lib.edition.notebooks.students --out build/students

.PHONY: deck
deck: $(ENVIRONMENT) ## write the slides of a lecture, and a notebook to step through in it, to build/deck
	@$(SNAKEMAKE) --config profile=quick wanted=deck -- deck
	@$(PY) -c 'from pathlib import Path; print("The slides:", Path("build/deck/index.html").absolute().as_uri())'

.PHONY: rehearse
rehearse: deck ## run the lecture from top to bottom, and write what each slide took to book/records/lecture.json
	@$(PY) -m mnemonics_lib.edition.deck.rehearsal build/deck/lecture.ipynb

.PHONY: dist
dist: $(ENVIRONMENT) ## pack the book, the notebooks, the students' copies and the slides into one zip in build/dist
	@$(SNAKEMAKE) --config profile=quick wanted=book -- book deck
	@$(PY) -m mnemonics_lib.edition.dist

# .jupyter is looked into before the user's own settings' defaults, and changes none of them: a .py opens as a notebook.
.PHONY: lab
lab: export JUPYTER_CONFIG_PATH := $(CURDIR)/.jupyter$(if $(JUPYTER_CONFIG_PATH),:$(JUPYTER_CONFIG_PATH))
lab: $(ENVIRONMENT) ## open JupyterLab on the notebooks
	$(PY) -m jupyterlab --LabApp.default_url=/lab/tree/notebooks

.PHONY: lecture
lecture: deck ## open JupyterLab on the lecture's notebook
	$(PY) -m jupyterlab build/deck/lecture.ipynb

.PHONY: lock
lock: ## resolve requirements.lock anew from pyproject.toml, and the fallback's (needs uv)
	@command -v uv > /dev/null || { echo "make lock needs uv: pip install uv"; exit 1; }
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --quiet \
		--custom-compile-command "make lock" --no-annotate --no-emit-index-url --no-emit-package mnemonics-book \
		--output-file requirements.lock
	uv pip compile book/plain/requirements.in --universal --python-version 3.11 --quiet \
		--custom-compile-command "make lock" --no-annotate --no-emit-index-url --output-file book/plain/requirements.txt

.PHONY: unlock
unlock: $(ENVIRONMENT) ## after a crash or power cut: drop the lock of a run that is no more
	@$(PY) -m snakemake --unlock

.PHONY: clean
clean: ## remove all that was made, but .venv and the runs in build/runs, which may have taken hours
	rm -rf book/_build book/executed .snakemake .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@test ! -d build || find build/ -mindepth 1 -maxdepth 1 ! -name runs -exec rm -rf {} +

.PHONY: interpreter
interpreter:
	@$(PY) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit(f"Python >= 3.11 is needed; {sys.executable} is " + ".".join(map(str, v[:3])))'

# --no-deps: the lock is complete, so nothing is left to resolve. --no-compile: only what gets imported is compiled.
.venv/installed: requirements.lock
	@candidates="python3 python3.11 python3.12 python3.13 python3.14"; \
	for python in $$candidates; do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$${found:-}" ]; then \
		echo "Python >= 3.11 is needed; here is $$(python3 --version 2>&1 || true), and none of: $$candidates." >&2; \
		echo "Install one, or name one: make PYTHON=/path/to/python ..." >&2; exit 1; \
	fi; \
	echo "Setting up .venv with $$($$found --version) from requirements.lock (the first time a download of some gigabytes)"; \
	$$found -m venv .venv
	@.venv/bin/python -m pip install --disable-pip-version-check --no-deps --no-compile -r requirements.lock
	@.venv/bin/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
