# Everything a user types. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test lint types unit bench soak background locks env dev clean

LUIGI = . .venv/bin/activate && luigi --module pipeline
COMPILE = .venv/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
          --no-header --no-annotate --python-version 3.11 --upgrade

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

demo: env  ## simulate a cohort, train, evaluate; ends with the path of the report
	@$(LUIGI) TrainPneumonia --experiment demo

test: dev lint types unit  ## lint, types and every test

lint: dev  ## ruff: rules and format
	@.venv/bin/ruff check . && .venv/bin/ruff format --check .

types: dev  ## mypy
	@.venv/bin/mypy

unit: dev  ## every test but the soak
	@.venv/bin/python -m pytest -q -m "not soak" $(ARGS)

soak: dev  ## long proofs: random kills, ten cohorts, both locks installed
	@.venv/bin/python -m pytest -q -m soak $(ARGS)

bench: dev  ## measure speed; the results stand in docs/benchmarks.rst
	@.venv/bin/python -m bench $(ARGS)

background: env  ## run a luigi command detached: make background ARGS="TrainPneumonia --seed 1"
	@tools/background.sh $(ARGS)

env:  ## set up .venv for running
	@tools/setup.sh pipeline

dev:  ## set up .venv for development
	@tools/setup.sh dev

locks: dev  ## resolve all locks anew
	@$(COMPILE) requirements/uv.in -o requirements/uv.txt
	@$(COMPILE) requirements/pipeline.in -o requirements/pipeline.txt
	@$(COMPILE) requirements/dev.in -c requirements/pipeline.txt -o requirements/dev.txt
	@$(COMPILE) ml_env/requirements-cpu.in -o ml_env/requirements-cpu.txt
	@$(COMPILE) ml_env/requirements-gpu.in -c ml_env/requirements-cpu.txt -o ml_env/requirements-gpu.txt

clean:  ## remove both environments; data stay
	@rm -rf .venv ml_env/.venv
