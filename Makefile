# What there is to do here. Each target sets up what it needs.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
# More than the cores: much of a test is waiting for a server.
PYTEST := $(BIN)/pytest --numprocesses 4 --dist worksteal

.PHONY: help run setup test test-browser test-slow coverage lint format bench lock clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

run: setup  ## set up and start the service: the sandbox, or the real bot with TELEGRAM_BOT_TOKEN
	@exec $(BIN)/tidings run

setup: .venv/.installed  ## make .venv with the locked dependencies and `tidings` in .venv/bin

test: .venv/.installed-dev  ## every test but the slow and the browser ones, on SQLite and PostgreSQL
	$(PYTEST) -m "not slow and not browser"

test-browser: .venv/.installed-dev  ## the chat page in Chromium (Debian: apt-get install chromium)
	$(PYTEST) -m browser

test-slow: .venv/.installed-dev  ## the long series: kills and stops during pushes, at the free and the paid pace, on both databases
	$(BIN)/pytest --numprocesses 2 -m slow

coverage: .venv/.installed-dev  ## branch coverage of the plain run
	$(PYTEST) -m "not slow and not browser" --cov --cov-report=term:skip-covered

lint: .venv/.installed-dev  ## style, types and the arrows between rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.installed-dev  ## let ruff format and mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.installed-dev  ## every benchmark: tables, and one JSON object a line on stdout; FULL=1 for the large sizes
	@for name in summaries summary_speed sentence_splitting ingest delivery digests outbox lanes nights corrections kills jobs queries growth search stories retag copies topics start; do $(BIN)/tidings bench $$name --json $(if $(FULL),--full) || exit 1; done

lock: .venv/.installed-dev  ## lock the dependencies anew, with hashes and no index named
	$(BIN)/uv pip compile --quiet --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
		--python-version 3.11 pyproject.toml --output-file requirements.txt
	$(BIN)/uv pip compile --quiet --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
		--python-version 3.11 pyproject.toml --group dev --constraint requirements.txt \
		--output-file requirements-dev.txt

clean:  ## remove what the other targets made, but never data/
	rm -rf .venv build *.egg-info .coverage .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Tidings needs Python 3.11 or newer: install it, or say make PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25"

.venv/.installed: .venv/bin/python requirements.txt pyproject.toml
	@echo "Installing the locked dependencies into .venv ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.txt
	@PYTHONWARNINGS=ignore $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.installed-dev: .venv/.installed requirements-dev.txt
	@echo "Installing the development tools into .venv ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.txt
	@touch $@
