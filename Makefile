# Every target installs what it needs into .venv first, and again when pyproject.toml or
# constraints.txt change. Needed beforehand: Python 3.11 to 3.13 and make.
#
#     make run                    the Samsung-Sony scenario: solved, played, compared, reported
#     make test PYTHON=python3.12 another Python, for a .venv that does not exist yet
#     make test WORKERS=8         more test processes
#     make fuzz FUZZ_SEED=7       the same changed files again, for as long

# the first that starts: version managers leave commands behind that do not
PYTHON ?= $(shell for python in python3.11 python3; do \
	$$python -c '' 2>/dev/null && echo $$python && break; done)
WORKERS ?= 2
FUZZ_SECONDS ?= 3600
FUZZ_SEED ?= $(shell date +%s)

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# stamp files: what was last installed, and when
CORE := $(VENV)/.installed-core
DEV := $(VENV)/.installed-dev
DOCS := $(VENV)/.installed-docs

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test test-all fuzz check bench docs clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(CORE) ## solve, play, compare and report the Samsung-Sony joint venture
	$(BIN)/coopsim run scenarios/coopetition/samsung-sony.yaml

test: $(DEV) ## all tests but the slow ones
	$(BIN)/python -m pytest -n $(WORKERS) -m "not slow"

test-all: $(DEV) ## all tests
	$(BIN)/python -m pytest -n $(WORKERS)

fuzz: $(DEV) ## changed files for an hour (FUZZ_SECONDS), other ones each time (FUZZ_SEED)
	COOPSIM_FUZZ_SECONDS=$(FUZZ_SECONDS) COOPSIM_FUZZ_SEED=$(FUZZ_SEED) \
		$(BIN)/python -m pytest -n $(WORKERS) --timeout 0 tests/fuzz

check: $(DEV) $(DOCS) ## lint, format, types, import contracts and the manual
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/mkdocs build --strict --quiet

bench: $(DEV) ## measure the speed of play and of solvers
	$(BIN)/python benchmarks/simulate.py
	$(BIN)/python benchmarks/solvers.py

docs: $(DOCS) ## build the manual into site/
	$(BIN)/mkdocs build --strict

clean: ## remove caches and built files; .venv and results stay
	rm -rf build dist site .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find coopsim tests benchmarks docs -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "coopsim needs Python 3.11 to 3.13")'
	$(PYTHON) -m venv $(VENV)

$(CORE): pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install -e . -c constraints.txt
	@touch $@

$(DEV): pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install -e '.[dev]' -c constraints.txt
	@touch $@ $(CORE)

$(DOCS): pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install -e '.[docs]' -c constraints.txt
	@touch $@ $(CORE)
