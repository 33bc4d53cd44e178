# Two commands do everything: `make run` and `make test`. Both create the environment on first use.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test check peers clean

run: .venv/ready
	$(BIN)/forecast run examples/retail.toml

test: .venv/ready check
	$(BIN)/pytest -n 2

check: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The environment is made again when what it is made from changes.
.venv/ready: pyproject.toml constraints.txt CMakeLists.txt $(wildcard featurizers/native/* learners/native/*)
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]' --constraint constraints.txt
	@touch $@

# The peers that the benchmarks compare with need an older pandas, and AutoGluon older ones of them: two environments.
peers: .peers/ready .autogluon/ready
.peers/ready: benchmarks/peers.txt
	$(PYTHON) -m venv .peers
	.peers/bin/pip install --quiet --disable-pip-version-check --requirement benchmarks/peers.txt
	@touch $@
.autogluon/ready: benchmarks/autogluon.txt
	$(PYTHON) -m venv .autogluon
	.autogluon/bin/pip install --quiet --disable-pip-version-check --requirement benchmarks/autogluon.txt
	@touch $@

clean:
	rm -rf .venv .peers .autogluon build runs
