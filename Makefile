# The commands of README. Each prepares what it needs and is quick the second time: what is done leaves a stamp in .venv.
# Nothing but make and a Python >= 3.11 is assumed.

VENV := .venv
PY   := $(VENV)/bin/python
PIP  := PYTHONWARNINGS=ignore $(PY) -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
NPM  := PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(VENV)/bin/npm --prefix tests/npm

RUNTIME := $(VENV)/.runtime-installed
TOOLS   := $(VENV)/.tools-installed
NPM_SET := $(VENV)/.npm-installed
PINS    := pyproject.toml constraints.txt $(wildcard clients/guard/pyproject.toml)
GUARD   := $(if $(wildcard clients/guard/pyproject.toml),--editable clients/guard)

# The servers that are started here are on this machine: no proxy stands between them and their clients.
export NO_PROXY := 127.0.0.1,localhost,::1,$(NO_PROXY)
export no_proxy := $(NO_PROXY)

# A venv knows its folder by absolute path. One that came along when the clone was copied or moved is made anew.
ifneq ($(shell cat $(VENV)/.folder 2>/dev/null),$(CURDIR))
$(shell rm -f $(VENV)/.folder $(RUNTIME) $(TOOLS) $(NPM_SET))
endif

.DEFAULT_GOAL := help
.PHONY: help demo test lint format bench mutation clean setup-test

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

demo: $(RUNTIME) ## play the main journey over real HTTP, then leave the servers up (ONCE=1: exit after the journey)
	@$(PY) -m clients.demo $(if $(ONCE),--once)

test: lint setup-test ## every check and every test, on real PostgreSQL, Redis, Chromium, Node and Apache (ARGS=... goes to pytest)
	@$(PY) -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(ARGS)

lint: $(TOOLS) ## ruff, formatting, types, import contracts
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports --no-logo

format: $(TOOLS) ## rewrite the code in the house format
	@$(PY) -m ruff check --fix --quiet . || true
	@$(PY) -m ruff format .

bench: $(TOOLS) ## measure requests per second beside an empty route (ARGS=... goes to the bench)
	@$(PY) -m tests.real.install postgresql redis wrk
	@$(PY) -m tests.bench $(ARGS)

mutation: $(TOOLS) ## change the engine in every small way and see that its tests notice (long; ARGS="--sample 150" for some)
	@nice -n 5 $(PY) -m tests.mutation policies/*.py $(ARGS)

clean: ## forget the venv, caches and downloaded packages
	rm -rf $(VENV) tests/npm/node_modules .demo .test .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

setup-test: $(TOOLS) $(NPM_SET)
	@$(PY) -m tests.real.install postgresql redis chromium japanese-font apache

$(VENV)/.folder:
	@sh tests/real/make-venv $(VENV)
	@printf '%s' "$(CURDIR)" > $@

$(RUNTIME): $(VENV)/.folder $(PINS)
	@echo "Installing the pinned packages"
	@$(PIP) setuptools
	@$(PIP) --no-build-isolation --editable '.[demo]' $(GUARD)
	@touch $@

$(TOOLS): $(RUNTIME)
	@echo "Installing the pinned test tools"
	@$(PIP) --no-build-isolation --editable '.[test]'
	@touch $@

$(NPM_SET): tests/npm/package.json $(TOOLS)
	@echo "Installing the pinned npm packages"
	@$(NPM) install --ignore-scripts --no-package-lock --no-audit --no-fund --no-update-notifier --silent
	@touch $@
