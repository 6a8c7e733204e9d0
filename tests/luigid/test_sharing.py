"""Several machines that share a disk and a luigid: the work is done once, and all end well."""

from __future__ import annotations

import re

from tests.runs import BEFORE_TRAINING, report_of


def n_made(shared, what: str) -> int:
    """Return how often a piece of work was begun, over all commands."""
    return sum(len(re.findall(what, run.output(), re.M)) for run in shared.runs)


def test_every_command_ends_well_and_names_its_report(shared):
    for run in shared.runs:
        assert run.wait() == 0, run.output()
        assert "another worker" not in run.output()
        assert "Traceback" not in run.output()
    same, twin, other = (report_of(run) for run in shared.runs)
    assert same == twin != other
    assert same.is_dir()
    assert other.is_dir()


def test_every_model_is_trained_once_and_nothing_is_half_there(shared):
    assert n_made(shared, r"^INFO: running: TrainNetwork") == 2
    assert n_made(shared, r"^INFO: done: TrainNetwork") == 2
    assert not shared.rooms.parts()
    assert not shared.rooms.run_dirs()
    shared.rooms.check_whole()
    rooms = [path.parent.name for path in shared.rooms.final()]
    assert rooms.count("07_models") == 2
    for room in BEFORE_TRAINING:
        assert rooms.count(room) == (2 if room == "02_index" else 1)


def test_who_comes_second_says_whom_it_waits_for(shared):
    said = shared.runs[0].output() + shared.runs[1].output()
    assert re.search(r"is being made by .+, process \d+; waiting for it", said)
