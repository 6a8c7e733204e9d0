"""Makes `cnn` importable, and finds (or makes) the training environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ml_env"))


@pytest.fixture(scope="session")
def ml_python() -> str:
    """Python of the training environment: $AUSCULT_ML_PYTHON, or made by external_script.sh."""
    if named := os.environ.get("AUSCULT_ML_PYTHON"):
        return named
    environment = {**os.environ, "AUSCULT_ENV": "cpu", "AUSCULT_PYTHON": sys.executable}
    script = [str(ROOT / "external_script.sh"), "prepare"]
    made = subprocess.run(script, env=environment, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


@pytest.fixture(scope="session")
def ml_environment() -> dict[str, str]:
    """Variables with which that Python finds `cnn`, `frontend` and `tests`."""
    paths = os.pathsep.join([str(ROOT / "ml_env"), str(ROOT)])
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "PYTHONPATH": paths}
