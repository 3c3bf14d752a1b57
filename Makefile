# Needs Python 3.11 to 3.13 with pip, and make. Everything else is installed into .venv, at the versions the locks name.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$python && break; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links pyproject.toml

.PHONY: help run test check bench lock clean

help:
	@echo "make run    start the desk: chat, inbox, dashboard, admin (environment and demo shop are made at the first start)"
	@echo "make test   the whole suite, on SQLite and on PostgreSQL"
	@echo "make check  style, types, imports, migrations, production settings"
	@echo "make bench  latency, throughput and memory beside bare Channels"
	@echo "make lock   resolve the dependencies again"
	@echo "make clean  remove the environment and the caches (the desk's data stay)"

run: $(VENV)/run.stamp
	@exec $(BIN)/python manage.py up

test: $(VENV)/dev.stamp
	@failed=0; for database in sqlite postgres; do \
		echo "== the suite on $$database"; \
		DESK_TEST_DB=$$database $(BIN)/python -m pytest $(ARGS) || failed=1; \
	done; exit $$failed

# The settings make their secrets where DESK_DATA says; a check should leave none behind.
check: $(VENV)/dev.stamp
	@DESK_DATA=$$(mktemp -d) && export DESK_DATA && trap 'rm -rf "$$DESK_DATA"' EXIT && set -ex; \
	$(BIN)/ruff check .; \
	$(BIN)/ruff format --check .; \
	$(BIN)/mypy; \
	$(BIN)/lint-imports; \
	$(BIN)/python manage.py makemigrations --check --dry-run; \
	DESK_URL=https://desk.example.com $(BIN)/python manage.py check --deploy --fail-level WARNING

bench: $(VENV)/dev.stamp
	@$(BIN)/python -m benchmarks $(ARGS)

lock: $(VENV)/dev.stamp
	$(COMPILE) $(UPGRADE) --output-file requirements/run.lock
	$(COMPILE) $(UPGRADE) --extra dev --constraint requirements/run.lock --output-file requirements/dev.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is younger than its lock when what the lock names is installed.
$(VENV)/run.stamp: requirements/run.lock | $(BIN)/python
	@echo "Installing what the desk needs (requirements/run.lock) …"
	@$(PIP) install --quiet --require-hashes -r $<
	@touch $@

$(VENV)/dev.stamp: requirements/dev.lock requirements/run.lock | $(BIN)/python
	@echo "Installing what the desk and its tests need (requirements/dev.lock) …"
	@$(PIP) install --quiet --require-hashes -r $<
	@touch $@ $(VENV)/run.stamp

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "The desk needs Python 3.11, 3.12 or 3.13; set PYTHON to one of them." >&2; exit 1; }
	@echo "Making $(VENV) …"
	@$(PYTHON) -m venv $(VENV)
