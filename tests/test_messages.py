"""What a user reads when a command is wrong: sentences, at once, and no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def luigi(*words: str, folder: Path = ROOT) -> subprocess.CompletedProcess:
    """Run a luigi command in a folder, with the project's packages."""
    command = [str(Path(sys.executable).with_name("luigi")), "--module", "pipeline", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["TrainPneumonia", "--split", "offical"], "Did you mean 'official'"),
        (["TrainModel", "--datasets", "icbhi"], "requires the 'problem' parameter"),
        (["TrainPneumonia", "--fold", "9"], "Expected: --fold: 0 to 4"),
        (["TrainPneumonia", "--datasets", ""], "is a shell variable not set"),
        (["TrainModel", "--problem", "pneumona"], "Did you mean 'pneumonia'"),
        (["TrainCrackleWheeze", "--datasets", "bangladesh"], "without labels for it"),
    ],
)
def test_a_wrong_command_is_answered_in_words(words, says, tmp_path):
    done = luigi(*words, "--paths-data", str(tmp_path))
    assert done.returncode != 0
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert "or any dependencies" not in done.stderr


def test_without_luigi_cfg_nobody_waits_for_a_daemon(tmp_path):
    done = luigi("TrainPneumonia", "--fold", "9", folder=tmp_path)
    assert "Expected: --fold: 0 to 4" in done.stderr
    assert "remote scheduler" not in done.stderr
