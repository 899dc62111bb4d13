# `make run`: the mock, up and usable. `make test`: all tests but the matrix of mutants. `make mutants`: that.
# `make torture`: the long form of tests/torture, more than an hour.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# More than processors, since tests wait for sockets and for each other's processes.
WORKERS ?= 5
# How far the parts of tests/torture go: 0 is their short form.
SHARE ?= 1

# The workers and the commands that tests start compile each module once.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test mutants torture lint format generate clean

run: $(VENV)/.runtime
	$(BIN)/ifind-mock serve $(ARGS)

test: lint
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m 'not alone' $(ARGS)

# The suite on every mutant.
mutants: $(VENV)/.dev
	$(BIN)/python -m pytest -m alone $(ARGS)

torture: $(VENV)/.dev
	$(BIN)/python -m pytest tests/torture --torture $(SHARE) $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# README.md's tables, schemas/xml, schemas/csv, fixtures/synthetic.
generate: $(VENV)/.dev
	PYTHONPATH=tests $(BIN)/python -m support.generate

clean:
	rm -rf $(VENV) dist

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group dev
	touch $@
