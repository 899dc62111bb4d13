# `make run`: the mock, up and usable. `make test`: all tests but the matrix of mutants. `make mutants`: that.
# `make torture`: the long form of tests/torture, more than an hour.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# More than processors, since tests wait for sockets and for each other's processes.
WORKERS ?= 8
# Which tests `make tests` and `make flakes` run.
MARKS ?= not alone
# How far the parts of tests/torture go: 0 is their short form.
SHARE ?= 1
# A file of locks/ has the virtual environment hold exactly what it lists. Without, it holds the newest versions that fit.
LOCK ?=
# How often `make flakes` runs the tests.
RUNS ?= 10
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

# The workers and the commands that tests start compile each module once.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test tests mutants torture bench flakes lint format generate docs pictures lock audit dist clean

run: $(VENV)/.runtime
	$(BIN)/ifind-mock serve $(ARGS)

test: lint docs tests

tests: $(VENV)/.dev $(VENV)/.release
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m '$(MARKS)' $(ARGS)

# The suite on every mutant.
mutants: $(VENV)/.dev
	$(BIN)/python -m pytest tests/suite/test_mutants.py -m alone $(ARGS)

torture: $(VENV)/.dev
	$(BIN)/python -m pytest tests/torture --torture $(SHARE) $(ARGS)

# The mock beside other mock servers: docs/benchmarks.md. ARGS=--quick is a short look.
bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks $(ARGS)

# The tests again and again, each time in another order, zone and locale; what differs is listed.
flakes: $(VENV)/.dev
	PYTHONPATH=tests $(BIN)/python -m support.flakes $(RUNS) -n $(WORKERS) --dist worksteal -m '$(MARKS)' $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The pages of docs/ as a site, in site/. Dead links and whatever else it warns of are errors.
docs: $(VENV)/.docs
	$(VENV)/docs/bin/sphinx-build --quiet --fail-on-warning --keep-going --fresh-env --jobs auto -b html docs site

# The pictures of docs/, which are kept; it needs chromium and graphviz.
pictures: $(VENV)/.dev
	PYTHONPATH=tests $(BIN)/python -m support.pictures

# Tables of docs/, schemas/xml, schemas/csv, fixtures/synthetic.
generate: $(VENV)/.dev
	PYTHONPATH=tests $(BIN)/python -m support.generate

# Writes locks/ anew and keeps the versions that still fit; ARGS=--upgrade takes the newest.
lock: COMPILE = $(VENV)/tools/bin/uv pip compile --quiet --no-config --universal --generate-hashes --only-binary :all: \
	--python-version $(shell sed -n 's/^requires-python = ">=\(.*\)"/\1/p' pyproject.toml) \
	--no-strip-extras --no-annotate --custom-compile-command 'make lock'
lock: $(VENV)/.tools
	$(COMPILE) pyproject.toml --group dev --output-file locks/newest.txt $(ARGS)
	$(COMPILE) pyproject.toml --group dev --output-file locks/lowest.txt --resolution lowest-direct $(ARGS)
	$(COMPILE) pyproject.toml --constraints locks/newest.txt --output-file locks/runtime.txt
	$(COMPILE) --group release --output-file locks/release.txt $(ARGS)
	$(COMPILE) --group docs --output-file locks/docs.txt $(ARGS)

# Known weaknesses of what the lock names, by a service on the internet.
audit: $(VENV)/.tools
	PYTHONPATH=tests $(BIN)/python -m support.audit $(VENV)/tools/bin/pip-audit locks/newest.txt

# What a release is made of: wheel, source and a CycloneDX list of what the wheel needs.
dist: $(VENV)/.dev $(VENV)/.release
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist
	$(VENV)/release/bin/python -W ignore -m cyclonedx_py requirements locks/runtime.txt --pyproject pyproject.toml \
		--output-reproducible --output-file dist/ifind-mock.cdx.json

clean:
	rm -rf $(VENV) dist site

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

ifdef LOCK
$(VENV)/.runtime: pyproject.toml $(LOCK) | $(VENV)/bin/python
	$(PIP) install --require-hashes --only-binary :all: --requirement $(LOCK)
	$(PIP) install --no-index --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.runtime
	touch $@
else
$(VENV)/.runtime: pyproject.toml | $(VENV)/bin/python
	$(PIP) install --editable .
	touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/.runtime
	$(PIP) install --upgrade 'pip>=25.1'
	$(PIP) install --group dev
	touch $@
endif

# What has an environment of its own: $(VENV)/.release and $(VENV)/.docs.
$(VENV)/.release $(VENV)/.docs: $(VENV)/.%: locks/%.txt | $(VENV)/bin/python
	$(BIN)/python -m venv $(VENV)/$*
	$(VENV)/$*/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: --requirement $<
	touch $@

# Tools of single commands, which nothing else needs.
$(VENV)/.tools: | $(VENV)/bin/python
	$(BIN)/python -m venv $(VENV)/tools
	$(VENV)/tools/bin/python -m pip install --quiet --disable-pip-version-check uv pip-audit
	touch $@
