# Every target is complete by itself on a machine with Python 3.11 or newer, make and git.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
MANAGE := $(BIN)/python manage.py
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
export PYTHONUNBUFFERED := 1
# What is compiled is kept: the tests start hundreds of processes.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo run test test-sqlite test-servers check words mutants bench backup restore-check pins clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 18

# The stamps are newer than the requirements they stand for, so the second time costs nothing.
$(VENV)/.run: requirements.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; say which with: make PYTHON=/path/to/python3 …")'
	@test -x $(BIN)/python || { echo "Making $(VENV) …"; $(PYTHON) -m venv $(VENV); }
	@echo "Installing what Mesoclinic needs …"
	@$(PIP) install -r requirements.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt
	@echo "Installing what the tests need …"
	@$(PIP) install -r requirements-dev.txt -c constraints.txt
	@touch $@

demo: $(VENV)/.run ## A clinic to click through: data, web, worker; prints the address and the logins (FRESH=1: anew)
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) demo $(if $(FRESH),--fresh)
	@$(MANAGE) run --any-port

run: $(VENV)/.run ## Your own clinic, empty: the first page makes the first manager
	@$(MANAGE) run

# All of it to the end, whatever fails on the way: one red test hides no other.
test: $(VENV)/.dev ## Everything that .ci/run runs: checks, both databases, real workers and browser
	@$(MAKE) --no-print-directory --keep-going check test-sqlite test-servers

# Two processes, a file with its setup in one of them, where the tests are alone with their own database; browsers by
# themselves, as each process keeps one open; then what kills things, which mostly waits; last and alone what needs the machine.
# On PostgreSQL and Redis all runs that touches them; the pure engines, and what is long and the same there, have run by then.
PYTEST := $(BIN)/python -m pytest -q
SIDE_BY_SIDE := -n 2 --dist loadfile --no-loadscope-reorder

define all_of_it
code=0; \
$(PYTEST) $(SIDE_BY_SIDE) -m "not (races or faults or browser)$(1)" || code=$$?; \
$(PYTEST) $(SIDE_BY_SIDE) -m "browser$(1)" || code=$$?; \
$(PYTEST) $(SIDE_BY_SIDE) -m "faults$(1)" || code=$$?; \
$(PYTEST) -m "races$(1)" || code=$$?; \
exit $$code
endef

test-sqlite: $(VENV)/.dev
	$(call all_of_it,)

test-servers: $(VENV)/.dev
	$(BIN)/python -m tests.servers bash -c '$(call all_of_it, and not engine and not once)'

check: $(VENV)/.dev ## Style, types, templates, import contracts, migrations, deployment settings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint --quiet --lint templates
	$(BIN)/djlint --quiet --check templates
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MANAGE) makemigrations --check --dry-run
	@$(CHECK_DEPLOY)

# A key only for this check, strong enough not to be refused.
CHECK_DEPLOY = scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; \
	echo "manage.py check --deploy (production settings)"; \
	DJANGO_SETTINGS_MODULE=mesoclinic.settings.prod MESOCLINIC_DATA_DIR="$$scratch" ALLOWED_HOSTS=clinic.example \
	SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(60))')" \
	DATABASE_URL=postgres://nobody@127.0.0.1:1/none REDIS_URL=redis://127.0.0.1:1/0 \
	$(MANAGE) check --deploy --fail-level WARNING

words: $(VENV)/.dev ## Gather what people read, and bring the translations up to date
	$(BIN)/python -m tests.words

# An hour of one quiet process, so no part of make test.
mutants: $(VENV)/.dev ## Break the two pure engines in every small way and see which tests notice (about an hour)
	nice -n 10 $(BIN)/mutmut run --max-children 1
	@$(BIN)/mutmut results

bench: $(VENV)/.dev ## Measure against the floors of docs/benchmarks.md
	$(BIN)/python -m tests.servers $(BIN)/python -m tests.bench

backup: $(VENV)/.run ## A consistent copy of the database in backups/ of the data folder
	@$(MANAGE) backup

restore-check: $(VENV)/.run ## Restore the newest backup into a scratch database and look whether all is there
	@$(MANAGE) restore_check

pins: $(VENV)/.dev ## Write constraints.txt anew from what is installed
	@{ head -1 constraints.txt; $(PIP) freeze --exclude-editable; } > constraints.new && mv constraints.new constraints.txt

clean: ## Remove what make made; your data in var/ stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache mutants
