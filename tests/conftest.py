"""What all tests share.

A test whose program or data are missing skips with a reason on a user's machine, and the last lines
of the run name it; in CI, which installs everything, a skip is a failure.
"""

from __future__ import annotations

import os
from collections import defaultdict

import pytest

from tests.services.sshd import sshd  # noqa: F401 - a fixture of many folders
from tests.small_disk import small_disk  # noqa: F401 - the same

#: Reasons that hold in CI, too: what no package can bring.
ALLOWED_IN_CI = ("not permitted here", "GPU", "gcloud is not on the PATH", "AUSCULT_REAL_DATA")


@pytest.fixture(scope="session")
def real_data():
    """Folder of the real recordings, where ``AUSCULT_REAL_DATA`` names it."""
    folder = os.environ.get("AUSCULT_REAL_DATA")
    if not folder:
        pytest.skip("AUSCULT_REAL_DATA is not set: no real recordings on this machine")
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Turn the skip of a test into a failure in CI."""
    report = yield
    return report if hasattr(report, "wasxfail") else failed_in_ci(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """Turn the skip of a whole file into a failure in CI."""
    report = yield
    return failed_in_ci(report)


def failed_in_ci(report):
    """Return a report as it counts: where ``CI`` is set, a skip is a failure."""
    if report.skipped and os.environ.get("CI"):
        reason = reason_of(report)
        if not any(allowed in reason for allowed in ALLOWED_IN_CI):
            report.outcome = "failed"
            report.longrepr = f"skipped, which is a failure in CI: {reason}"
    return report


def reason_of(report) -> str:
    """Return why a test was skipped."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return reason.removeprefix("Skipped: ")


@pytest.hookimpl(wrapper=True, tryfirst=True)  # outermost: pytest's own summary stands before it
def pytest_terminal_summary(terminalreporter):
    """Name each skipped test, and why, in the last lines before the count."""
    result = yield
    names = defaultdict(list)
    for report in terminalreporter.stats.get("skipped", []):
        names[reason_of(report)].append(report.nodeid)
    if names:
        terminalreporter.section(f"skipped, with reason: {sum(map(len, names.values()))}")
    for reason, skipped in sorted(names.items()):
        terminalreporter.write_line(f"{reason}:")
        for name in sorted(skipped):
            terminalreporter.write_line(f"  {name}")
    return result
