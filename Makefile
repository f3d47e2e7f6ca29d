# The everyday commands. Each sets up what it needs in .venv; `make` alone lists them.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test proof check bench lock clean

help: ## List these commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "make %-8s %s\n", $$1, $$2 }'

demo: $(READY) ## Play the bundled history of the review's trials, and say where the report is
	@$(BIN)/tracker demo

test: $(READY) ## Run every test
	@$(BIN)/pytest -n auto

proof: $(READY) ## Live through a year, and fifty-five rounds of kills (about half an hour)
	@$(BIN)/pytest tests/proof/proof_*.py

check: $(READY) ## Lint, types and import layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

bench: $(READY) ## Measure speed, memory and size against a floor
	@$(BIN)/python -m tests.bench

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--upgrade --custom-compile-command "make lock"

lock: $(READY) ## Resolve the dependencies anew
	$(COMPILE) --extra dev --output-file requirements.lock pyproject.toml
	$(COMPILE) --extra chat --constraints requirements.lock --output-file deploy/requirements.lock pyproject.toml

clean: ## Remove the environment, the caches and the demo
	rm -rf .venv demo build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
