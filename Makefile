# The words that a laptop and CI share. `make demo` and `make test` set up what they need.
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
PARALLEL := -n auto --dist worksteal

# Tests start many processes: each reads compiled modules when the first has kept them.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test lint audit types imports check bench simulate clients kill fuzz format clean traffic thorough

demo: $(STAMP)
	$(PY) -m sfsync demo

test: $(STAMP)
	$(PY) -m pytest -q $(PARALLEL)

thorough: $(STAMP)
	SFSYNC_EFFORT=10 $(PY) -m pytest -q $(PARALLEL)

lint: $(STAMP)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

audit: $(STAMP)
	$(PY) -m tests.audit $(AUDIT)

types: $(STAMP)
	$(VENV)/bin/mypy

imports: $(STAMP)
	$(VENV)/bin/lint-imports

check: $(STAMP)
	$(MAKE) --jobs 2 types lint audit imports
	$(PY) -m pytest -q $(PARALLEL) --cov --cov-report=term

bench: $(STAMP)
	$(PY) -m tests.bench

simulate: $(STAMP)
	$(PY) -m tests.simulation --schedules 10000

traffic: $(STAMP)
	$(PY) -m tests.traffic

clients: $(STAMP)
	$(PY) -m tests.clients

kill: $(STAMP)
	$(PY) -m tests.kill

fuzz: $(STAMP)
	$(PY) -m pip install --quiet --disable-pip-version-check -c requirements.txt -e '.[fuzz]'
	$(PY) -m tests.fuzz

format: $(STAMP)
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

$(STAMP): pyproject.toml requirements.txt
	python3 -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check -c requirements.txt -e '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache dist
