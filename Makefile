# Everything runs in .venv, which is made once from the lock files and made again when they change.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
LOCKS  := requirements/dev.txt requirements/docs.txt
JOBS   ?= $(shell nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2)

FUZZ_SECONDS ?= 3600

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test quick check format golden generate bench property conformance conformance-upgrades conformance-envoy conformance-bootstraps conformance-xds fuzz-xds load-xds fuzz docs lock clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-24s %s\n", $$1, $$2}'

setup: $(READY) ## make .venv from the lock files

$(READY): $(LOCKS) pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes $(LOCKS:%=-r %)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## show what the coolstore becomes, what a change does, and the mesh in real Envoys
	$(BIN)/python -m examples.demo

test: $(READY) ## run every test
	$(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal

quick: $(READY) ## run the unit tests and the goldens without the slow ones, in under a minute
	$(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal -m "not slow" tests/unit tests/golden

check: $(READY) ## format, lint, types, import contracts, generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python codegen/generate.py --check

format: $(READY) ## format and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

golden: $(READY) ## rewrite the golden files from what is compiled now
	MESHCOMPILE_REWRITE_GOLDENS=1 $(BIN)/python -m pytest -q tests/golden

generate: $(READY) ## rewrite generated code, schemas and pages
	$(BIN)/python codegen/generate.py

bench: $(READY) ## measure, compare with the last run, and check the limits
	$(BIN)/python -m bench --check $(ARGS)

property: $(READY) ## run the property tests with examples that no run has used
	$(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal --hypothesis-profile new-examples tests/property $(ARGS)

conformance: $(READY) ## compare every conformance case with istiod's answers
	$(BIN)/python -m tests.conformance.parity --jobs $(JOBS) $(ARGS)
	$(BIN)/python -m tests.conformance.parity --jobs $(JOBS) --release 1.29 --min 99.9 --min-proxies 99.5 $(ARGS)
	$(BIN)/python -m tests.conformance.parity --jobs $(JOBS) --release 1.31 --min 99.9 --min-proxies 99.5 $(ARGS)

conformance-upgrades: $(READY) ## judge the upgrade report of every conformance case by the answers of both releases
	$(BIN)/python -m tests.conformance.upgrades --jobs $(JOBS) --diff 3 --min 99 $(ARGS)

conformance-envoy: $(READY) ## compare the evaluator, proofs and diffs with the real Envoy: takes about two hours
	$(BIN)/python -m tests.envoy.simulated --requests 100000 $(ARGS)
	$(BIN)/python -m tests.envoy.route_claims --tables 20000 --requests 1000000 $(ARGS)
	$(BIN)/python -m tests.envoy.chain_claims --listeners 5000 $(ARGS)
	$(BIN)/python -m tests.envoy.part_claims --meshes 1500 $(ARGS)
	$(BIN)/python -m tests.envoy.mesh_claims --pairs 5000 $(ARGS)

conformance-bootstraps: $(READY) ## let the real Envoy check the static bootstrap of every conformance case
	$(BIN)/python -m tests.envoy.bootstraps $(ARGS)

conformance-xds: $(READY) ## change and restart the xDS server under a steady client, and fuzz it for a minute
	$(BIN)/python -m tests.serve.steady --protocol delta --changes 100 --restarts 5
	$(BIN)/python -m tests.serve.steady --protocol sotw --changes 100 --restarts 5
	$(MAKE) --no-print-directory fuzz-xds

fuzz-xds: $(READY) ## fuzz the xDS server for a minute
	$(BIN)/python -m tests.serve.fuzz --seconds 60

load-xds: $(READY) ## measure a change with 500 proxies of 1,000 services, and the memory of the xDS server over 1,000 changes
	$(BIN)/python -m tests.serve.load --clients 500 --services 1000
	$(BIN)/python -m tests.serve.load --clients 20 --services 50 --changes 1000 --most-growth 5

fuzz: $(READY) ## look for crashes with byte-level fuzzing, for FUZZ_SECONDS
	PYTHONPATH=src:. $(BIN)/python -m tests.fuzz.corpus .cache/fuzz
	PYTHONPATH=src:. $(BIN)/python tests/fuzz/target.py -max_total_time=$(FUZZ_SECONDS) -timeout=30 -artifact_prefix=.cache/ -dict=.cache/fuzz.dict .cache/fuzz

docs: $(READY) ## build the documentation site into site/
	$(BIN)/python codegen/generate_codes.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

lock: $(READY) ## resolve the dependencies again and write requirements/*.txt
	codegen/lock.sh $(BIN)

clean: ## remove everything that was made
	rm -rf $(VENV) site build dist docs/codes .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
