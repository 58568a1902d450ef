# Everything runs in .venv, which `make install` makes from constraints.txt; each target below installs what it needs.

VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# Interpreters to try, in this order; `make install PYTHON=/path/to/python3.12` names one.
PYTHON ?= python3 python3.13 python3.12 python3.11 python3.14 python

# Where PyTorch's wheels for processors alone lie. PyPI's wheels for Linux bring gigabytes for NVIDIA's cards.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

DEMO_SEEDS ?= auto
DEMO_BUDGET ?= 300
DEMO_FEATURES ?= pixels,efficientnet-lite0
DEMO_STRATEGIES ?= linear-probe,augment,fixmatch,fixmatch-mix@efficientnet-lite0,sgan-fixmatch
FULL_STRATEGIES ?= all
FULL_SEARCH ?= 10

TEST_JOBS ?= 2
PYTEST_ARGS ?=
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(TEST_JOBS) --dist worksteal $(PYTEST_ARGS)

.PHONY: help install demo demo-full test test-all coverage lint docs bench records clean

help:
	@echo "make demo       compare strategies on bundled images, by pixels and by features; prints where report.html is (less than 10 minutes)"
	@echo "make demo-full  compare every strategy, each with its options searched (hours)"
	@echo "make test       the tests; make test-all adds their long forms"
	@echo "make coverage   the tests again, with the lines that they reach; fails below nine tenths"
	@echo "make lint       style, types and the import contract"
	@echo "make docs       the documentation as a site in build/site"
	@echo "make records    the measured records that are older than the code, made anew (hours; goes on where it stopped)"
	@echo "make bench      images a second of each training step"
	@echo "make install    .venv alone; make clean removes it and what tools left"

install: $(STAMP)

$(STAMP): constraints.txt pyproject.toml
	@chosen=""; for candidate in $(PYTHON); do \
	    if "$$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; then \
	        chosen="$$candidate"; break; \
	    fi; \
	done; \
	if [ -z "$$chosen" ]; then \
	    echo "ganlift needs Python 3.11 to 3.14, and none of these is one: $(PYTHON)." >&2; \
	    echo "Install one, or say where it is: make install PYTHON=/path/to/python3.12" >&2; exit 2; \
	fi; \
	if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
	    echo "Making $(VENV) with $$chosen"; \
	    "$$chosen" -m venv $(VENV) || { \
	        echo "$$chosen can't make a virtual environment; on Debian and Ubuntu: apt install python3-venv" >&2; exit 2; }; \
	fi
	@torch=$$(grep '^torch==' constraints.txt); extra=""; \
	if [ "$$(uname -s)" = Linux ] && ! command -v nvidia-smi >/dev/null 2>&1 \
	    && ! $(BIN)/python -m pip config list | grep -qE "index-url|find-links"; then \
	    extra="--extra-index-url $(TORCH_INDEX)"; \
	fi; \
	echo "Installing $$torch $$extra"; \
	$(BIN)/python -m pip install --disable-pip-version-check --no-compile -c constraints.txt $$extra "$$torch" \
	    || { [ -n "$$extra" ] && $(BIN)/python -m pip install --disable-pip-version-check --no-compile -c constraints.txt "$$torch"; }
	$(BIN)/python -m pip install --disable-pip-version-check --no-compile --quiet -c constraints.txt -e '.[dev,docs]'
	@# What pip would compile one file after the other; templates that aren't Python make it say so and go on.
	@$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true
	@touch $(STAMP)

demo: install
	$(BIN)/ganlift compare fashion-mini --labels-per-class 10 --features $(DEMO_FEATURES) \
	    --strategies $(DEMO_STRATEGIES) --seeds $(DEMO_SEEDS) --budget $(DEMO_BUDGET) --out runs/demo

demo-full: install
	$(BIN)/ganlift compare fashion-mini --labels-per-class 10 --strategies $(FULL_STRATEGIES) \
	    --seeds $(DEMO_SEEDS) --budget $(DEMO_BUDGET) --search $(FULL_SEARCH) --out runs/demo-full

test: install
	$(PYTEST) -m "not full"

test-all: install
	$(PYTEST)

coverage: install
	$(PYTEST) -m "not full" --cov --cov-report=term:skip-covered

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "build/site/index.html"

bench: install
	$(BIN)/python benchmarks/throughput.py

records: install
	$(BIN)/python benchmarks/records.py $(RECORDS)

clean:
	rm -rf $(VENV) build dist src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage*
