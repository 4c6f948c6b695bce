# `make submission` runs the whole job, `make test` the tests. Both set up .venv first, and only when needed.
.DEFAULT_GOAL := help
.PHONY: help setup submission notebooks test test-all lint clean
.SILENT:

# What to run: make submission RECIPE=baseline INPUT="path/to/data" OUTPUT=submissions/mine.csv
RECIPE ?= auto
INPUT ?=
OUTPUT ?= submissions/submission.csv

# Commands read these from the environment, as "$$INPUT": pasted into a command, the value `x"; touch y; "` would
# be run by the shell. $(value) keeps make from running what stands in $(shell ...) in them.
override RECIPE := $(value RECIPE)
override INPUT := $(value INPUT)
override OUTPUT := $(value OUTPUT)
export RECIPE INPUT OUTPUT

# The first Python that is new enough; PYTHON=... chooses another. Nothing is ever installed into it.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
ifeq ($(origin PYTHON),undefined)
PYTHON := $(shell for name in python3 python3.13 python3.12 python3.11 python; do \
	"$$name" -c '$(NEW_ENOUGH)' 2>/dev/null && echo "$$name" && break; done)
else
override PYTHON := $(value PYTHON)
endif
export PYTHON

VENV_PYTHON := .venv/bin/python
# One thread a worker, as many workers as cores, which take tests from one another; -rs says why one was skipped.
# Where a machine switches bytecode off, each of the many processes that tests start would compile every source.
TEST := env -u PYTHONDONTWRITEBYTECODE OMP_NUM_THREADS=1 $(VENV_PYTHON) -m pytest -q -rs -n auto --dist worksteal
export PYTHONNOUSERSITE := 1
unexport PYTHONPATH PYTHONHOME

help:
	echo "make submission   run the notebooks on the input folder (or a drawn sample): submissions/submission.csv"
	echo "                  RECIPE=smoke|baseline|overfit|FILE.toml  INPUT=FOLDER  OUTPUT=FILE.csv"
	echo "make test         lint, import contract, unit tests, doctests, notebooks on a tiny input"
	echo "make test-all     the same and the slow tests"
	echo "make notebooks    execute the committed notebooks again on the sample"
	echo "make setup        only make .venv and install requirements.txt"
	echo "make clean        remove .venv and what tools leave; runs/, input/ and submissions/ stay"

setup: .venv/installed

# The stamp also holds the folder's path, since an editable install points to it: a moved clone sets up again.
ifneq ($(shell cat .venv/installed 2>/dev/null),$(CURDIR))
.PHONY: .venv/installed
endif
.venv/installed: requirements.txt pyproject.toml
	if [ -z "$$PYTHON" ]; then echo "severstal: Python 3.11 or newer is missing: install it, or name it with PYTHON=/path/to/python" >&2; exit 2; fi
	if ! "$$PYTHON" -c '$(NEW_ENOUGH)'; then echo "severstal: $$PYTHON is older than Python 3.11: name a newer one with PYTHON=/path/to/python" >&2; exit 2; fi
	if ! "$$PYTHON" -c 'import venv, ensurepip' 2>/dev/null; then echo "severstal: '$$PYTHON -m venv' is missing: install it (Debian, Ubuntu: apt install python3-venv)" >&2; exit 2; fi
	echo "setting up .venv (about two minutes, 7 GB with torch's CUDA build)"
	"$$PYTHON" -m venv .venv
	$(VENV_PYTHON) -m pip install --disable-pip-version-check -r requirements.txt || \
		{ echo "severstal: the packages could not be installed: see pip's message above, check the network, and run the same command again" >&2; exit 2; }
	pwd -P > .venv/installed

submission: setup
	$(VENV_PYTHON) -m severstal notebooks "$$RECIPE" --output "$$OUTPUT" $${INPUT:+--input "$$INPUT"}

notebooks: setup
	$(VENV_PYTHON) -m severstal sample --output input/sample
	$(VENV_PYTHON) -m severstal notebooks smoke --input input/sample --refresh

lint: setup
	$(VENV_PYTHON) -m ruff check .
	$(VENV_PYTHON) -m ruff format --check .
	$(VENV_PYTHON) -c 'from importlinter.cli import lint_imports_command as main; main()' > .venv/imports.log 2>&1 || { cat .venv/imports.log; exit 1; }
	echo "import contract kept"

test: lint
	$(TEST) -m "not slow"

test-all: lint
	$(TEST)

clean:
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
