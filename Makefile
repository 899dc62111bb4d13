# `make run`: the mock, up and usable. `make test`: everything that can be tested here.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test lint format generate clean

run: $(VENV)/.runtime
	$(BIN)/ifind-mock serve $(ARGS)

test: lint
	$(BIN)/python -m pytest -n 2 -m 'not alone' $(ARGS)
	$(BIN)/python -m pytest -m alone $(ARGS)

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
