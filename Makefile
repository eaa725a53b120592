# Each target sets up what it needs, from nothing, into .venv. Needs Python 3.11 to 3.13 and make.
PYTHON ?= python3
EXAMPLE ?= demo_company
# A home for each company, so that their figures never mix.
ifeq ($(EXAMPLE),demo_company)
SCORECARD_HOME ?= $(CURDIR)/.scorecard
else
SCORECARD_HOME ?= $(CURDIR)/.scorecard-$(EXAMPLE)
endif
export SCORECARD_HOME
export DAGSTER_HOME := $(SCORECARD_HOME)/dagster
export DBT_PROFILES_DIR := $(CURDIR)/dbt_project/profiles
export DBT_SEND_ANONYMOUS_USAGE_STATS := false

BENCH_FOLDER ?= $(CURDIR)/.scorecard-bench

BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: run test test-faults lint format dev bench bench-large clean setup help

help: ## Show what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 13

setup: $(STAMP) ## Install into .venv what the lock names

# Not compiled here: Python compiles what is imported, which is a third of it.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else f"Python 3.11 to 3.13 is needed, this is {v[0]}.{v[1]}: make PYTHON=python3.12 run")'
	@echo "Setting up .venv (once, some minutes) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

run: $(STAMP) ## Set up, load the example, build, gate and release the scorecard, say where to look
	@$(BIN)/python -m examples.$(EXAMPLE).prepare $(SCORECARD_HOME)/landing
	@$(BIN)/scorecard run

test: $(STAMP) ## All tests: Python, dbt unit tests, one whole run on small data
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

test-faults: $(STAMP) ## Faults that take long: 50 kills, 10,000 reads, many and huge files; an hour or two
	@$(BIN)/python -m pytest -m faults

lint: $(STAMP) ## ruff, mypy, sqlfluff, dbt-bouncer
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python -m tests.lint_dbt

format: $(STAMP) ## Let ruff format the Python
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

dev: $(STAMP) ## Dagster's UI over the same home
	@mkdir -p $(DAGSTER_HOME) && cp dagster.yaml $(DAGSTER_HOME)/dagster.yaml
	@$(BIN)/dg dev

bench: $(STAMP) ## Time and memory per stage, as ratios measured in one run
	@$(BIN)/python -m tests.bench
	@$(BIN)/python -m tests.bench_clv
	@$(BIN)/python -m tests.bench_churn
	@$(BIN)/python -m tests.bench_upsell
	@$(BIN)/python -m tests.bench_horizon
	@$(BIN)/python -m tests.bench_scorecard
	@$(BIN)/python -m tests.bench_gates
	@$(BIN)/python -m tests.bench_scale --customers 10000 --customers 100000 --one-more-month

bench-large: $(STAMP) ## A million customers x 24 months once, in 8 GB; needs 60 GB of disk and an hour or two
	@$(BIN)/python -m tests.bench_scale --customers 1000000 --memory 6GB --folder $(BENCH_FOLDER)

clean: ## Remove what runs and tests wrote, not the environment
	rm -rf .scorecard .scorecard-* .pytest_cache .mypy_cache .ruff_cache .hypothesis target logs
