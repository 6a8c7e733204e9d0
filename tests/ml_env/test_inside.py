"""Reports the checks that one process runs inside the training environment (`inside/run.py`)."""

from __future__ import annotations

import ast
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

INSIDE = Path(__file__).parent / "inside"
NAMES = [
    f"{path.stem}::{node.name}"
    for path in sorted(INSIDE.glob("checks_*.py"))
    for node in ast.parse(path.read_text()).body
    if isinstance(node, ast.FunctionDef) and node.name.startswith("check_")
]


@pytest.fixture(scope="session")
def outcomes(ml_python: str, ml_environment: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Outcome of every check by name, from one run."""
    ran = subprocess.run(
        [ml_python, "-P", str(INSIDE / "run.py")],
        env=ml_environment,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line for line in ran.stdout.splitlines() if line.startswith('{"name"')]
    assert ran.returncode == 0, ran.stderr[-3000:]
    return {outcome["name"]: outcome for outcome in map(json.loads, lines)}


@pytest.mark.parametrize("name", NAMES)
def test_inside(outcomes: dict[str, dict[str, Any]], name: str) -> None:
    assert not outcomes[name]["error"], outcomes[name]["error"]
