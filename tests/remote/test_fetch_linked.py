"""States of a growing source share what did not change, and none ever writes into another."""

from __future__ import annotations

import errno
import os
import random
import shutil
import zipfile
from collections import namedtuple
from pathlib import Path
from urllib.parse import quote

import pytest

from pipeline.contract import read_json
from pipeline.errors import DiskTooSmall
from pipeline.sources import linked
from pipeline.sources.from_folder import FromFolder
from tests.pull.cutting import CutWire
from tests.remote.conftest import STRANGE, content_of, fill
from tests.services.fake_compute import INSTANCE, PROJECT, ZONE

FIRST, SECOND, THIRD = (f"clinic-2026-11-0{day}" for day in (1, 2, 3))


@pytest.fixture(params=["folder", "ssh"])
def fetch(request, here, there):
    """Fetch a state, from a folder or over ssh; return its folder."""
    if request.param == "folder":
        return lambda name: here.fetch(str(there), name=name)
    server = request.getfixturevalue("sshd")
    return lambda name: here.fetch(f"ssh://cluster{quote(str(there))}", server.config, name)


@pytest.fixture
def brought(monkeypatch):
    """The names that each fetch from a folder asked for."""
    found = []
    bring = FromFolder.bring

    def note(self, order, progress):
        found.append(sorted(order.wanted))
        bring(self, order, progress)

    monkeypatch.setattr(FromFolder, "bring", note)
    return found


def shared(one: Path, other: Path) -> list[str]:
    """Return the names under which two states have the very same file."""
    names = [name for name in content_of(one) if (other / name).exists()]
    return sorted(name for name in names if os.path.samefile(one / name, other / name))


def damage(path: Path) -> bytes:
    """Reverse a file's bytes in place, with equal size and time; return what it then holds."""
    state = path.stat()
    with open(path, "r+b") as stream:
        content = stream.read()[::-1]
        stream.seek(0)
        stream.write(content)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    return content


def test_what_did_not_change_is_shared_and_the_rest_is_fetched(fetch, there):
    fill(there, (*STRANGE, "b/c.wav", "gone.wav"))
    first = fetch(FIRST)
    before = content_of(first)
    (there / "gone.wav").unlink()
    (there / "b/c.wav").write_bytes(before["b/c.wav"][::-1])
    (there / "new.wav").write_bytes(b"new")
    second = fetch(SECOND)
    assert content_of(second) == content_of(there)
    assert content_of(first) == before
    assert shared(second, first) == sorted(STRANGE)


def test_of_what_is_shared_nothing_comes_over_the_network(here, sshd, there):
    there.mkdir(parents=True)
    (there / "long.wav").write_bytes(random.Random(1).randbytes(3_000_000))
    wire = CutWire(sshd.port, None)
    config = sshd.config_with(port=wire.port)
    here.fetch(f"ssh://cluster{quote(str(there))}", config, FIRST)
    wire.n_bytes = 0
    (there / "short.wav").write_bytes(b"short")
    second = here.fetch(f"ssh://cluster{quote(str(there))}", config, SECOND)
    assert content_of(second) == content_of(there)
    assert wire.n_bytes < 100_000
    wire.close()


def test_a_file_of_an_earlier_state_that_was_damaged_is_fetched_and_that_state_is_left(
    fetch, there
):
    fill(there, ("a.wav", "b.wav"))
    first = fetch(FIRST)
    damaged = damage(first / "a.wav")
    second = fetch(SECOND)
    assert content_of(second) == content_of(there)
    assert (first / "a.wav").read_bytes() == damaged
    assert shared(second, first) == ["b.wav"]


def test_what_a_killed_fetch_had_linked_is_parted_before_it_is_written_again(
    fetch, here, there, monkeypatch
):
    fill(there, ("a.wav", "b.wav", "c.wav"))
    first = fetch(FIRST)
    (there / "c.wav").write_bytes(b"changed")

    def killed(*words):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("pipeline.sources.arrival.part", killed)
        with pytest.raises(KeyboardInterrupt):
            fetch(SECOND)
    (files,) = here.recordings.glob(f".fetch-{SECOND}-*/files")
    assert shared(files, first) == ["a.wav", "b.wav"]
    damaged = damage(files / "a.wav")  # and with it the first state's, which is the same file
    second = fetch(SECOND)
    assert content_of(second) == content_of(there)
    assert (first / "a.wav").read_bytes() == damaged
    assert shared(second, first) == ["b.wav"]


def test_the_newest_state_that_lists_a_file_is_taken(here, there, brought):
    fill(there, ("a.wav", "b.wav"))
    first = here.fetch(str(there), name=FIRST)
    (there / "b.wav").unlink()
    (there / "a.wav").write_bytes(b"other")
    second = here.fetch(str(there), name=SECOND)
    fill(there, ("x.wav", "b.wav"))
    third = here.fetch(str(there), name=THIRD)
    assert shared(third, second) == ["a.wav"]
    assert shared(third, first) == ["b.wav"]
    assert brought == [["a.wav", "b.wav"], ["a.wav"], ["x.wav"]]


def test_a_state_from_another_source_is_as_good(here, sshd, there):
    fill(there)
    first = here.fetch(f"ssh://cluster{quote(str(there))}", sshd.config, FIRST)
    assert len(shared(here.fetch(str(there), name=SECOND), first)) == 2


def test_a_state_of_an_instance_shares_what_did_not_change(here, sshd, compute, there):
    fill(there, ("a b.wav", "c/d.wav", "e.wav"))
    query = f"zone={ZONE}&project={PROJECT}&port={sshd.port}"
    address = f"gcloud://{INSTANCE}{quote(str(there))}?{query}"
    first = here.fetch(address, name=FIRST)
    damaged = damage(first / "e.wav")
    (there / "c/d.wav").write_bytes(b"changed")
    second = here.fetch(address, name=SECOND)
    assert content_of(second) == content_of(there)
    assert (first / "e.wav").read_bytes() == damaged
    assert shared(second, first) == ["a b.wav"]


def test_the_files_of_an_archive_are_shared_too(here, tmp_path):
    fill(tmp_path / "data", ("a.wav", "b.wav"))
    for number, names in enumerate((("a.wav",), ("a.wav", "b.wav"))):
        with zipfile.ZipFile(tmp_path / f"{number}.zip", "w") as archive:
            for name in names:
                archive.write(tmp_path / "data" / name, name)
    first = here.fetch(str(tmp_path / "0.zip"), name=FIRST)
    second = here.fetch(str(tmp_path / "1.zip"), name=SECOND)
    assert content_of(second) == content_of(tmp_path / "data")
    assert shared(second, first) == ["a.wav"]


@pytest.mark.parametrize(("one", "other"), [("clinic", FIRST), (FIRST, "clinic")])
def test_the_state_without_a_date_is_its_own(here, there, brought, one, other):
    fill(there)
    assert shared(here.fetch(str(there), name=one), here.fetch(str(there), name=other)) == []
    assert len(brought) == 2


def test_another_data_set_of_a_longer_name_is_not_looked_at(here, there, brought):
    fill(there)
    here.fetch(str(there), name="clinic-east-2026-11-01")
    here.fetch(str(there), name=SECOND)
    assert len(brought) == 2


def test_a_damaged_note_or_a_link_in_an_earlier_state_only_costs_a_fetch(here, there, brought):
    fill(there, ("a.wav", "b.wav"))
    first = here.fetch(str(there), name=FIRST)
    (first / "a.wav").rename(here.recordings / "a.wav")
    (first / "a.wav").symlink_to("../a.wav")
    here.fetch(str(there), name=SECOND)
    assert brought[1:] == [["a.wav"]]
    for note in here.recordings.glob(".fetch-*/source.json"):
        note.write_text("{")
    moved = there.rename(there.with_name("moved"))
    assert content_of(here.fetch(str(moved), name=THIRD)) == content_of(moved)
    assert brought[2:] == [["a.wav", "b.wav"]]


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP])
def test_where_there_are_no_hard_links_files_are_copied(here, there, brought, monkeypatch, number):
    fill(there, ("a.wav", "b/c.wav"))
    first = here.fetch(str(there), name=FIRST)
    monkeypatch.setattr(linked.os, "link", refusing(number))
    second = here.fetch(str(there), name=SECOND)
    assert content_of(second) == content_of(there)
    assert shared(second, first) == []
    assert len(brought) == 1
    assert (80, 80, f"bytes copied from {FIRST}") in here.told


def refusing(number: int):
    def link(*words, **more):
        raise OSError(number, os.strerror(number))

    return link


def test_room_for_copies_is_asked_for_before_any_is_made(here, there, monkeypatch):
    fill(there, n_bytes=5_000_000)
    here.fetch(str(there), name=FIRST)
    monkeypatch.setattr(linked.os, "link", refusing(errno.EXDEV))
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(0, 0, 70_000_000))
    with pytest.raises(DiskTooSmall, match="77 MB free"):
        here.fetch(str(there), name=SECOND)
    (files,) = here.recordings.glob(f".fetch-{SECOND}-*/files")
    assert content_of(files) == {}


def test_a_disk_that_is_full_while_linking_is_named(here, there, monkeypatch):
    fill(there)
    here.fetch(str(there), name=FIRST)
    monkeypatch.setattr(linked.os, "link", refusing(errno.ENOSPC))
    with pytest.raises(DiskTooSmall, match="goes on where it stopped"):
        here.fetch(str(there), name=SECOND)


def test_shared_files_need_no_room_and_count_as_here(here, there, monkeypatch):
    fill(there, n_bytes=5_000_000)
    here.fetch(str(there), name=FIRST)
    here.told.clear()
    (there / "new.wav").write_bytes(b"new")
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(0, 0, 70_000_000))
    here.fetch(str(there), name=SECOND)
    assert (10_000_000, 10_000_003, "clinic: bytes compared") in here.told
    assert [told for told in here.told if "copied" in told[2]] == [(3, 3, "bytes copied")]


def test_the_note_of_a_state_lists_all_files_and_outlives_the_state_that_they_came_from(
    here, there
):
    fill(there)
    first = here.fetch(str(there), name=FIRST)
    second = here.fetch(str(there), name=SECOND)
    shutil.rmtree(first)
    assert content_of(second) == content_of(there)
    (note,) = here.recordings.glob(f".fetch-{SECOND}-*/source.json")
    assert sorted(read_json(note)["files"]) == ["a.wav", "b/c.wav"]
