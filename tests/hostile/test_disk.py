"""A disk that fills up: a clear sentence, nothing broken, and completion once there is space."""

from __future__ import annotations

import os
import resource

import pytest

from tests.runs import BEFORE_TRAINING, INSPECTION, Rooms, result_of
from tests.small_disk import SmallDisk

ALL_BEFORE = [*BEFORE_TRAINING, INSPECTION]
PAGE = os.sysconf("SC_PAGE_SIZE")


@pytest.fixture
def small_disk(rooms):
    """Rooms on a disk of their own, and a function that sets its size in bytes."""
    disk = SmallDisk(rooms.data, str(PAGE))
    yield rooms, lambda n_bytes: disk.resize(n_bytes // PAGE * PAGE)
    rooms.clear()
    disk.unmount()


def size_of(rooms: Rooms, names: list[str]) -> int:
    """Return the bytes of some rooms on a disk with whole pages."""
    sizes = [
        path.stat().st_size
        for name in names
        for folder in rooms.data.glob(name)
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    ]
    return sum(-(-size // PAGE) * PAGE for size in sizes)


def check_refused(rooms: Rooms, **options) -> str:
    """Run into the full disk; return what the user reads."""
    run = rooms.start(**options)
    assert run.wait() != 0
    assert not run.members()
    rooms.check_whole()
    assert not rooms.parts()
    return run.output()


def test_full_disk_says_so_at_every_stage_and_leaves_nothing_broken(small_disk, undisturbed):
    rooms, resize = small_disk
    fetched, cached, cut = (
        size_of(undisturbed.rooms, ALL_BEFORE[:n_rooms]) for n_rooms in (1, 2, None)
    )
    for n_bytes, stage in ((fetched // 2, "01_recordings"), (cached + 24 * PAGE, "05_")):
        resize(n_bytes)
        said = check_refused(rooms)
        assert f"{rooms.data}/{stage}" in said
        assert "Free some space" in said
        assert "Traceback" not in said
    resize(cut + 16 * PAGE)
    said = check_refused(rooms)
    assert "No space left on device" in said
    assert "train.log" in said
    resize(20 * cut)
    assert result_of(rooms.complete()) == undisturbed.result


@pytest.mark.soak
@pytest.mark.parametrize("n_pages", [0, 1, 2, 3, 5, 40, 100, 150])
def test_full_disk_is_named_wherever_the_training_meets_it(small_disk, undisturbed, n_pages):
    rooms, resize = small_disk
    n_bytes = size_of(undisturbed.rooms, ALL_BEFORE)
    resize(20 * n_bytes)
    rooms.copy_before_training(undisturbed.rooms)
    resize(n_bytes + n_pages * PAGE)
    said = check_refused(rooms)
    assert "No space left on device" in said
    assert_ends_in_words(said)
    resize(20 * n_bytes)
    assert result_of(rooms.complete()) == undisturbed.result


def assert_ends_in_words(said: str) -> None:
    """There may be a traceback in the trainer's last lines; it is never the only answer."""
    after = said.rsplit("Traceback", 1)[-1]
    assert "What to do: " in after


@pytest.mark.parametrize("n_bytes", [100_000])
def test_file_too_large_for_the_disk_leaves_nothing_broken(rooms, n_bytes):
    """A limit on single files: what a quota or an old file system does."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))

    said = check_refused(rooms, preexec_fn=limit)
    assert "File too large" in said
    assert "Traceback" not in said
    assert [path.name for path in rooms.final()] == []
