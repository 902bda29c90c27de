# Two commands do all set-up: `make up` to run everything, `make test` to run every test.

SHELL := /bin/bash
VENV ?= .venv
PLAY_VENV ?= .venv-play
BOOTSTRAP ?= python3
DATA_DIR := $(or $(RPS_DATA_DIR),var)
PIP_INSTALL = -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
SUPERVISE = supervisord --configuration supervisord.conf $(if $(filter 0,$(shell id -u)),--user root)

# Objectives look back thirty days, so Prometheus keeps a little more.
OBSERVE_PORT ?= 9090
OBSERVED = $(DATA_DIR)/prometheus
reached = $(or $(filter-out 0.0.0.0 ::,$(1)),127.0.0.1)

VERSION = $(shell sed -n 's/^VERSION = "\(.*\)"/\1/p' telemetry/release.py)

# Test files run side by side, in the order of their names: the longest are not the last. One file's tests stay together.
WORKERS ?= 2

CHECKOV = .venv-checkov/bin/checkov

# What checks the browser client's types, and what holds the documents against their specifications.
TYPED = web/node_modules/.package-lock.json
DOCUMENTED = docs/node_modules/.package-lock.json

HANDS = models/hands/fetched/LICENSE
FETCH_HANDS = test -e $(HANDS) || { echo "Fetching the hand networks (36 MB)."; $$PYTHON -m models.hands.fetch || true; }

.PHONY: up play setup test lint bench doctor notebooks observe images manifests help clean tools

help:
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 10

up: $(VENV)/.running  ## run server, sidecar and trainer; Ctrl-C stops them
	@PYTHON=$(VENV)/bin/python; $(FETCH_HANDS)
	@mkdir -p $(DATA_DIR)
	@TRAINER=true PYTHON=$(VENV)/bin/python DATA_DIR=$(DATA_DIR) exec $(VENV)/bin/$(SUPERVISE)

play: $(if $(wildcard $(VENV)/.running),$(VENV)/.running,$(PLAY_VENV)/.playing)  ## run server and sidecar only, without the training libraries
	@mkdir -p $(DATA_DIR)
	@VENV=$(if $(wildcard $(VENV)/.running),$(VENV),$(PLAY_VENV)); \
	PYTHON=$$VENV/bin/python; $(FETCH_HANDS); \
	TRAINER=false PYTHON=$$VENV/bin/python DATA_DIR=$(DATA_DIR) exec $$VENV/bin/$(SUPERVISE)

setup: $(VENV)/.testing  ## install everything and the test tools, and run nothing

test: $(VENV)/.testing tools  ## set up what is needed and run every test
	@! command -v npm >/dev/null || $(MAKE) --silent $(DOCUMENTED) || \
		echo "The documents' tools could not be installed, so the tests that need them will be skipped."
	@PYTHON=$(VENV)/bin/python; $(FETCH_HANDS)
	$(VENV)/bin/coverage erase
	$(VENV)/bin/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --cov=game --cov-branch --cov-report= $(PYTEST)
	$(VENV)/bin/coverage report --fail-under=100 --skip-covered

lint: $(VENV)/.testing  ## ruff, mypy and, where npm is there, tsc and the links in the documents
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy game models telemetry server inference trainer bench k8s notebooks
	@if command -v npm >/dev/null; then $(MAKE) --silent $(TYPED) && npm --prefix web run --silent check; \
	else echo "npm is not there: the browser client's types are not checked."; fi
	@if command -v npm >/dev/null; then $(MAKE) --silent $(DOCUMENTED) && npm --prefix docs run --silent links; \
	else echo "npm is not there: the documents' links are not checked."; fi

doctor:  ## look at what is installed and runs here, and say how to mend what is wrong
	@VENV=$(if $(wildcard $(VENV)/.running),$(VENV),$(if $(wildcard $(PLAY_VENV)/.playing),$(PLAY_VENV))); \
	test -n "$$VENV" || { echo "Nothing is installed here yet: make up, or make play for server and sidecar alone."; exit 1; }; \
	case $$VENV in $(PLAY_VENV)) all="server inference" ;; *) all="server inference trainer" ;; esac; \
	echo "Looking at $$all with $$VENV."; worst=0; \
	for process in $$all; do echo; $$VENV/bin/python -m $$process doctor || worst=$$?; done; exit $$worst

bench: $(VENV)/.testing  ## measure, and print the table
	$(VENV)/bin/python -m bench

notebooks: $(VENV)/.testing  ## execute the notebooks at full size and store what they show
	$(VENV)/bin/python -m notebooks.execute

observe:  ## run Debian's Prometheus on what runs here, with the alerts; Ctrl-C stops it
	@command -v prometheus >/dev/null || { \
		echo "Prometheus is not there. On Debian: apt-get install --no-install-recommends prometheus"; exit 1; }
	@mkdir -p $(OBSERVED)
	@sed -e '/server/,/targets/ s|127.0.0.1:8000|$(call reached,$(RPS_HOST)):$(or $(RPS_PORT),8000)|' \
		-e '/inference/,/targets/ s|127.0.0.1:8001|$(call reached,$(RPS_INFERENCE_HOST)):$(or $(RPS_INFERENCE_PORT),8001)|' \
		-e '/trainer/,/targets/ s|127.0.0.1:8002|127.0.0.1:$(or $(RPS_ADMIN_PORT),8002)|' \
		-e 's|- rules.yml|- $(CURDIR)/k8s/prometheus/rules.yml|' k8s/prometheus/prometheus.yml > $(OBSERVED)/prometheus.yml
	@echo "Prometheus: http://127.0.0.1:$(OBSERVE_PORT) (/targets: what answers, /alerts, /graph: ask)."
	@echo "Dashboards: docs/operations.md says how a Grafana gets them."
	@exec prometheus --config.file=$(OBSERVED)/prometheus.yml --storage.tsdb.path=$(OBSERVED)/data \
		--storage.tsdb.retention.time=35d --web.listen-address=127.0.0.1:$(OBSERVE_PORT) --log.level=warn

images:  ## build the three container images; TORCH_INDEX is the address of PyTorch's CPU index
	@command -v docker >/dev/null && docker info >/dev/null 2>&1 || { \
		echo "No container engine answers: nothing is built. Docker, or Podman as docker, must be installed and running."; exit 1; }
	@test -n "$(TORCH_INDEX)" || { echo "The trainer needs TORCH_INDEX, the address of PyTorch's CPU index."; exit 1; }
	@for process in server inference trainer; do \
		docker build --file k8s/images/$$process.Dockerfile --tag rps-quest/$$process:$(VERSION) --build-arg VERSION=$(VERSION) \
			$(if $(PIP_INDEX_URL),--build-arg PIP_INDEX_URL=$(PIP_INDEX_URL)) \
			$$(test $$process != trainer || echo --build-arg TORCH_INDEX=$(TORCH_INDEX)) . || exit 1; \
	done

manifests: $(VENV)/.testing $(CHECKOV)  ## hold the Kubernetes manifests against its schemas and checkov's rules
	@$(VENV)/bin/python -m k8s.check --checkov $(CHECKOV)

$(TYPED) $(DOCUMENTED): %/node_modules/.package-lock.json: %/package.json %/package-lock.json
	@cd $* && npm ci --loglevel=error --no-audit --no-fund >/dev/null
	@touch $@

$(CHECKOV):
	@echo "Installing checkov in an environment of its own (400 MB)."
	@$(BOOTSTRAP) -m venv .venv-checkov
	@.venv-checkov/bin/python -m pip install --quiet --disable-pip-version-check checkov==3.3.30

tools:
	@missing=$$(for tool in chromium prometheus; do command -v $$tool >/dev/null || echo $$tool; done); \
	[ -z "$$missing" ] && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing for the tests:" $$missing; \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
			apt-get install -y -qq --no-install-recommends $$missing >/dev/null; } || \
			echo "That did not work, so the tests that need it will be skipped:" $$missing; \
	else echo "Not there, so the tests that need it will be skipped:" $$missing; fi

$(VENV)/bin/python:
	$(BOOTSTRAP) -m venv $(VENV)

$(VENV)/.running: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing server, sidecar and trainer (the first time: some minutes)."
	@$(VENV)/bin/python $(PIP_INSTALL) --editable '.[server,inference,trainer,local]'
	@touch $@

$(VENV)/.testing: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing everything and the test tools (the first time: some minutes)."
	@$(VENV)/bin/python $(PIP_INSTALL) --editable '.[server,inference,trainer,league,local,dev,cluster,notebooks]'
	@touch $@ $(VENV)/.running

$(PLAY_VENV)/.playing: pyproject.toml constraints.txt
	@echo "Installing server and sidecar."
	@$(BOOTSTRAP) -m venv $(PLAY_VENV)
	@$(PLAY_VENV)/bin/python $(PIP_INSTALL) --editable '.[server,inference,local]'
	@touch $@

clean:  ## remove what was installed and built; play data in var/ stays
	rm -rf $(VENV) $(PLAY_VENV) build *.egg-info web/node_modules docs/node_modules
