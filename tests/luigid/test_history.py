"""The history of luigid, with the versions that docs/luigid.rst names and those it warns of."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.luigid.daemon import SETTINGS, LuigiDaemon
from tests.runs import ROOT

DOCS = (ROOT / "docs" / "luigid.rst").read_text()
WORKS = re.search(r"pip install (luigi==\S+) (sqlalchemy==\S+)", DOCS).groups()
pytestmark = pytest.mark.soak


def environment(folder: Path, *packages: str) -> Path:
    """Return the luigid of an environment with these packages."""
    uv = Path(sys.executable).with_name("uv")
    for words in (["venv", "--python", sys.executable, folder], ["pip", "install", *packages]):
        variables = {**os.environ, "VIRTUAL_ENV": str(folder)}
        made = subprocess.run([uv, *words, "-q"], env=variables, capture_output=True, text=True)
        if made.returncode:
            pytest.skip(f"packages cannot be installed: {made.stderr.strip()[-200:]}")
    return folder / "bin" / "luigid"


def settings(folder: Path) -> str:
    history = f"sqlite:///{folder.absolute() / 'history.db'}"
    return f"{SETTINGS}record_task_history = true\n[task_history]\ndb_connection = {history}\n"


def test_what_ran_stands_in_the_history(tmp_path):
    program = environment(tmp_path / "env", *WORKS)
    luigid = LuigiDaemon(tmp_path / "luigid", settings(tmp_path), program).start()
    try:
        command = [str(Path(sys.executable).with_name("luigi")), "--module", "pipeline"]
        command += ["InspectDatasets", "--datasets", "simulated", "--experiment", "smoke"]
        command += ["--paths-data", str(tmp_path / "data"), *luigid.words]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=300)
        with urllib.request.urlopen(f"http://127.0.0.1:{luigid.port}/tasklist") as page:
            text = page.read().decode()
        assert {"InspectDatasets", "WriteInspection", "IndexRecordings"} <= set(
            re.findall(r"\w+", text)
        )
    finally:
        luigid.kill()


def test_with_newer_versions_luigid_ends_as_documented(tmp_path):
    program = environment(tmp_path / "env", WORKS[0], "sqlalchemy>=2")
    luigid = LuigiDaemon(tmp_path / "luigid", settings(tmp_path), program)
    with pytest.raises(RuntimeError, match="ObjectNotExecutableError"):
        luigid.start()
