# Every target sets up what it needs; `make` alone lists them.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
UV := .tools/bin/uv
UV_VERSION := 0.13.9
DOCS := .docs-venv
# Every process imports thousands of modules: compiled once, it starts in a third of the time.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z0-9_-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/.ready ## make the environment (.venv) from the lock

$(UV):
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.ready: requirements.lock pyproject.toml | $(UV)
	$(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)
	$(UV) pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

run: setup ## start worker and dashboard; Ctrl-C stops both
	@$(BIN)/stillwater up

test: setup ## run all tests
	@$(BIN)/stillwater spark setup >/dev/null
	$(BIN)/python -m pytest -n 2 --no-loadscope-reorder $(ARGS)

e2e: setup ## run the browser tests only
	$(BIN)/python -m pytest -m browser $(ARGS)

check: setup ## formatting, lint, types, import rules, sizes
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/test_sizes.py

format: setup ## put the code into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup ## measure: make bench NAME=quality
	$(BIN)/python -m tests.bench.$(NAME) $(ARGS)

lock: | $(UV) ## resolve the dependencies anew
	$(UV) pip compile --quiet pyproject.toml --extra dev --generate-hashes \
	  --python-version 3.11 --no-emit-index-url --no-header --output-file requirements.lock
	$(UV) pip compile --quiet docs/requirements.in --generate-hashes \
	  --python-version 3.11 --no-emit-index-url --no-header --output-file docs/requirements.lock

docs: | $(UV) ## build the book into docs/_build
	test -d $(DOCS) || $(UV) venv --quiet --python $(PYTHON) $(DOCS)
	$(UV) pip sync --quiet --compile-bytecode --python $(DOCS)/bin/python --require-hashes docs/requirements.lock
	$(DOCS)/bin/jupyter-book build --quiet --warningiserror docs

clean: ## remove environments and build output
	rm -rf $(VENV) .tools $(DOCS) docs/_build .mypy_cache .ruff_cache .pytest_cache

.PHONY: help setup run test e2e check format bench lock docs clean
