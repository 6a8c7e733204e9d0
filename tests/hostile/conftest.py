"""Rooms to run luigi in, and one undisturbed run to compare with."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.runs import Rooms, result_of


class Undisturbed(NamedTuple):
    """A run that nothing happened to."""

    rooms: Rooms
    report: Path
    result: tuple


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    rooms = Rooms(tmp_path_factory.mktemp("undisturbed"))
    try:
        report = rooms.complete()
    finally:
        rooms.clear()
    return Undisturbed(rooms, report, result_of(report))


@pytest.fixture
def rooms(tmp_path):
    place = Rooms(tmp_path / "rooms")
    yield place
    place.clear()


@pytest.fixture
def before_training(rooms, undisturbed):
    """Rooms in which everything up to the clips is there."""
    rooms.copy_before_training(undisturbed.rooms)
    return rooms
