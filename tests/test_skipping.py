"""A skipped test is named at the end of a run with its reason; in CI it is a failure."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TESTS = """
import pytest

@pytest.fixture
def cluster():
    pytest.skip("not installed: slurmctld")

def test_runs(): pass
def test_with_cluster(cluster): pass
@pytest.mark.parametrize("n", [1, 2])
def test_mount(n): pytest.skip("mounting is not permitted here")
@pytest.mark.skipif(True, reason="no Chromium found")
def test_browser(): pass
@pytest.mark.xfail(reason="known")
def test_known(): assert False
"""
WHOLE_FILE = 'import pytest\npytest.importorskip("no_such_module_at_all")\n'


@pytest.fixture
def run(tmp_path):
    """Run tests in a folder of their own as this project's are run; return code and last lines."""

    def started(text: str, **variables: str) -> tuple[int, list[str]]:
        (tmp_path / "test_it.py").write_text(text)
        words = ["-q", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path)]
        words += ["-p", "no:cacheprovider", "-p", "tests.conftest", str(tmp_path)]
        environment = {n: v for n, v in os.environ.items() if n not in ("CI", "PYTEST_ADDOPTS")}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *words],
            cwd=ROOT,
            env=environment | variables,
            capture_output=True,
            text=True,
            timeout=100,
        )
        return done.returncode, done.stdout.splitlines()

    return started


def test_the_last_lines_name_each_skipped_test_under_its_reason(run):
    code, lines = run(TESTS)
    assert code == 0
    assert lines[-8:-1] == [
        "mounting is not permitted here:",
        "  test_it.py::test_mount[1]",
        "  test_it.py::test_mount[2]",
        "no Chromium found:",
        "  test_it.py::test_browser",
        "not installed: slurmctld:",
        "  test_it.py::test_with_cluster",
    ]
    assert lines[-1].startswith("1 passed, 4 skipped, 1 xfailed")


def test_in_ci_a_test_that_skips_is_a_failure_unless_no_package_can_help(run):
    code, lines = run(TESTS, CI="true")
    assert code != 0
    assert lines[-1].startswith("1 passed, 2 skipped, 1 xfailed, 2 errors")
    errors = set(re.findall(r"^ERROR \S*::test_(\w+) - skipped", "\n".join(lines), re.M))
    assert errors == {"browser", "with_cluster"}


def test_in_ci_a_file_that_skips_as_a_whole_is_a_failure(run):
    code, lines = run(WHOLE_FILE)
    assert lines[-1].startswith("1 skipped")
    assert "  test_it.py" in lines
    code, lines = run(WHOLE_FILE, CI="true")
    assert code not in (0, 5)  # 5: no test was found
    assert "skipped, which is a failure in CI: could not import 'no_such_module_at_all'" in str(
        lines
    )


def test_ci_says_that_it_is_ci():
    assert "export CI=" in (ROOT / ".ci" / "run").read_text()
