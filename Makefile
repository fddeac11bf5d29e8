# Needs Python 3.11 or later, make and git, nothing else. Everything is installed into .venv from requirements.lock.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
PYTHON ?= python3
BIN := .venv/bin
UV := $(shell command -v uv 2>/dev/null)
export UV_PYTHON_DOWNLOADS := never
# Compiled modules are kept, whatever the surroundings say: each of the many processes of a test run would compile all of them.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install demo test check format lock bench clean

help:  ## show what can be made
	@sed -n 's/^\([a-z]*\):.*##  *\(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-15s %s\n", $$1, $$2}'

install: .venv/ready  ## make .venv with everything that is needed (works offline once installed)

demo: .venv/ready  ## three small labs, two nights, where to look
	$(BIN)/fidelity demo

# A file stays in one process, whose tests share a lab; in their order, so that the engine begins early. A process a core: a third
# made the run longer. At the end stand the tests that took longest.
test: check  ## check, and every test
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --ignore tests/architecture --durations 40

check: .venv/ready  ## style, types and the rules of the architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q -p no:cacheprovider tests/architecture

format: .venv/ready  ## lay the code out as `make check` wants it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/ready  ## the speed of a night over 10,000 forms, and of the models against one plain fit
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench.numbers

# Names, versions and hashes only: no index address and no path of the machine that wrote it.
lock:  ## resolve pyproject.toml into requirements.lock (needs uv and a package index)
	uv pip compile pyproject.toml --group dev --universal --generate-hashes --upgrade --quiet \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links --output-file requirements.lock

clean:  ## remove .venv and what tools leave behind
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Two steps, so that a change of pyproject.toml alone needs no network.
.venv/installed: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.12")'
ifneq ($(UV),)
	test -x $(BIN)/python || uv venv --quiet --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venv
	uv pip sync --quiet --require-hashes --python $(BIN)/python requirements.lock
else
	test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	# --no-deps: the lock is complete, and older pips stumble over extras that it does not repeat.
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements.lock
endif
	@touch $@

.venv/ready: .venv/installed pyproject.toml
ifneq ($(UV),)
	uv pip install --quiet --offline --no-deps --no-build-isolation --python $(BIN)/python --editable .
else
	$(BIN)/pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation --editable .
endif
	@touch $@
