# Lan Tỏa: `make demo` and `make test` do all their own set-up (Debian or macOS with Python 3.11
# and make).
VENV := .venv
BIN := $(VENV)/bin
SPREAD := -n 3 --maxschedchunk 1

.PHONY: install setup demo picture test lint types layers pytest browser rehearse rehearse-small coverage bench catalogues format lock clean

# What running needs; `setup` brings what changing and testing needs too.
install: $(VENV)/.runs

setup: $(VENV)/.installed

$(VENV)/.runs: requirements.lock pyproject.toml tools/setup.sh
	sh tools/setup.sh $(VENV) requirements.lock
	touch $@

$(VENV)/.installed: requirements-dev.lock pyproject.toml tools/setup.sh
	sh tools/setup.sh $(VENV) requirements-dev.lock
	touch $@ $(VENV)/.runs

# A made-up school to look at; it asks for no settings and leaves nothing behind.
demo: install
	@$(BIN)/lantoa demo

# The README's picture of the demo, taken anew.
picture: setup
	$(BIN)/python -m tools.demo_picture

test: lint types layers pytest

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

layers: setup
	$(BIN)/lint-imports

pytest: setup
	$(BIN)/pytest $(SPREAD) --ignore-glob='*_browser.py'

# The same pages in a real Chromium, brought onto the machine if it is not there; apart from `test`,
# since a browser is slow, and is not on every machine.
browser: setup
	$(BIN)/pytest -n 2 --maxschedchunk 1 tests/test_*_browser.py

# A school in a box: four weeks of 2,241 pupils played against real processes, faults included.
rehearse: setup
	$(BIN)/lantoa rehearse --faults harsh $(REHEARSE_FLAGS)

# Two weeks of 200 pupils, on SQLite and on PostgreSQL.
rehearse-small: setup
	$(BIN)/python -m tools.rehearse_small $(REHEARSE_FLAGS)

# Branch coverage with a floor that only rises; apart from `test`, since it doubles the time.
coverage: setup
	$(BIN)/pytest $(SPREAD) --cov --cov-report=term:skip-covered --cov-fail-under=94

# Measures `lantoa run` beside two popular stacks, four minutes: see bench/README.md.
bench: $(VENV)/.bench
	$(BIN)/python -m bench $(BENCH_FLAGS)

$(VENV)/.bench: $(VENV)/.installed requirements-bench.lock
	$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements-bench.lock
	touch $@

# What the code says, into the catalogues of both languages; lists what English is missing.
catalogues: setup
	$(BIN)/python -m tools.catalogues

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The locks carry hashes and no address of an index.
lock: setup
	$(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --universal \
		--python-version 3.11 pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --universal \
		--python-version 3.11 pyproject.toml --group dev -c requirements.lock \
		-o requirements-dev.lock
	$(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --universal \
		--python-version 3.11 pyproject.toml --group bench -c requirements.lock \
		-o requirements-bench.lock

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
