# make study    run what changed of the study: notebooks, figures, tables (creates the environment first)
# make study-full   the same after computing simulations and embeddings again (hours)
# make test     run all tests
# make quick    lint, types and the quick tests side by side, in half a minute
# make pages    reword captions and findings in gallery, README and notebooks, without running any
# make site     build the site and the explorer into build/site, from what is stored: nothing is run
# make lab      open the notebooks in JupyterLab
# make verify   compare the last run with what is committed
# make bench    compare the topics with other libraries' (see benchmarks/README.md)
# make mutants  change the package stats line by line and see which changes no test notices
# make lock     fit requirements.lock and environment.yml to pyproject.toml
#
# Needs Python 3.11 to 3.13; name another one with `make study PYTHON=python3.12`.

PYTHON ?= python3
VENV ?= .venv
# How many processes run tests side by side, and which tests: `make test SELECT=slow`.
JOBS ?= 2
SELECT ?=
BESIDE = -n $(JOBS) --dist loadfile --no-loadscope-reorder
INSTALLED := $(VENV)/.installed

.PHONY: study study-full test quick lint types fast pages site lab verify bench mutants lock

study: $(INSTALLED)
	$(VENV)/bin/defection-framing study

study-full: $(INSTALLED)
	$(VENV)/bin/defection-framing study --full

pages: $(INSTALLED)
	$(VENV)/bin/defection-framing pages

site: $(INSTALLED)
	$(VENV)/bin/defection-framing site

test: $(INSTALLED)
	$(VENV)/bin/python -m pytest $(BESIDE) $(if $(SELECT),-m $(SELECT))

quick:
	$(MAKE) --no-print-directory -j 3 lint types fast

lint types fast: $(INSTALLED)
lint:
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check

types:
	$(VENV)/bin/mypy

fast:
	$(VENV)/bin/python -m pytest $(BESIDE) -m "not slow"

lab: $(INSTALLED)
	$(VENV)/bin/jupyter lab --LabApp.default_url=/lab/tree/notebooks/0_report.ipynb

verify: $(INSTALLED)
	$(VENV)/bin/defection-framing verify

mutants: $(INSTALLED)
	$(VENV)/bin/python -m pip install --quiet 'mutmut>=3.8,<4' && $(VENV)/bin/python -m mutmut run

# The peers live in an environment of their own: turftopic needs an older rich than the lock names.
bench:
	mkdir -p build
	$(PYTHON) -m venv build/bench
	sed -n 's/^\([a-z0-9-]*==[^ ]*\).*/\1/p' requirements.lock | grep -v '^rich==\|^soupsieve==' > build/bench/lock.txt
	build/bench/bin/pip install --quiet -c build/bench/lock.txt -c torch.lock -e . -r benchmarks/requirements.txt
	build/bench/bin/pip install --quiet --no-deps -r benchmarks/requirements-no-deps.txt
	build/bench/bin/python benchmarks/bench.py

# Installs once, and again when the dependencies or the lock change. The last step installs torch and
# the package itself.
$(INSTALLED): pyproject.toml requirements.lock torch.lock
	@$(PYTHON) -c 'import sys; (3, 11) <= sys.version_info < (3, 14) or sys.exit("Python 3.11 to 3.13 is needed and $(PYTHON) is " + sys.version.split()[0] + ": run make PYTHON=python3.12, or another that you have.")'
	@echo "Installing the pinned packages into $(VENV), once; this takes a few minutes."
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --require-hashes --no-deps -r requirements.lock
	$(VENV)/bin/python -m pip install --quiet --no-build-isolation --constraint torch.lock --editable '.[own,people,site,test,dev]'
	touch $@

# One lock for Linux, macOS and Windows and Python 3.11 to 3.13, with hashes. Versions stay unless
# pyproject.toml rules them out; move some with `make lock UPGRADE='--upgrade-package pandas'`, all
# with `make lock UPGRADE=--upgrade`; torch stays, see torch.lock.
UPGRADE ?=
lock:
	rm -rf build/lock
	$(PYTHON) -m venv build/lock
	build/lock/bin/pip install --quiet uv packaging
	build/lock/bin/python tools/environment.py
	build/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --all-extras --generate-hashes \
		--no-annotate --no-emit-package torch --constraint torch.lock --custom-compile-command 'make lock' $(UPGRADE) pyproject.toml --output-file requirements.lock
	rm -rf build/lock
