# `make run`: the mock, up and usable. `make test`: all tests but the matrix of mutants. `make mutants`: that.
# `make torture`: the long form of what has one, two hours or more.

# The Python that makes the virtual environment, and the folder of that.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Where `make run` listens; without it, where the settings say.
PORT ?=
# More options of the program that a target runs.
ARGS ?=
# More than processors, since tests wait for sockets and for each other's processes.
WORKERS ?= 6
# Which tests `make tests` and `make flakes` run.
MARKS ?= not alone
# How far `make torture` goes: 0 is the short form, which the other tests have.
SHARE ?= 1
# A file of locks/ has the virtual environment hold exactly what it lists. Without, it holds the newest versions that fit.
LOCK ?=
# How often `make flakes` runs the tests.
RUNS ?= 10
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

# The workers and the commands that tests start compile each module once.
unexport PYTHONDONTWRITEBYTECODE

# A variable that nothing reads is a mistake. The programs that are run read those with these beginnings.
VARIABLES := PYTHON VENV PORT ARGS WORKERS MARKS SHARE LOCK RUNS
given := $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(name)))
strays := $(filter-out $(VARIABLES) IFIND_% PIP_% UV_% MAKE% -%,$(given))
$(if $(strays),$(error $(strays): nothing reads this variable. There are $(VARIABLES); ARGS="--option" is for the program))

.PHONY: run test tests mutants torture bench flakes lint format generate docs pictures lock audit dist image clean

run: $(VENV)/.runtime
	$(BIN)/ifind-mock serve $(if $(PORT),--port $(PORT)) $(ARGS)

test: lint docs tests

# What needs the tools of a release is marked `once`.
tests: $(VENV)/.dev $(if $(findstring not once,$(MARKS)),,$(VENV)/.release)
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m '$(MARKS)' $(ARGS)

# The suite on every mutant.
mutants: $(VENV)/.dev
	$(BIN)/python -m pytest tests/suite/test_mutants.py -m alone $(ARGS)

torture: $(VENV)/.dev
	$(BIN)/python -m pytest --torture $(SHARE) $(ARGS)

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
	--python-version $(call named,requires-python) \
	--no-strip-extras --no-annotate --custom-compile-command 'make lock'
lock: $(VENV)/.tools
	$(COMPILE) pyproject.toml --group dev --output-file locks/newest.txt $(ARGS)
	$(COMPILE) pyproject.toml --group dev --output-file locks/lowest.txt --resolution lowest-direct $(ARGS)
	$(COMPILE) pyproject.toml --constraints locks/newest.txt --output-file locks/runtime.txt
	$(COMPILE) pyproject.toml --all-extras --constraints locks/newest.txt --output-file locks/container.txt
	$(COMPILE) --group release --output-file locks/release.txt $(ARGS)
	$(COMPILE) --group docs --output-file locks/docs.txt $(ARGS)

# Known weaknesses of what the lock names, by a service on the internet.
audit: $(VENV)/.tools
	PYTHONPATH=tests $(BIN)/python -m support.audit $(VENV)/tools/bin/pip-audit locks/newest.txt

# What a release is made of: wheel, source and a CycloneDX list of what the wheel needs.
dist: $(VENV)/.dev $(VENV)/.release
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist
	$(VENV)/release/bin/python -m twine check --strict dist/*
	$(VENV)/release/bin/check-wheel-contents dist
	$(VENV)/release/bin/python -W ignore -m cyclonedx_py requirements locks/runtime.txt --pyproject pyproject.toml \
		--output-reproducible --output-file dist/ifind-mock.cdx.json

# The image of the Dockerfile.
image:
	docker build --build-arg VERSION=$(call named,version) --tag ifind-mock .

clean:
	rm -rf $(VENV) dist site

# What pyproject.toml says under a name.
named = $(shell sed -n 's/^$(1) = "[>=]*\(.*\)"/\1/p' pyproject.toml)

# The virtual environment. `.whole` says where it is and of which Python; it is missing while something is installed. One that was
# moved, lost its Python or was left half-made can't work, and is made anew; so is one of another Python than the one that
# is asked for by name.
which = 'import sys; print(sys.base_prefix, *sys.version_info[:2])'
where = 'import sys; print(sys.prefix, sys.base_prefix, *sys.version_info[:2])'
is_whole = $(shell $(BIN)/python -c $(where) 2>/dev/null | cmp -s - $(VENV)/.whole && echo yes)
is_asked_for = $(if $(filter file,$(origin PYTHON)),yes,$(shell \
	[ "$$($(BIN)/python -c $(which) 2>/dev/null)" = "$$($(PYTHON) -c $(which) 2>/dev/null)" ] && echo yes))
ifneq ($(wildcard $(VENV)/.made),)
ifneq ($(is_whole)$(is_asked_for),yesyes)
.PHONY: $(VENV)/.made
endif
endif
needed = $(call named,requires-python)
again = $(MAKE) $(MAKECMDGOALS) PYTHON=python3.12

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < tuple(map(int, "$(needed)".split("."))))' 2>/dev/null || \
	{ echo "$(PYTHON) is $$($(PYTHON) --version 2>/dev/null || echo not there), and Python $(needed) or newer is needed." \
	"Name one: $(again)" >&2; exit 1; }
	@[ -e $(VENV)/pyvenv.cfg ] || [ ! -e $(VENV)/bin ] || \
	{ echo "$(VENV) is no virtual environment. Name another folder with VENV=" >&2; exit 1; }
	@rm -rf $(addprefix $(VENV)/,bin include lib lib64 share pyvenv.cfg .whole .runtime .dev .release .docs .tools)
	@echo "$(PYTHON) -m venv $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { echo "$(PYTHON) can't make a virtual environment." \
	"On Debian: apt install python3-venv. Or name another Python: $(again)" >&2; exit 1; }
	touch $@

ifdef LOCK
$(VENV)/.runtime: pyproject.toml $(LOCK) $(VENV)/.made
	rm -f $(VENV)/.whole
	$(PIP) install --require-hashes --only-binary :all: --requirement $(LOCK)
	$(PIP) install --no-index --no-deps --no-build-isolation --editable .
	touch $@
	$(BIN)/python -c $(where) >$(VENV)/.whole

$(VENV)/.dev: $(VENV)/.runtime
	touch $@
else
$(VENV)/.runtime: pyproject.toml $(VENV)/.made
	rm -f $(VENV)/.whole
	$(PIP) install --editable .
	touch $@
	$(BIN)/python -c $(where) >$(VENV)/.whole

$(VENV)/.dev: pyproject.toml $(VENV)/.runtime
	rm -f $(VENV)/.whole
	$(PIP) install --upgrade 'pip>=25.1'
	$(PIP) install --group dev
	touch $@
	$(BIN)/python -c $(where) >$(VENV)/.whole
endif

# What has an environment of its own.
$(VENV)/.release $(VENV)/.docs: $(VENV)/.%: locks/%.txt $(VENV)/.made
	$(BIN)/python -m venv --clear $(VENV)/$*
	$(VENV)/$*/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: --requirement $<
	touch $@

# Tools of single commands, which nothing else needs.
$(VENV)/.tools: $(VENV)/.made
	$(BIN)/python -m venv --clear $(VENV)/tools
	$(VENV)/tools/bin/python -m pip install --quiet --disable-pip-version-check uv pip-audit
	touch $@
