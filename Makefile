# make run    an environment, the demo, and the lines that connect a client
# make test   the same environment with the tools of development, then the tests (under 6 minutes on 2 cores)
# make check  lint, types, import contracts, generated reference pages
# make pictures  the pictures in the documentation, from a real browser
# make bench  the benchmarks in their short forms, under 3 minutes on a quiet machine: a table, bench.json, and a page
#             (bench-full: the long ones, up to a million tasks; bench-check: fails where a bar is clearly missed)

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Three processes for two cores, since tests wait too; a file of tests stays in one, so that what it shares starts once.
PYTEST := $(BIN)/python -m pytest -n 3 --dist loadfile

.PHONY: run test test-long check bench bench-full bench-check docs pictures clean

run: $(VENV)/.installed
	$(BIN)/kanban-mcp demo
	@echo
	@echo "Connect a client to a board of your own:"
	@echo "  Claude Code:     claude mcp add kanban -- $(CURDIR)/$(BIN)/kanban-mcp --board Plan --actor claude"
	@echo "  Any MCP client:  {\"mcpServers\": {\"kanban\": {\"command\": \"$(CURDIR)/$(BIN)/kanban-mcp\"}}}"
	@echo "  MCP Inspector:   npx @modelcontextprotocol/inspector $(CURDIR)/$(BIN)/kanban-mcp"

test: $(VENV)/.developing $(VENV)/fast
	$(PYTEST) -m "not long"

test-long: $(VENV)/.developing $(VENV)/fast
	$(PYTEST)

check: $(VENV)/.developing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m docs.generate --check

bench: $(VENV)/.developing $(VENV)/fast
	$(BIN)/python -m benchmarks --json bench.json --page docs/reference/benchmarks.md

bench-full: $(VENV)/.developing $(VENV)/fast
	$(BIN)/python -m benchmarks --full --json bench-full.json --page docs/reference/benchmarks-full.md

# All but those whose bars ask for a machine that does nothing else.
CHECKED := agents bytes cache checkpoints data flow growth http monitors processes specification stdio stdio_fresh writes

bench-check: $(VENV)/.developing $(VENV)/fast
	$(BIN)/python -m benchmarks --fail $(CHECKED)

docs: $(VENV)/.developing
	$(BIN)/python -m docs.generate

pictures: $(VENV)/.developing
	PICTURES=1 $(BIN)/python -m pytest tests/web/test_web_pictures.py

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable .
	$(BIN)/python -m compileall -q kanban_mcp
	touch $@

# Beside the environment, so that tests run with the extra and without.
$(VENV)/fast: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --upgrade --no-deps --target $@ httptools
	touch $@

$(VENV)/.developing: pyproject.toml $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group dev
	touch $@
