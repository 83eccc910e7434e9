# Doitong's commands. `make up` on a machine with Python >= 3.11 is all that a newcomer needs.

VENV := .venv
BIN := $(VENV)/bin
SEED ?= 1
# tests wait a good part of their time: half as many again as there are cores
WORKERS ?= $(shell echo $$(( ($$(nproc) * 3 + 1) / 2 )))
ARGS ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# the newest Python that will do; override with `make PYTHON=/path/to/python3`
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$name"; break; }; done)

.PHONY: help up demo test lint bench gallery screenshots chaos lock clean-data
.DEFAULT_GOAL := help

help: ## Show these commands.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

up: $(VENV)/.installed ## Start everything: database, API, worker. Ctrl-C stops it.
	@exec $(BIN)/doitong up $(ARGS)

demo: $(VENV)/.installed ## The same, then make the documentation's first video and save it here.
	@exec $(BIN)/doitong up --demo $(ARGS)

test: $(VENV)/.installed-dev $(VENV)/.installed-s3 ## Run the tests. ARGS=tests/platform narrows them.
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not slow" $(ARGS)

lint: $(VENV)/.installed-dev ## Check style, types and the direction of imports.
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-dev ## Measure throughput and latency on this machine.
	$(BIN)/python -m bench $(ARGS)

gallery: $(VENV)/.installed-dev ## Render, measure and show Studio's clips (some 20 minutes).
	$(BIN)/python -m gallery $(ARGS)

screenshots: $(VENV)/.installed-dev ## Every page of the dashboard in both languages, two widths, light and dark, into build/screenshots.
	$(BIN)/python -m screenshots $(ARGS)

chaos: $(VENV)/.installed-dev ## Long fault and load runs; SEED=n repeats one.
	DOITONG_CHAOS_SEED=$(SEED) $(BIN)/python -m pytest -m slow $(ARGS)

lock: ## Pin all dependencies again (needs uv).
	@command -v uv >/dev/null || [ -x $(BIN)/uv ] || { echo "make lock needs uv: $(BIN)/pip install uv"; exit 1; }
	@uv=$$(command -v uv || echo $(BIN)/uv); \
	options="--quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate"; \
	export UV_CUSTOM_COMPILE_COMMAND="make lock"; \
	"$$uv" pip compile $$options pyproject.toml requirements.in -o requirements.txt && \
	"$$uv" pip compile $$options pyproject.toml requirements.in --extra dev -c requirements.txt -o requirements-dev.txt && \
	"$$uv" pip compile $$options requirements-s3.in -o requirements-s3.txt
	@! grep -nE '://|^--(index|extra-index|find-links)|@ file' requirements.txt requirements-dev.txt requirements-s3.txt || \
		{ echo "The lock must not name an address or a path."; exit 1; }

clean-data: ## Delete ./data: database, files, keys. Asks first.
	@printf 'Delete ./data with its database, videos and keys? [y/N] '; read -r answer; [ "$$answer" = y ]
	rm -rf data

$(VENV)/.made:
	@[ -n "$(PYTHON)" ] || { echo "Doitong needs Python 3.11 or newer. On Debian: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) cannot make environments. On Debian: apt-get install python3-venv"; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version) ..."
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	@touch $@

# pip checks every file against its hash; it runs only when the lock, or what is compiled, has changed
$(VENV)/.installed: requirements.txt pyproject.toml $(wildcard src/doitong/engines/studio/kernels/*.[ch]) | $(VENV)/.made
	@echo "Installing what Doitong needs (about 200 MB; the first time takes a minute or two) ..."
	@$(BIN)/python -m pip install --require-hashes --only-binary :all: -r requirements.txt
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --no-index -e .
	@$(BIN)/python -c 'import sys; from doitong.engines.studio.kernels import loops; sys.exit(loops is None)' || \
		echo "No C compiler was found: Studio draws with numpy alone, in twice the time. Later: make -B $@"
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@echo "Installing what the tests need ..."
	@$(BIN)/python -m pip install --quiet --require-hashes --only-binary :all: -r requirements-dev.txt
	@touch $@

# moto, the S3 that storage is tested against, wants an older dateutil than strawberry: it has a place of its own
$(VENV)/.installed-s3: requirements-s3.txt $(VENV)/.installed-dev
	@[ -x $(VENV)/s3/bin/python ] || $(PYTHON) -m venv $(VENV)/s3
	@$(VENV)/s3/bin/python -m pip install --quiet --require-hashes --only-binary :all: -r requirements-s3.txt
	@touch $@
