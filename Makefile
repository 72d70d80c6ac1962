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
# The explorer's page, in TypeScript; without Node all else works, and the server says how to build it.
NPM          := $(shell node tools/check_node.cjs 2>/dev/null && command -v npm)
PAGE         := python/synvec/explorer/built/index.html
WEB_SOURCES  := $(shell find web/src -type f) $(addprefix web/,index.html package.json package-lock.json vite.config.js tsconfig.json)
NODE_MODULES := web/node_modules/.installed

.DEFAULT_GOAL := help
.PHONY: help setup setup-browser page demo test lint bench clean rebuild

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 22

setup: $(BUILT) page ## make .venv and install synvec in it, optimised, with the tools of development

page: $(if $(NPM),$(PAGE)) ## build the explorer's page, where Node.js 20.19 or newer is found
	@$(if $(NPM),:,echo 'no Node.js 20.19, 22.13 or newer here: the page of `synvec explore` is not built')

setup-browser: ## install Chromium for the tests of the page (Debian, Ubuntu; as root or with sudo)
	@tools/setup_browser.sh

demo: $(BUILT) ## train on English, save, and ask; CORPUS=path takes your own text
	$(PY) -m synvec.demo $(if $(CORPUS),"$(CORPUS)")

test: $(BUILT) page ## the Python tests
	$(PY) -m pytest

lint: $(BUILT) $(if $(NPM),$(NODE_MODULES)) ## ruff, mypy --strict, rustfmt, clippy; tsc and ESLint where Node is
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	cargo fmt --check
	PYO3_PYTHON="$(CURDIR)/$(PY)" cargo clippy --all-features --all-targets -- -D warnings
	$(if $(NPM),cd web && npm run --silent check)

bench: $(BUILT) $(PEERS)/.built ## the kernels alone, then training beside gensim and fastText; needs CORPUS=path
	@test -n "$(CORPUS)" || { echo 'make bench needs a text: make bench CORPUS=path' >&2; exit 2; }
	cargo bench --bench kernels
	$(PY) -m benchmarks.train --corpus "$(CORPUS)" $(if $(EVAL),--eval-dir "$(EVAL)") $(ARGS)

# The peers pin their own NumPy and SciPy, so they live apart.
$(PEERS)/.built: benchmarks/requirements-peers.txt
	test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --requirement $<
	@touch $@

$(PAGE): $(WEB_SOURCES) $(NODE_MODULES)
	cd web && npm run --silent build -- --logLevel warn
	@touch $@

$(NODE_MODULES): web/package.json web/package-lock.json
	cd web && npm ci --no-audit --no-fund --loglevel error
	@touch $@

clean: ## remove everything that the other commands made
	rm -rf $(VENV) $(PEERS) target dist demo.kv .mypy_cache .pytest_cache .ruff_cache .hypothesis
	rm -f python/synvec/_core*.so
	rm -rf web/node_modules python/synvec/explorer/built
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
