# Postex: make demo, make test. Everything lives in .venv; nothing is installed outside this folder.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.locked
INVOICES := $(wildcard ../shared/data/invoices/valid)

# A program of 570 files that nobody may keep compiled takes half a second longer at each start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench soak lock docs screens clean

help:
	@echo "make demo    the main job, done for real on this machine and checked; then try your mail client"
	@echo "make test    linters, types, import contracts, all tests"
	@echo "make bench   speed beside Postfix and Dovecot where they are installed"
	@echo "make soak    the crash tests at full length"
	@echo "make docs    write the generated pages again     make lock    pin the dependencies again"
	@echo "make screens take the README's pictures of the terminal app again (needs tmux)"
	@echo "make clean   remove .venv and caches"

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Postex needs Python 3.11 or later; '$(PYTHON)' is not. Try: make $(or $(MAKECMDGOALS),setup) PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "Python's venv module is missing. On Debian: apt-get install python3-venv, then run make again."; exit 1; }
	@echo "Setting up $(VENV) from requirements.lock (the first time a minute or so) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q storage bridge postex_tui
	@touch $@

demo: $(STAMP)
	@$(BIN)/postex demo $(addprefix --documents ,$(INVOICES))

test: check
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)
	$(BIN)/python -m bench

soak: $(STAMP)
	SOAK_KILLS=50 SOAK_POWER_STATES=50000 SOAK_FLIPS=10000 SOAK_PAGES=10000 SOAK_STARTS=300 SOAK_BODY_FLIPS=1000 SOAK_API_EXAMPLES=200 SOAK_PAPER_KILLS=40 \
	  SOAK_CARRIER_STRIDE=1 SOAK_LADDER_KILLS=1 SOAK_BATCH_KILLS=20 \
	  SOAK_RESIDENCY=3000 SOAK_OUTBOX_KILLS=40 SOAK_CASES=10000 SOAK_SEALS=200 SOAK_DAEMON_KILLS=20 $(BIN)/python -m pytest -n 2 tests/crash tests/integration/test_api_fuzz.py \
	  tests/integration/test_residency_fuzz.py tests/integration/test_one_truth.py tests/integration/test_seals.py --timeout 3600

lock: $(STAMP)
	$(BIN)/pip install -qq --disable-pip-version-check uv
	$(BIN)/uv pip compile pyproject.toml --group dev --generate-hashes --no-header --no-annotate --universal \
	  -p 3.11 -o requirements.lock -q

docs: $(STAMP)
	$(BIN)/python docs/generate.py

screens: $(STAMP)
	$(BIN)/python -m docs.screens

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
