# Everything a person or the CI does here. `make` alone lists it.
PYTHON ?= python3
VENV   ?= .venv
ARGS   ?=
CONFIG ?= config

export PYTHON VENV
BIN := $(VENV)/bin
ENV := sh scripts/env.sh

.DEFAULT_GOAL := help
# `make check` tells everything that is wrong, not the first thing alone.
MAKEFLAGS += --keep-going
.NOTPARALLEL:
.PHONY: help env run demo test check lint types floors spell dependencies containers docs format bench quality chaos peers fuzz lock wheel clean

help: ## this list
	@echo 'make TARGET [ARGS="…"] [PYTHON=python3.12] [CONFIG=config]'
	@echo
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

env: ## the environment .venv, from the hash-locked requirements/run.txt
	@$(ENV) run

run: ## the monitor itself on config/; alerts go to the console where no Slack token is set
	@$(ENV) run
	$(BIN)/monitor run --config $(CONFIG) $(ARGS)

demo: ## an invented week on a fast clock, without the internet
	@$(ENV) run
	$(BIN)/monitor demo $(ARGS)

test: ## all tests; ARGS go to pytest
	@$(ENV) test
	$(BIN)/python -m pytest $(ARGS)

check: lint types floors spell dependencies containers docs ## all that needs no test run: style, types, floors, spelling, containers, docs

lint: ## style: ruff
	@$(ENV) dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: ## types: mypy --strict
	@$(ENV) dev
	$(BIN)/mypy

floors: ## imports look down only: import-linter
	@$(ENV) dev
	$(BIN)/lint-imports

spell: ## spelling of code and docs: codespell
	@$(ENV) dev
	$(BIN)/codespell

dependencies: ## what is imported is required, and what is required is used: deptry
	@$(ENV) dev
	$(BIN)/deptry .

containers: ## Dockerfile and compose file, without an engine
	@$(ENV) dev
	$(BIN)/python scripts/check_containers.py

docs: ## docs that can drift
	@$(ENV) dev
	$(BIN)/python -m pytest -q tests/test_docs.py

format: ## rewrite the code in the house style
	@$(ENV) dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: ## the benchmarks; ARGS go to bench
	@$(ENV) test
	$(BIN)/python -m bench $(ARGS)

chaos: ## delivery in storms: kills, lost answers, 429s, on both databases; ARGS="--seed 3 --db sqlite --slack shared"
	@$(ENV) test
	$(BIN)/python -m tests.chaos $(ARGS)

quality: ## what the product understands: every figure beside its floor and its baseline; ARGS="gate pairs --list"
	@$(ENV) test
	$(BIN)/python -m tests.quality $(ARGS)

peers: ## what the benchmark of polling measures beside us, in an environment of its own
	@VENV=.cache/peers $(ENV) peers

fuzz: ## damaged documents through parsers and cleaner for some minutes: ARGS=10
	@$(ENV) test
	$(BIN)/python -m tests.fuzz $(ARGS)

lock: ## the hash-locked requirements, from pyproject.toml; ARGS=--upgrade for newer versions (needs uv)
	@PATH="$$PATH:$(CURDIR)/$(BIN)" sh scripts/lock.sh $(ARGS)

wheel: ## a wheel in dist/, with migrations and default configuration in it
	@$(ENV) run
	$(BIN)/python -m hatchling build -t wheel

clean: ## remove the environment and everything made
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
