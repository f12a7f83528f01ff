# Needs make and python3 (3.11 or newer, with venv); everything else goes into .venv.
# `make PYTHON=python3.12 …` takes another interpreter, at the first call or after `make clean`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq

.PHONY: help run test test-stock check bench bench-tunnel soak docs format clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /make \1	/p' Makefile | expand -t 16

run: $(VENV)/.runtime ## play section 1.4 (without a terminal: all of it by itself)
	@if [ -t 0 ] && [ -t 1 ]; then exec $(BIN)/tunlab run lab-1.4; else exec $(BIN)/tunlab run lab-1.4 --auto; fi

# Most of their time the tests wait, so up to three parts run at once. What a shell starts in the background ignores SIGINT
# and SIGQUIT, which some tests send: hence `env`.
BACKGROUND := env --default-signal=INT,QUIT

test: $(VENV)/.dev ## every test; as root, those on the kernel a second time as an ordinary user, at the same time
	@status=0; user=; \
	if [ "$$(id -u)" = 0 ]; then \
		$(BACKGROUND) tests/rootless -m 'not alike' tests/kernel tests/labs tests/e2e >$(VENV)/rootless.log 2>&1 & user=$$!; \
	fi; \
	$(BACKGROUND) $(BIN)/python -m pytest -m alike >$(VENV)/alike.log 2>&1 & alike=$$!; \
	$(BIN)/python -m pytest -m 'not alike' || status=1; \
	echo "== what is alike for every user"; wait $$alike || status=1; cat $(VENV)/alike.log; \
	if [ "$$user" ]; then echo "== as an ordinary user"; wait $$user || status=1; cat $(VENV)/rootless.log; fi; \
	exit $$status

test-stock: $(VENV)/.dev ## the tests of kernel and labs under Debian's stock kernel, in a virtual machine (as root)
	@$(PIP) install virtme-ng
	tests/stock tests/kernel tests/labs

check: $(VENV)/.dev ## format, lint, types, imports, scripts and labs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	sh -n tests/rootless
	sh -n tests/stock
	bash -n .ci/run
	@status=0; \
	for lab in labs/*/; do \
		lab=$$(basename "$$lab"); echo "tunlab lab lint $$lab"; $(BIN)/tunlab lab lint "$$lab" || status=1; \
	done; \
	exit $$status

bench: $(VENV)/.dev ## every measurement in bench/, side by side
	@for bench in bench/bench_*.py; do echo "== $$bench"; $(BIN)/python "$$bench" || exit 1; done

bench-tunnel: $(VENV)/.dev ## the VPN's endpoint beside OpenVPN, vtun, socat and vxlan
	$(BIN)/python bench/bench_tunnel.py

soak: $(VENV)/.dev ## the long tests at their full counts
	TUNLAB_SOAK=1 $(BIN)/python -m pytest -m soak

docs: $(VENV)/.dev ## record the pictures of the README anew, from a real run
	$(BIN)/python docs/record.py

format: $(VENV)/.dev ## put the code into its one format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## remove .venv and every cache
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps: .place holds the path where .venv was made. An environment knows its own path, so one that was
# copied or moved, or whose interpreter is gone, is made anew.
ifneq ($(shell [ -x $(BIN)/python ] && cat $(VENV)/.place 2>/dev/null),$(CURDIR))
.PHONY: $(VENV)/.place
endif

$(VENV)/.place:
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
		echo "tunlab needs python3, 3.11 or newer: apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "tunlab needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1)." \
		"With a newer one beside it: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) lacks venv; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) -V) (once; the packages come from the network) ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@printf '%s\n' '$(CURDIR)' > $@

$(VENV)/.runtime: $(VENV)/.place pyproject.toml
	@$(PIP) install --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.place pyproject.toml
	@$(PIP) install --editable '.[dev]'
	@touch $(VENV)/.runtime $@
