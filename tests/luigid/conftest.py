"""Two machines that share a disk and a luigid: two working copies, which know nothing else."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.luigid.daemon import LuigiDaemon
from tests.runs import LONG_S, ROOT, Rooms, Run

#: What a working copy needs to run.
PARTS = ("pipeline", "frontend", "ml_env", "requirements", "luigi.cfg", "external_script.sh")


class Shared(NamedTuple):
    """What three commands on two machines made together.

    Attributes
    ----------
    rooms : Rooms
    runs : list of Run
        The same command on each machine, and one with another seed.
    rows : list of dict
        What luigid showed at the end.
    shown : set of tuple
        (name, message, percentage) that it showed of running tasks meanwhile.
    """

    rooms: Rooms
    runs: list[Run]
    rows: list[dict[str, Any]]
    shown: set[tuple]


@pytest.fixture(scope="session")
def daemon(tmp_path_factory):
    one = LuigiDaemon(tmp_path_factory.mktemp("luigid")).start()
    yield one
    one.kill()


@pytest.fixture(scope="session")
def shared(tmp_path_factory, daemon):
    folder = tmp_path_factory.mktemp("shared")
    rooms = Rooms(folder / "one")
    other = Rooms(folder / "other", root=working_copy(folder / "copy"))
    other.data, other.experiment = rooms.data, rooms.experiment
    try:
        runs = [
            rooms.start(*daemon.words),
            other.start(*daemon.words),
            other.start(*daemon.words, "--seed", "1"),
        ]
        shown, until = set(), time.monotonic() + LONG_S
        while any(run.popen.poll() is None for run in runs):
            assert time.monotonic() < until, "\n".join(run.output() for run in runs)
            shown |= {
                (row["name"], row["status_message"], row["progress_percentage"])
                for row in daemon.tasks()
                if row["status"] == "RUNNING"
            }
            time.sleep(0.2)
        yield Shared(rooms, runs, daemon.tasks(), shown)
    finally:
        rooms.clear()
        other.clear()


def working_copy(folder: Path) -> Path:
    """Return a second working copy of this project."""
    folder.mkdir()
    for name in PARTS:
        (folder / name).symlink_to(ROOT / name)
    return folder
