# make study    run the study: notebooks, figures, tables (creates the environment first)
# make study-full   the same after computing the long simulations again (data/simulations)
# make test     run the tests
# make lab      open the notebooks in JupyterLab
# make data     rebuild the tables of data/ from the coders' raw records in ../shared/corpus
# make verify   compare the last run with what is committed
# make bench    compare the topics with other libraries' (see benchmarks/README.md)
# make lock     refresh requirements.lock
#
# Needs Python 3.11 to 3.13; name another one with `make study PYTHON=python3.12`.

PYTHON ?= python3
VENV ?= .venv
INSTALLED := $(VENV)/.installed

.PHONY: study study-full test lab data verify bench lock

study: $(INSTALLED)
	$(VENV)/bin/defection-framing study

study-full: $(INSTALLED)
	$(VENV)/bin/defection-framing study --full

test: $(INSTALLED)
	$(VENV)/bin/python -m pytest

lab: $(INSTALLED)
	$(VENV)/bin/jupyter lab notebooks

data: $(INSTALLED)
	$(VENV)/bin/defection-framing data

verify: $(INSTALLED)
	$(VENV)/bin/defection-framing verify

# The peers live in an environment of their own: turftopic needs an older rich than the lock names.
bench:
	mkdir -p build
	$(PYTHON) -m venv build/bench
	grep -v '^rich==' requirements.lock > build/bench/lock.txt
	build/bench/bin/pip install --quiet -c build/bench/lock.txt -e . -r benchmarks/requirements.txt
	build/bench/bin/pip install --quiet --no-deps -r benchmarks/requirements-no-deps.txt
	build/bench/bin/python benchmarks/bench.py

# Installs once, and again when the dependencies or the lock change.
$(INSTALLED): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; (3, 11) <= sys.version_info < (3, 14) or sys.exit("Python 3.11 to 3.13 is needed and $(PYTHON) is " + sys.version.split()[0] + ": run make PYTHON=python3.12, or another that you have.")'
	@echo "Installing the pinned packages into $(VENV), once; this takes a few minutes."
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --constraint requirements.lock --editable '.[test]'
	@$(VENV)/bin/python -c 'from defection_framing import encoder; encoder.folder()' || \
		echo "The larger encoder is not here yet: it is fetched when claims are first coded, as the notebook your_articles does."
	touch $@

# Everything moves to the newest version that pyproject.toml allows, except torch, whose line in
# the lock is raised by hand: a new torch changes embeddings. Local suffixes such as +cpu are cut,
# so that the lock serves every platform.
lock:
	rm -rf build/lock
	mkdir -p build/lock
	grep '^torch==' requirements.lock > build/lock/torch.txt
	$(PYTHON) -m venv build/lock/venv
	build/lock/venv/bin/python -m pip install --quiet --constraint build/lock/torch.txt '.[test]'
	( echo '# Pinned versions of all packages, a pip constraints file; refreshed by `make lock`.'; \
	  build/lock/venv/bin/python -m pip freeze --all --exclude pip --exclude defection-framing \
	  | sed 's/+[a-z0-9.]*$$//' ) > build/lock/requirements.lock
	mv build/lock/requirements.lock requirements.lock
	rm -rf build/lock
