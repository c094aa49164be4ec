# `make` alone explains the targets. Needs a POSIX shell and Python >= 3.11; for Windows see
# notebooks/installation.md.

SHELL = /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:

VENV  = .venv
PINS  = 1
BIN   = $(VENV)/bin
STAMP = $(VENV)/.installed-pins-$(PINS)

# Two test processes share the machine, so each computes with one thread.
ONE_THREAD = OMP_NUM_THREADS=1 MKL_NUM_THREADS=1
# Said on the command line; many shells set a LANGUAGE of their own.
SPOKEN = $(if $(filter command,$(firstword $(origin LANGUAGE))),SPARCODE_LANGUAGE=$(LANGUAGE))
NBVAL = --nbval --nbval-current-env --nbval-sanitize-with tests/nbval_sanitize.cfg \
        -n 2 --dist loadscope

.PHONY: help install lab site test test-matrix notebooks zh figures course bundle front bench fuzz lint format types pins clean distclean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  PYTHON=python3.12  the interpreter for $(VENV), asked for only when $(VENV) is made"
	@echo "  PINS=0             newest packages allowed by pyproject.toml, not those of constraints.txt"
	@echo "  TORCH_INDEX=       take torch from your own package index (on Linux: a build for GPUs)"
	@echo "  LANGUAGE=zh        'make lab', 'course' and 'figures' in Chinese (简体中文)"
	@echo "  ARGS=--no-browser  options for 'make lab', 'figures', 'course', 'bundle', 'fuzz' or 'bench' (ARGS=--help lists them)"
	@echo "  SITE_REPOSITORY=owner/name  on GitHub: adds buttons for Binder, Colab, Codespaces to 'make site'"
	@echo "  NB=notebooks/x.ipynb  the notebooks for 'make notebooks' (default: all)"

install: $(STAMP) ## make .venv and install the project into it

# One stamp for each value of PINS: changing the mode, pyproject.toml or constraints.txt installs anew.
$(STAMP): pyproject.toml constraints.txt
	@PYTHON="$(PYTHON)" sh .ci/install.sh "$(VENV)" "$(PINS)"
	@rm -f $(VENV)/.installed-pins-*
	@touch $@

lab: $(STAMP) ## open the notebooks in JupyterLab
	@$(SPOKEN) $(BIN)/python -m sparcode_mini.lab $(ARGS)

site: $(STAMP) ## build the static site from the stored outputs into build/site
	@$(BIN)/python -m sparcode_mini.site

test: $(STAMP) lint types ## everything that must hold: style, types, tests, stored outputs
	$(ONE_THREAD) $(BIN)/python -m pytest -n 2 --dist worksteal --cov=sparcode_mini --cov-branch \
	    --cov-report=term-missing:skip-covered
	@set -- notebooks/*.ipynb; \
	if [ -e "$$1" ]; then \
	    echo "Running the notebooks again to compare them with their stored outputs"; \
	    $(ONE_THREAD) $(BIN)/python -m pytest $(NBVAL) "$$@"; \
	else \
	    echo "No notebook in notebooks/ yet"; \
	fi
	@echo "make test: style, types, spelling, tests, coverage and notebooks passed"

test-matrix: $(STAMP) ## the printed numbers, on each instruction set, with one and two threads
	$(BIN)/python tests/matrix.py

notebooks: $(STAMP) ## run the notebooks and store their outputs
	$(ONE_THREAD) $(BIN)/python tests/notebooks.py $(NB)

zh: $(STAMP) ## make and run the Chinese notebooks, after the English; list what is not translated
	$(BIN)/python tests/translation.py
	$(ONE_THREAD) $(BIN)/python tests/notebooks.py --language zh $(NB)

front: $(STAMP) ## from the stored results: the README's picture, assets/results/README.md
	@$(BIN)/python -m sparcode_mini.plots.front_page
	@$(BIN)/python -m sparcode_mini.lessons.real_data.report

figures: $(STAMP) ## run the lessons, write their pictures as SVG and PNG into build/figures
	$(SPOKEN) $(ONE_THREAD) $(BIN)/python -m sparcode_mini.course.figures $(ARGS)

course: $(STAMP) ## the kit for a class into build/course: editions, slides, plans, quiz, homework
	$(BIN)/python -m pip install -q -c constraints.txt -e ".[course]"
	$(SPOKEN) $(ONE_THREAD) $(BIN)/sparcode-mini course $(ARGS)

bundle: $(STAMP) ## packages, lessons and site for laptops without a network: build/course/bundle (1.4 GB)
	$(BIN)/python -m pip install -q -c constraints.txt -e ".[course]"
	$(BIN)/python -m sparcode_mini.course.bundle $(ARGS)

bench: $(STAMP) ## measure speed beside the peers: build/bench/report.md (15 minutes, an idle machine)
	$(BIN)/python -m pip install -q -c constraints.txt -e ".[bench]"
	$(ONE_THREAD) $(BIN)/python tests/benchmarks/report.py $(ARGS)

fuzz: $(STAMP) ## feed hostile files to all readers for 10 minutes; faults: build/fuzz (ARGS=--help)
	$(ONE_THREAD) $(BIN)/python tests/fuzz.py $(ARGS)

lint: $(STAMP) ## ruff and codespell
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell

format: $(STAMP) ## let ruff rewrite the files
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(STAMP) ## mypy --strict
	$(BIN)/mypy

pins: $(STAMP) ## write the versions installed in .venv to constraints.txt
	$(BIN)/python tests/pins.py --write

clean: ## remove caches and build leftovers
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.* htmlcov build dist
	rm -rf *.egg-info
	find . -path './$(VENV)' -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints \) \
	    -type d -prune -exec rm -rf {} +

distclean: clean ## the same, and .venv
	rm -rf "$(VENV)"
