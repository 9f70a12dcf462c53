# Python 3.11 or newer and make are all that `make demo` and `make test` need; `make bench` also needs
# a real Kafka and a real Redis, as CONTRIBUTING.md tells.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--fork-strategy fewest --generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make lock"

SEEDS ?= --seeds 10000
CHAOS ?= --minutes 30

.DEFAULT_GOAL := help
.PHONY: help install demo test quick check soak bench static schemas format lock clean

help: ## Tell what there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' Makefile

install: $(VENV)/.installed ## Install icustomer, pinned and checked by hash, into .venv

demo: $(VENV)/.installed ## Show it at work, with servers of its own
	@$(BIN)/icustomer demo $(ARGS)

test: $(VENV)/.installed-dev ## Run every test; what needs a missing server is listed as NOT RUN
	@$(BIN)/python -m pytest $(ARGS)

quick: $(VENV)/.installed-dev ## Run the tests that need no server, in about a minute
	@$(BIN)/python -m pytest -m "not slow and not kafka and not redis" $(ARGS)

# The tests come last: their closing line is the verdict.
check: static ## Run everything; a test that cannot run fails
	@$(MAKE) --no-print-directory demo
	@ICUSTOMER_REQUIRE_SERVERS=1 $(MAKE) --no-print-directory test

soak: $(VENV)/.installed-dev ## Look for broken laws for hours: ten thousand simulated towns, then real servers under faults
	@cd tests && ../$(BIN)/python -m simulation.soak $(SEEDS)
	@cd tests && ../$(BIN)/python -m chaos.soak $(CHAOS)

bench: $(VENV)/.installed-dev ## Measure cost and latency beside simpler workers
	@$(BIN)/python -m benchmarks.run $(ARGS)

static: $(VENV)/.installed-dev ## Lint, format, types and direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.installed-dev ## Format the code and mend what can be mended
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

schemas: $(VENV)/.installed ## Generate schemas/ from the models
	@$(BIN)/python -m icustomer.contracts.export schemas

lock: $(VENV)/.installed-dev ## Resolve the dependencies anew (ARGS=--upgrade: to the newest)
	@$(COMPILE) --group build $(ARGS) --output-file requirements.lock
	@$(COMPILE) --group build --group dev --constraint requirements.lock $(ARGS) \
		--output-file requirements-dev.lock

clean: ## Remove what was made, .venv too
	@rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)

# Without build isolation: an isolated build would fetch a build tool that no lock pins.
$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@$(PIP) install --require-hashes --requirement requirements-dev.lock
	@touch $@
