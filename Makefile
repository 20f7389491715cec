# The hall on one machine. Needs python3 (3.11 or newer) and make; everything else is installed into .venv.
#
#   make up       start the hall; Ctrl-C stops it       make test     all tests
#   make demo     play a story on a running hall        make check    lint, types, imports, contracts, migrations
#   make lock     renew the locks after a change        make bench    measurements
#   make soak     trade for ARGS="--minutes 10" while parts of the hall are killed, then count

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: up demo test check bench soak lock install install-dev help

help:
	@sed -n 's/^#  *//p' Makefile

up: .venv/installed
	@exec $(BIN)/zayton up $(ARGS)

demo: .venv/installed
	@$(BIN)/zayton demo $(ARGS)

test: .venv/installed-dev
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

check: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python proto/generate.py --check
	$(BIN)/python -m deploy.k8s.topics --check
	$(BIN)/python -m deploy.local.check_migrations

bench: .venv/installed-dev
	$(BIN)/python -m bench $(ARGS)

soak: .venv/installed-dev
	$(BIN)/python -m bench.soak $(ARGS)

# Hashes, and no addresses: the locks install from any mirror.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --custom-compile-command "make lock" $(ARGS)

lock: .venv/bin/uv
	$(LOCK) pyproject.toml --output-file requirements.lock
	$(LOCK) pyproject.toml --group dev --constraints requirements.lock --output-file requirements-dev.lock

.venv/bin/uv: .venv/bin/python
	$(PIP) install "uv>=0.13"

install: .venv/installed
install-dev: .venv/installed-dev

# Stamps: an install that is done is not done again until its lock changes.
.venv/installed: requirements.lock pyproject.toml | .venv/bin/python
	@echo "Installing the libraries of the hall into .venv (once, a minute or two)"
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/installed-dev: requirements-dev.lock .venv/installed
	$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "The hall needs Python 3.11 or newer. Name one: make PYTHON=python3.12 up" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' || { \
	  echo "This $(PYTHON) lacks venv. Install it (Debian, Ubuntu: apt install python3-venv) and run make again." >&2; exit 1; }
	$(PYTHON) -m venv .venv
