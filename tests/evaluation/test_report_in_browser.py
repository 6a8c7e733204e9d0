"""The report in headless Chromium: it opens from disk and hostile names do nothing."""

import shutil
import subprocess

import pytest

from tests.evaluation.test_report import hostile_report

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
)


@pytest.mark.skipif(BROWSER is None, reason="no Chromium found (Debian: apt-get install chromium)")
def test_hostile_names_do_nothing_in_a_browser(score, fitted, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(hostile_report(score, fitted), encoding="utf-8")
    command = [
        BROWSER,
        *OPTIONS,
        f"--user-data-dir={tmp_path / 'profile'}",
        "--dump-dom",
        path.as_uri(),
    ]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    title = shown[shown.index("<title>") + len("<title>") : shown.index("</title>")]
    assert title.startswith("A run&lt;script")
    assert shown.count("<svg") >= 8
    assert "<script" not in shown
