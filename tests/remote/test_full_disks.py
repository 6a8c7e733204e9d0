"""Disks that are full, here and there: told in words, gone on with; nothing is written there."""

from __future__ import annotations

import random
import zipfile
from urllib.parse import quote

import pytest

from pipeline.errors import DiskTooSmall
from pipeline.sources import arrival, disk
from tests.remote.conftest import content_of
from tests.services.fake_compute import INSTANCE, PROJECT, ZONE
from tests.small_disk import state_of

SIZE = 1_500_000


@pytest.fixture
def recordings(there):
    """Files that are as large as they look when they are packed, too."""
    there.mkdir(parents=True)
    for number in range(3):
        (there / f"{number}.wav").write_bytes(random.Random(number).randbytes(SIZE // 3))
    return there


def zipped(folder, to):
    with zipfile.ZipFile(to, "w") as archive:
        for name, content in content_of(folder).items():
            archive.writestr(name, content)
    return to


@pytest.fixture(params=["folder", "ssh", "zip", "gcloud"])
def source(request, recordings, tmp_path):
    """The same recordings behind each kind of address, and the ssh_config for it."""
    if request.param == "folder":
        return str(recordings), ""
    if request.param == "zip":
        (tmp_path / "archives").mkdir()
        return str(zipped(recordings, tmp_path / "archives" / "all.zip")), ""
    sshd = request.getfixturevalue("sshd")
    if request.param == "ssh":
        return f"ssh://cluster{quote(str(recordings))}", sshd.config
    request.getfixturevalue("compute")
    query = f"zone={ZONE}&project={PROJECT}&port={sshd.port}"
    return f"gcloud://{INSTANCE}{quote(str(recordings))}?{query}", ""


def test_a_disk_that_fills_up_on_the_way_is_named_and_gone_on_with(
    small_disk,
    here,
    recordings,
    source,
    monkeypatch,
):
    before = state_of(recordings.parent)
    place = small_disk(here.recordings)
    place.resize(SIZE // 2)
    with monkeypatch.context() as patch:  # others fill it after it was asked
        patch.setattr(arrival, "require_room", lambda *asked: None)
        with pytest.raises(DiskTooSmall) as caught:
            here.fetch(*source)
    assert "same command again" in caught.value.action
    assert here.shown() == []
    place.resize(8 * SIZE)
    monkeypatch.setattr(disk, "SPARE_BYTES", 0)
    assert content_of(here.fetch(*source)) == content_of(recordings)
    assert state_of(recordings.parent) == before


def test_a_disk_that_is_full_at_the_source_is_no_hindrance_and_nothing_is_written_there(
    small_disk,
    here,
    there,
    sshd,
):
    place = small_disk(there)
    for number in range(3):
        (there / f"{number}.wav").write_bytes(random.Random(number).randbytes(100_000))
    place.fill()
    wanted = {name: text for name, text in content_of(there).items() if name[0] != "."}
    before = state_of(there)
    for name, address, config in (
        ("copied", str(there), ""),
        ("brought", f"ssh://cluster{quote(str(there))}", sshd.config),
    ):
        assert content_of(here.fetch(address, config, name=name)) == wanted
    assert state_of(there) == before
