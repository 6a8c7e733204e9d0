"""Outputs appear whole, once, under their final name, or not at all."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import signal
import time

import pytest

from pipeline.errors import AuscultError, ContractError
from pipeline.targets import FolderTarget

KIND = "auscult/splits"


@pytest.fixture
def target(tmp_path):
    return FolderTarget(tmp_path / "03_splits" / "pneumonia-abc", KIND)


def fill(folder):
    (folder / "splits.csv").write_text("x\n")
    return {"n": 1}


def test_write_makes_a_whole_folder(target):
    target.write(fill, salt="abc")
    assert target.exists()
    assert target.manifest()["info"] == {"n": 1}
    assert target.manifest()["salt"] == "abc"


def test_second_write_does_nothing(target):
    target.write(fill)
    target.write(lambda folder: pytest.fail("called again"))


def test_failure_leaves_nothing_behind(target):
    def fail(folder):
        fill(folder)
        raise ValueError("half-way")

    with pytest.raises(ValueError, match="half-way"):
        target.write(fail)
    assert not target.exists()
    assert [path.name for path in target.path.parent.iterdir()] == [".locks"]


def test_full_disk_says_so_and_leaves_nothing(target):
    def no_space(folder):
        fill(folder)
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(AuscultError, match="Free some space"):
        target.write(no_space)
    assert not target.path.exists()


def test_empty_or_damaged_folder_is_made_anew(target):
    target.path.mkdir(parents=True)
    assert not target.exists()
    target.write(fill)
    (target / "splits.csv").write_text("")
    assert not target.exists()
    target.write(fill)
    assert (target / "splits.csv").read_text() == "x\n"


def test_folder_of_a_later_version_is_never_removed(target):
    target.write(fill)
    manifest = json.loads((target / "manifest.json").read_text())
    (target / "manifest.json").write_text(json.dumps({**manifest, "version": 99}))
    with pytest.raises(ContractError, match="later version"):
        target.write(fill)
    assert (target / "splits.csv").exists()


def test_two_processes_make_it_once(target, tmp_path):
    def work():
        def slow(folder):
            (tmp_path / f"called-{os.getpid()}").touch()
            time.sleep(0.3)
            return fill(folder)

        target.write(slow)

    both = [multiprocessing.get_context("fork").Process(target=work) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert [one.exitcode for one in both] == [0, 0]
    assert target.exists()
    assert len(list(tmp_path.glob("called-*"))) == 1


def test_killed_process_holds_no_lock_and_its_leftovers_go(target):
    def work():
        def hang(folder):
            fill(folder)
            time.sleep(60)

        target.write(hang)

    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    deadline = time.monotonic() + 10
    while not list(target.path.parent.glob(".pneumonia-abc.part-*/splits.csv")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert not target.exists()
    target.write(fill)
    assert target.exists()
    assert not list(target.path.parent.glob(".*part*"))
