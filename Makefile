# Stafett. `make help` lists what can be done.
#
# Stamp files make repeated runs fast; `make clean` removes what was installed, never var/.

.NOTPARALLEL:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
SHELL := /bin/sh

PYTHON ?= python3
PORT ?= 5000
# Workers for the tests and the mutants: one more than two cores, since each waits now and then for a browser or a database.
JOBS ?= 3
# Inputs for each parser that is fuzzed.
RUNS ?= 1000000

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
# The scanners' own: they are GPL and need older versions of what Stafett uses.
SCAN := .venv-scan
RUN := $(VENV)/.installed-run
DEV := $(VENV)/.installed-dev
VENDOR := static/vendor
ASSETS := $(VENDOR)/.copied
CATALOGUES := $(wildcard bti/translations/*/LC_MESSAGES/*.po)
TRANSLATED := $(CATALOGUES:.po=.mo)
DS := node_modules/@digdir/designsystemet-css
INTER := node_modules/@fontsource-variable/inter

.PHONY: help setup demo demo-reset demo-days explore test check format bench crash fuzz scan mutants translations lock clean

help: ## List what can be done
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

setup: $(DEV) $(ASSETS) $(TRANSLATED) ## Install everything a developer needs into .venv

demo: $(RUN) $(ASSETS) $(TRANSLATED) ## Serve a synthetic municipality on 127.0.0.1, PORT=5000
	@BTI_MODE=demo BTI_PORT=$(PORT) exec $(BIN)/bti demo

demo-reset: $(RUN) $(ASSETS) $(TRANSLATED) ## As demo, after throwing away what was there
	@BTI_MODE=demo BTI_PORT=$(PORT) exec $(BIN)/bti demo --reset

# Files in their own order: the slowest (the browser's) are among the first, and no worker waits for them at the end.
test: setup ## Run every check and every test; installs Chromium if it may
	@tools/needs-browser
	@$(BIN)/python tools/needs-postgres
	@tools/needs-softhsm
	@tools/needs-systemd
	@$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest --numprocesses=$(JOBS) --dist=loadfile --no-loadscope-reorder

explore: setup ## Run the tests of rules and forms on examples nobody has tried; TESTS=, a folder or file
	$(BIN)/python -m pytest --hypothesis-profile=explore --numprocesses=$(JOBS) --dist=loadfile $(or $(TESTS),tests/unit tests/web)

check: setup ## Format, lint, types, import contracts, templates, translations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --lint --quiet templates
	$(BIN)/python -m pytest --quiet tests/architecture/test_translations.py

format: setup ## Let the formatter and the linter mend what they can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup ## Measure, and print ratios
	$(BIN)/python -m benchmarks

crash: setup ## Kill web, keyd, signer, logd, work and rotations 240 times, and writers, and look at what is left (20 minutes)
	$(BIN)/python -m benchmarks.crash

demo-days: setup ## Load the demonstration as of the coming fourteen days and the turns of a year (10 minutes)
	$(BIN)/python -m benchmarks.demo_days

fuzz: setup ## Run every parser RUNS times on damaged input, guided by coverage (15 to 30 minutes)
	@$(PIP) install --require-hashes -r requirements/fuzz.txt
	$(BIN)/python -m fuzz --runs $(RUNS)

# TARGET names some of them (mutants/targets.py); all when it is empty.
mutants: setup ## Change one line at a time in what guards a child: is it noticed? TARGET=, 95 in 100 (long)
	@$(BIN)/python -m mutants --jobs $(JOBS) $(TARGET)

# Only what stands on the command line: shells have a variable SECONDS of their own.
scan: setup ## Attack a throw-away demonstration with wapiti and sqlmap (long; goes on where it stopped); SECONDS=3600, DATABASE=
	@PYTHON="$(PYTHON)" tools/needs-venv $(SCAN)
	@$(SCAN)/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes -r requirements/scan.txt
	$(BIN)/python -m scan $(if $(filter command,$(origin SECONDS)),--seconds $(SECONDS)) \
		$(if $(DATABASE),--database $(DATABASE))

translations: $(DEV) ## Find new texts, update the catalogues and compile them
	@mkdir -p build
	$(BIN)/pybabel -q extract -F babel.cfg -k lazy_gettext -k _l -k lazy_ngettext:1,2 -k N_ -c 'Translators:' --no-location \
		--sort-output --omit-header -o build/messages.pot .
	$(BIN)/pybabel -q update -i build/messages.pot -d bti/translations --no-fuzzy-matching \
		--width=100 --ignore-pot-creation-date
	$(BIN)/pybabel -q compile -d bti/translations

lock: $(DEV) ## Pin the newest versions that pyproject.toml and requirements/*.in allow
	$(BIN)/pip-compile $(LOCK) -o requirements/run.txt pyproject.toml
	$(BIN)/pip-compile $(LOCK) -c requirements/run.txt -o requirements/build.txt requirements/build.in
	$(BIN)/pip-compile $(LOCK) -o requirements/hsm.txt requirements/hsm.in
	$(BIN)/pip-compile $(LOCK) -o requirements/dev.txt pyproject.toml requirements/dev.in
	$(BIN)/pip-compile $(LOCK) -o requirements/fuzz.txt requirements/fuzz.in
	$(BIN)/pip-compile $(LOCK) -o requirements/scan.txt requirements/scan.in
	npm install --package-lock-only

clean: ## Remove what was installed and built; keeps var/
	rm -rf $(VENV) $(SCAN) node_modules $(VENDOR) build dist
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find bti -name '*.mo' -delete
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# No addresses in the locks: they come from whatever registry the machine is set up with.
LOCK = --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras --no-annotate --no-header \
	--no-emit-options --no-emit-find-links

$(BIN)/python:
	@PYTHON="$(PYTHON)" tools/needs-venv $(VENV)

# Running needs no test tool: a smaller, faster install.
$(RUN): requirements/run.txt requirements/build.txt pyproject.toml | $(BIN)/python
	@echo "Installing what Stafett needs to run ..."
	@$(PIP) install --require-hashes -r requirements/run.txt -r requirements/build.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): requirements/dev.txt pyproject.toml | $(BIN)/python
	@echo "Installing what Stafett's developers need ..."
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@ $(RUN)

node_modules/.installed: package.json package-lock.json .npmrc
	@tools/needs-npm
	@echo "Installing style sheets and fonts ..."
	@npm ci --silent
	@touch $@

$(ASSETS): node_modules/.installed
	@mkdir -p $(VENDOR)
	@cp $(DS)/dist/src/index.css $(VENDOR)/designsystemet.css
	@cp $(DS)/dist/theme/designsystemet.css $(VENDOR)/theme.css
	@cp $(DS)/LICENSE $(VENDOR)/LICENSE.designsystemet.txt
	@cp $(INTER)/files/inter-latin-wght-normal.woff2 $(INTER)/files/inter-latin-ext-wght-normal.woff2 $(VENDOR)/
	@cp $(INTER)/LICENSE $(VENDOR)/LICENSE.inter.txt
	@touch $@

%.mo: %.po | $(RUN)
	@$(BIN)/pybabel -q compile -i $< -o $@
	@test -f $@ || { echo "$< was passed over: has it lost its header?" >&2; exit 1; }
