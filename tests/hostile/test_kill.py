"""Killed at any moment, a run leaves nobody behind and nothing half-written; the next completes."""

from __future__ import annotations

import os
import shutil
import signal

import pytest

from tests.runs import Rooms, Run, kill, result_of, wait_until

TASK_FAILED = 30  # luigi.cfg, [retcode]


def in_spectrograms(rooms: Rooms, run: Run) -> bool:
    return bool(rooms.parts("05_spectrograms"))


def trainer_started(rooms: Rooms, run: Run) -> bool:
    return bool(run.trainers())


def in_training(rooms: Rooms, run: Run) -> bool:
    return any(path.joinpath("progress.json").exists() for path in rooms.run_dirs())


def output_begun(rooms: Rooms, run: Run) -> bool:
    return any(path.joinpath("output.tmp").exists() for path in rooms.run_dirs())


def started_until(moment, rooms: Rooms, *words: str) -> Run:
    """Start a run and wait for a moment in it."""
    run = rooms.start(*words)
    wait_until(lambda: moment(rooms, run), run)
    return run


def check_nothing_is_left(rooms: Rooms, run: Run) -> None:
    """Nobody of the run lives on, and what has a final name is whole."""
    assert run.everybody_left() is not None, run.members()
    rooms.check_whole()


def check_completes(rooms: Rooms, undisturbed, *words: str) -> None:
    """The same command completes, with the result of a run that was not disturbed."""
    report = rooms.complete(*words)
    assert report.name == undisturbed.report.name
    assert result_of(report) == undisturbed.result
    assert not rooms.parts()
    assert not rooms.run_dirs()
    rooms.check_whole()


def test_killed_three_times_it_still_completes(rooms, undisturbed):
    run = started_until(in_spectrograms, rooms)
    kill(run.pid)
    check_nothing_is_left(rooms, run)

    run = started_until(in_training, rooms)
    kill(run.trainers()[0])
    assert run.wait() == TASK_FAILED
    assert "return code=-9" in run.output()
    assert "train.log" in run.output()
    check_nothing_is_left(rooms, run)

    run = started_until(output_begun, rooms)
    kill(run.pid)
    check_nothing_is_left(rooms, run)
    check_completes(rooms, undisturbed)


def test_run_directory_of_a_run_killed_at_its_very_end_goes_with_the_next(rooms, undisturbed):
    shutil.copytree(undisturbed.rooms.data, rooms.data)
    for model in rooms.data.glob("07_models/pneumonia-*"):
        shutil.copytree(model, model.parent / "runs" / model.name / "output")
    assert rooms.run_dirs()
    check_completes(rooms, undisturbed)


@pytest.mark.parametrize("words", [(), ("--workers", "2")], ids=["alone", "two workers"])
def test_trainer_ends_with_a_killed_luigi(before_training, words):
    run = started_until(trainer_started, before_training, *words)
    kill(run.pid)
    check_nothing_is_left(before_training, run)


def test_ctrl_c_in_training_ends_everybody_and_says_so(before_training):
    run = started_until(in_training, before_training)
    run.kill_group(signal.SIGINT)
    check_nothing_is_left(before_training, run)
    check_says_stopped(run)


def test_sigterm_in_training_ends_everybody_and_says_so(before_training):
    run = started_until(trainer_started, before_training)
    os.kill(run.pid, signal.SIGTERM)
    check_nothing_is_left(before_training, run)
    check_says_stopped(run)


def check_says_stopped(run: Run) -> None:
    """The user is told what happened and how to go on, in words."""
    assert run.wait() != 0
    assert "stopped" in run.output().lower()
    assert "same command" in run.output()
    assert "Traceback" not in run.output()


@pytest.mark.soak
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("words", [(), ("--workers", "2")], ids=["alone", "two workers"])
@pytest.mark.parametrize("moment", [in_spectrograms, in_training])
def test_stopped_at_a_terminal_it_goes_on_later(rooms, undisturbed, number, words, moment):
    run = started_until(moment, rooms, *words)
    run.kill_group(number)
    check_nothing_is_left(rooms, run)
    assert "Traceback" not in run.output()
    check_completes(rooms, undisturbed, *words)
