"""Machines that share out the trainings of one command, and one that dies in the midst of it."""

from __future__ import annotations

import pytest

from tests.luigid.daemon import LuigiDaemon
from tests.runs import Rooms, kill, report_of, wait_until

pytestmark = pytest.mark.soak


@pytest.fixture
def luigid(tmp_path):
    one = LuigiDaemon(tmp_path / "luigid").start()
    yield one
    one.kill()


@pytest.fixture
def rooms(tmp_path):
    place = Rooms(tmp_path / "rooms")
    yield place
    place.clear()


def in_training(rooms: Rooms, words) -> object:
    """Start a run and wait until it trains."""
    run = rooms.start(*words)
    wait_until(run.trainers, run)
    return run


def test_two_machines_share_out_the_folds_of_one_command(rooms, luigid):
    words = ("--folds", "2", *luigid.words)
    runs = [rooms.start(*words), rooms.start(*words)]
    for run in runs:
        assert run.wait() == 0, run.output()
    assert report_of(runs[0]) == report_of(runs[1])
    assert [run.output().count("INFO: running: TrainNetwork") for run in runs] == [1, 1]
    rooms.check_whole()


def test_another_worker_that_waits_takes_over(rooms, luigid):
    first = in_training(rooms, luigid.words)
    second = rooms.start(*luigid.words)
    wait_until(lambda: "waiting for it" in second.output(), second)
    kill(first.pid)
    assert second.wait() == 0, second.output()
    assert report_of(second).is_dir()
    rooms.check_whole()
    assert not rooms.run_dirs()


def test_luigid_that_comes_back_with_the_state_of_a_dead_run_is_no_hindrance(rooms, luigid):
    run = in_training(rooms, luigid.words)
    luigid.process.terminate()  # it writes its state down
    luigid.process.wait()
    kill(run.pid)
    luigid.start()
    assert [row["status"] for row in luigid.tasks("TrainNetwork")] != ["DONE"]
    again = rooms.start(*luigid.words)
    assert again.wait() == 0, again.output()
    assert report_of(again).is_dir()
