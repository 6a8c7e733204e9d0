"""The simulated cohort is neither trivial nor hopeless, over ten seeds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.soak
def test_demo_learns_what_mean_levels_do_not_tell_over_ten_cohorts():
    """The benchmark ends with status 1 if a median leaves its bounds (.85 to .99; under .75)."""
    command = [sys.executable, "-m", "bench.cohort", "--demo", "--seeds", "10"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
