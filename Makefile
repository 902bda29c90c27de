# Two commands do all set-up: `make up` to run everything, `make test` to run every test.

SHELL := /bin/bash
VENV ?= .venv
PLAY_VENV ?= .venv-play
BOOTSTRAP ?= python3
DATA_DIR := $(or $(RPS_DATA_DIR),var)
PIP_INSTALL = -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
SUPERVISE = supervisord --configuration supervisord.conf $(if $(filter 0,$(shell id -u)),--user root)

.PHONY: up play test lint bench help clean browser

help:
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 10

up: $(VENV)/.running  ## run server, sidecar and trainer; Ctrl-C stops them
	@mkdir -p $(DATA_DIR)
	@TRAINER=true PYTHON=$(VENV)/bin/python DATA_DIR=$(DATA_DIR) exec $(VENV)/bin/$(SUPERVISE)

play: $(if $(wildcard $(VENV)/.running),$(VENV)/.running,$(PLAY_VENV)/.playing)  ## run server and sidecar only, without the training libraries
	@mkdir -p $(DATA_DIR)
	@VENV=$(if $(wildcard $(VENV)/.running),$(VENV),$(PLAY_VENV)); \
	TRAINER=false PYTHON=$$VENV/bin/python DATA_DIR=$(DATA_DIR) exec $$VENV/bin/$(SUPERVISE)

test: $(VENV)/.testing browser  ## set up what is needed and run every test
	$(VENV)/bin/coverage erase
	$(VENV)/bin/coverage run --source=game -m pytest $(PYTEST)
	$(VENV)/bin/coverage report --fail-under=100 --skip-covered

lint: $(VENV)/.testing  ## ruff, mypy and, where npm is there, tsc
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy game models server inference trainer bench
	@if command -v npm >/dev/null; then cd web && npm ci --silent --no-audit --no-fund && npm run --silent check; \
	else echo "npm is not there: the browser client's types are not checked."; fi

bench: $(VENV)/.testing  ## measure, and print the table
	$(VENV)/bin/python -m bench

browser:
	@command -v chromium >/dev/null && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Chromium for the browser tests."; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	else echo "Chromium is not there: the browser tests will be skipped."; fi

$(VENV)/bin/python:
	$(BOOTSTRAP) -m venv $(VENV)

$(VENV)/.running: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing server, sidecar and trainer (the first time: some minutes)."
	@$(VENV)/bin/python $(PIP_INSTALL) --editable '.[server,inference,trainer,local]'
	@touch $@

$(VENV)/.testing: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing everything and the test tools (the first time: some minutes)."
	@$(VENV)/bin/python $(PIP_INSTALL) --editable '.[server,inference,trainer,league,local,dev]'
	@touch $@ $(VENV)/.running

$(PLAY_VENV)/.playing: pyproject.toml constraints.txt
	@echo "Installing server and sidecar."
	@$(BOOTSTRAP) -m venv $(PLAY_VENV)
	@$(PLAY_VENV)/bin/python $(PIP_INSTALL) --editable '.[server,inference,local]'
	@touch $@

clean:  ## remove what was installed and built; play data in var/ stays
	rm -rf $(VENV) $(PLAY_VENV) build *.egg-info web/node_modules
