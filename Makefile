# One command each; `make demo` and `make test` do all their own set-up on a fresh machine.
# Without make (Windows), CONTRIBUTING.md has the bare commands.

PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
BUILT  := $(VENV)/.built
PEERS  := .venv-peers
# rustup installs here; a shell opened before that does not know the folder yet.
export PATH := $(PATH):$(HOME)/.cargo/bin

# Python files are used in place; only these make a rebuild necessary.
RUST_SOURCES := Cargo.toml Cargo.lock pyproject.toml $(shell find src -name '*.rs')
EXTENSION    := $(wildcard python/synvec/_core*.so)

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench clean rebuild

help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14

setup: $(BUILT) ## make .venv and install synvec in it, optimised, with the tools of development

demo: $(BUILT) ## train on English, save, and ask; CORPUS=path takes your own text
	$(PY) -m synvec.demo $(if $(CORPUS),"$(CORPUS)")

test: $(BUILT) ## the Python tests
	$(PY) -m pytest

lint: $(BUILT) ## ruff, mypy --strict, rustfmt, clippy
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	cargo fmt --check
	PYO3_PYTHON="$(CURDIR)/$(PY)" cargo clippy --all-features --all-targets -- -D warnings

bench: $(BUILT) $(PEERS)/.built ## the kernels alone, then training beside gensim and fastText; needs CORPUS=path
	@test -n "$(CORPUS)" || { echo 'make bench needs a text: make bench CORPUS=path' >&2; exit 2; }
	cargo bench --bench kernels
	$(PY) -m benchmarks.train --corpus "$(CORPUS)" $(if $(EVAL),--eval-dir "$(EVAL)") $(ARGS)

# The peers pin their own NumPy and SciPy, so they live apart.
$(PEERS)/.built: benchmarks/requirements-peers.txt
	test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --requirement $<
	@touch $@

clean: ## remove everything that the other commands made
	rm -rf $(VENV) $(PEERS) target dist demo.kv .mypy_cache .pytest_cache .ruff_cache .hypothesis
	rm -f python/synvec/_core*.so
	find python tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# An active environment of the user's own must not be the one that is installed into.
$(BUILT): $(RUST_SOURCES) $(if $(EXTENSION),,rebuild)
	@$(PYTHON) tools/check_toolchain.py
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	test -x $(VENV)/bin/maturin || $(PY) -m pip install --quiet --upgrade pip 'maturin>=1.9,<2'
	env -u CONDA_PREFIX VIRTUAL_ENV="$(CURDIR)/$(VENV)" \
		$(VENV)/bin/maturin develop --release --extras dev
	@touch $@

rebuild:
