"""A clock that jumps between two commands, or while one lay killed: the result is the same."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.runs import Rooms, kill, report_of, result_of, wait_until

pytestmark = pytest.mark.soak
LATER, EARLIER = "+400 days", "-400 days"


def clock(jump: str) -> dict[str, str]:
    """Return the variables that give a program another clock."""
    if shutil.which("faketime") is None:
        pytest.skip("not installed: faketime (Debian: faketime)")
    words = ["faketime", jump, "env", "-0"]
    listed = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    variables = dict(line.split("=", 1) for line in listed.split("\0") if "=" in line)
    return {name: variables[name] for name in ("LD_PRELOAD", "FAKETIME")}


@pytest.fixture
def rooms(tmp_path):
    place = Rooms(tmp_path / "rooms")
    yield place
    place.clear()


def state_of(rooms: Rooms) -> dict[str, int]:
    return {str(path): path.stat().st_ino for path in rooms.final()}


def test_what_was_made_in_the_future_is_there_in_the_past(rooms):
    rooms.complete(variables=clock(LATER))
    made = state_of(rooms)
    again = rooms.start(variables=clock(EARLIER))
    assert again.wait() == 0
    assert "Nothing to do" in again.output()
    assert state_of(rooms) == made


@pytest.mark.parametrize(("before", "after"), [(LATER, EARLIER), (EARLIER, LATER)])
def test_a_training_that_was_killed_goes_on_at_any_other_time(tmp_path, rooms, before, after):
    undisturbed = Rooms(tmp_path / "undisturbed")
    expected = undisturbed.complete()
    run = rooms.start(variables=clock(before))
    wait_until(lambda: list(rooms.data.glob("07_models/runs/*/progress.json")), run)
    kill(run.pid)
    assert run.everybody_left() is not None
    resumed = rooms.start(variables=clock(after))
    assert resumed.wait() == 0, resumed.output()
    assert result_of(report_of(resumed)) == result_of(expected)
    assert not rooms.run_dirs()
