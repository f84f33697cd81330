# `make help` lists what can be done; every target sets up what it needs.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -qq
CODE := services shared tests
PYTEST ?= $(BIN)/pytest
WORKERS ?= logical

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# ---- using it

run: .venv/.ok ## start everything: PostgreSQL, the three services, one address for all of them
	@exec $(BIN)/tocsin run

demo: .venv/.ok ## one story from alert to closed problem, against a running system
	@$(BIN)/tocsin demo

# ---- working on it

test: .venv/.dev-ok ## the whole test suite (PYTEST_ARGS=… for more)
	@$(PYTEST) -q -n $(WORKERS) --dist loadfile $(PYTEST_ARGS)

check: .venv/.dev-ok format-check lint types architecture test ## what CI runs: all of these, tests last

format: .venv/.dev-ok ## lay out the code
	@$(BIN)/ruff check --select I --fix -q $(CODE)
	@$(BIN)/ruff format -q $(CODE)

format-check: .venv/.dev-ok ## is the code laid out?
	@$(BIN)/ruff format --check -q $(CODE)

lint: .venv/.dev-ok ## ruff
	@$(BIN)/ruff check -q $(CODE)

types: .venv/.dev-ok ## mypy --strict
	@$(BIN)/mypy --no-error-summary

architecture: .venv/.dev-ok ## may this import that?
	@$(BIN)/lint-imports --no-cache

audit: .venv/.dev-ok ## known vulnerabilities in what is installed
	@$(BIN)/pip-audit --require-hashes --disable-pip -r requirements.lock

lock: .venv/.dev-ok ## resolve the dependencies anew
	@$(LOCK) --extra build -o requirements.lock
	@$(LOCK) --extra build --extra dev -c requirements.lock -o requirements-dev.lock
	@$(LOCK) --extra browser --extra typst -c requirements-dev.lock -o requirements-browser.lock

faults: .venv/.dev-ok ## kill each process, PostgreSQL included, 20 times under load
	@TOCSIN_KILLS=$${TOCSIN_KILLS:-20} $(PYTEST) -q tests/faults

kills: .venv/.dev-ok ## kill the notification service 500 times while it tells many
	@TOCSIN_NOTIFICATION_KILLS=$${TOCSIN_NOTIFICATION_KILLS:-500} $(PYTEST) -q tests/faults/test_notification_killed.py

cascade: .venv/.dev-ok ## kill each service while a problem carries 300 incidents along
	@TOCSIN_CASCADE=$${TOCSIN_CASCADE:-300} $(PYTEST) -q tests/faults/test_cascade.py

uci: .venv/.dev-ok ## import the whole UCI log and find each of its facts again (needs the log)
	@TOCSIN_UCI=1 $(PYTEST) -q -s tests/uci/test_year.py

bpi: .venv/.dev-ok ## import the whole BPI log of problems and find each of its facts again (needs the log)
	@TOCSIN_BPI=1 $(PYTEST) -q -s tests/bpi/test_log.py

kedb-quality: .venv/.dev-ok ## how well known errors are found: the labelled set, by kind and part (ARGS=--misses)
	@$(BIN)/python -m tests.problem.known_errors.quality $(ARGS)

uci-trends: .venv/.dev-ok ## the same with trend rules: live, tried and recomputed (needs the log)
	@TOCSIN_UCI=1 $(PYTEST) -q -s tests/uci/test_trends.py

bench: .venv/.dev-ok ## measure: a table, and bench.json (BENCH_ARGS=--short for a glance)
	@$(BIN)/python -m tests.bench $(BENCH_ARGS)

browser: .venv/.dev-ok ## reviews in a real chromium and as PDF (apt install chromium); screenshots in .browser/
	@$(PIP) install --require-hashes -r requirements-browser.lock
	@TOCSIN_BROWSER=1 $(PYTEST) -q tests/browser tests/incident/review/test_pdf.py

clean: ## forget the environment and the caches; data in .tocsin/ stays
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist

LOCK = $(BIN)/uv pip compile pyproject.toml -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

# ---- the environment: hash-pinned, rebuilt when the lock changes

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing: apt install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv .venv

.venv/.ok: requirements.lock pyproject.toml | .venv/bin/python
	@echo "installing what Tocsin needs into .venv" >&2
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev-ok: requirements-dev.lock .venv/.ok
	@echo "installing what its tests need into .venv" >&2
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

.PHONY: help run demo test check format format-check lint types architecture audit lock faults kills cascade uci uci-trends bpi bench browser clean
