"""A clinic that sends recordings, and the nightly command on rooms of its own."""

from __future__ import annotations

import csv
import os
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np

from pipeline.contract import read_json
from tests.fakes.sounds import write_sound
from tests.runs import LONG_S, ROOT

DATASET = "folder-clinic"
TINY = """
[clips.pneumonia]
window_s = 1.0
step_s = 0.5
[spectrogram]
n_mels = 32
[model]
width = 0.25
[training]
n_epochs = 1
batch_size = 8
[evaluate]
n_bootstrap = 100
n_examples = 0
"""
#: Times of files far in the future: no clock decides anything.
FUTURE_S = 4_000_000_000


class Nights:
    """A source that grows, a luigi.cfg that knows it, and the rooms of the rebuilds."""

    def __init__(self, folder: Path):
        self.folder, self.data = folder, folder / "data"
        self.source, self.told = folder / "clinic", folder / "told.txt"
        self.line = self.data / "09_champions" / "pneumonia"
        (folder / "tiny.toml").write_text(TINY)
        hook = folder / "tell.sh"
        hook.write_text('#!/bin/sh\necho "$AUSCULT_EVENT" >> "$1"\ncat > "$1.last"\n')
        hook.chmod(0o755)
        text = (ROOT / "luigi.cfg").read_text()
        text = text.replace("\nssh_config =", f"\n{DATASET} = {self.source}\nssh_config =", 1)
        command = shlex.join([str(hook), str(self.told)])
        text = text.replace("\ncommand =", f"\ncommand = {command}", 1)
        (folder / "luigi.cfg").write_text(text)

    def arrive(self, *numbers: int) -> None:
        """Let people come, each with a recording whose file is dated years ahead."""
        for number in numbers:
            kind = "pneumonia" if number % 2 else "healthy"
            path = self.source / kind / f"p {number:02d}; '&.wav"
            write_sound(path, np.random.default_rng(number), 4000, 1.5)
            os.utime(path, (FUTURE_S, FUTURE_S))

    def start(self, date: str, *words: str) -> subprocess.Popen:
        """Start the rebuild of a date."""
        words = ("--problems", "pneumonia", "--datasets", DATASET, *words)
        words = (*words, "--experiment", str(self.folder / "tiny.toml"))
        return self.luigi("RebuildAll", "--date", date, *words)

    def luigi(self, *words: str) -> subprocess.Popen:
        """Start a luigi command on these rooms."""
        command = [str(Path(sys.executable).with_name("luigi")), "--module", "pipeline", *words]
        command += ["--paths-data", str(self.data), "--compute-device", "cpu"]
        command += ["--paths-recordings", str(self.folder / "recordings")]
        variables = {**os.environ, "LUIGI_CONFIG_PATH": str(self.folder / "luigi.cfg")}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(command, cwd=ROOT, env=variables, **pipes)

    def night(self, date: str, *words: str) -> tuple[int, str]:
        """Return the exit code of the rebuild of a date, and what it said."""
        return ended(self.start(date, *words))

    def history(self) -> list[dict[str, str]]:
        """Return the rows of history.csv."""
        return rows_of(self.line / "history.csv")

    def events(self) -> list[tuple[str, str]]:
        """Return (date, event) of the whole history."""
        return [(row["rebuild"], row["event"]) for row in self.history()]

    def sides(self) -> dict[str, str]:
        """Return {subject: side}."""
        return {row["subject_id"]: row["side"] for row in rows_of(self.line / "sides.csv")}

    def models(self) -> set[str]:
        """Return the names of the model folders."""
        room = self.data / "07_models"
        return {path.parent.name for path in room.glob("*/manifest.json")}

    def champion(self) -> str:
        """Return the name of the folder that the link leads to."""
        return (self.line / "current").resolve().name

    def messages(self) -> list[str]:
        """Return the events that somebody was told of, oldest first."""
        return self.told.read_text().split() if self.told.exists() else []

    def told_last(self) -> str:
        """Return the newest message."""
        return self.told.with_name("told.txt.last").read_text()

    def note(self, date: str) -> str:
        """Return the note of a date."""
        return (self.line / date / "note.txt").read_text()

    def outcome(self, date: str) -> dict:
        """Return what was found and decided for a date."""
        return read_json(self.line / date / "outcome.json")


def ended(process: subprocess.Popen) -> tuple[int, str]:
    """Return the exit code of a command, and what it said."""
    said, _ = process.communicate(timeout=LONG_S)
    return process.returncode, said


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the rows of a csv."""
    with open(path, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))
