"""Folders brought to another machine and back over a real ssh: cut, damaged, with odd names."""

from __future__ import annotations

import os
import random
import shutil

import pytest

from pipeline.errors import DiskTooSmall, SourceChanged
from pipeline.remote import slurm_store
from pipeline.remote.slurm_cluster import OutOfReach
from pipeline.remote.slurm_host import RemoteHost
from pipeline.remote.slurm_layout import part_of
from pipeline.remote.slurm_store import files_of, put, take
from tests.pull.cutting import CutWire
from tests.remote.conftest import STRANGE

N_BYTES = 3_000_000


def no_progress(done, total, what):
    assert 0 <= done <= total
    assert what


@pytest.fixture
def host(sshd):
    with RemoteHost("cluster", str(sshd.config)) as found:
        yield found


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "it's here; $HOME"
    (folder / "packs").mkdir(parents=True)
    (folder / "packs/frames.npy").write_bytes(random.Random(0).randbytes(N_BYTES))
    (folder / "manifest.json").write_text("{}")
    return folder


@pytest.fixture
def there(tmp_path):
    folder = tmp_path / "-there"
    folder.mkdir()
    return folder


class CutOnTheWayThere(CutWire):
    """Cuts after so many bytes from here, not from there."""

    def _hand_on(self, source, target, is_answer):
        super()._hand_on(source, target, not is_answer)


@pytest.fixture
def wire(sshd, request):
    """A host behind a wire that cuts each connection, and how its connections are seen."""
    cutting = request.param(sshd.port, limit=N_BYTES // 2)
    with RemoteHost("cluster", str(sshd.config_with(port=cutting.port))) as found:
        yield found
    cutting.close()


def until_done(act) -> int:
    """Do it again after every cut; return how many there were."""
    for n_cuts in range(20):
        try:
            act()
            return n_cuts
        except OutOfReach:
            continue
    raise AssertionError("nothing of what came is used again")


def test_odd_names_and_links_go_there_and_come_back_as_files(host, tmp_path, there):
    folder = tmp_path / "a b;'ü*[1]"
    for name in STRANGE:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "elsewhere").write_text("linked")
    (folder / "link").symlink_to("../elsewhere")
    (folder / ".hidden").write_text("not for others")
    files = files_of(folder)
    target = there / "-x; $(touch oops) ü*[1]"
    put(host, folder, files, str(target), no_progress)
    assert files_of(target) == files
    assert not (target / "link").is_symlink()
    assert not (target / ".hidden").exists()
    assert take(host, str(target), tmp_path / "back", no_progress, proof="link")
    assert files_of(tmp_path / "back") == files


@pytest.mark.parametrize("wire", [CutOnTheWayThere], indirect=True)
def test_cut_on_the_way_there_leaves_no_name_and_is_gone_on_from(wire, source, there):
    files, target = files_of(source), there / "x"
    with pytest.raises(OutOfReach):
        put(wire, source, files, str(target), no_progress)
    assert not target.exists()
    assert until_done(lambda: put(wire, source, files, str(target), no_progress)) >= 0
    assert files_of(target) == files


@pytest.mark.parametrize("wire", [CutWire], indirect=True)
def test_cut_on_the_way_back_leaves_no_name_and_is_gone_on_from(wire, source, tmp_path):
    back = tmp_path / "back"
    with pytest.raises(OutOfReach):
        take(wire, str(source), back, no_progress, "manifest.json")
    assert not back.exists()
    until_done(lambda: take(wire, str(source), back, no_progress, "manifest.json"))
    assert files_of(back) == files_of(source)


def damaged(path):
    """Change a byte, and leave size and time as they are."""
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_file_damaged_here_at_equal_size_and_time_is_fetched_again(host, source, tmp_path):
    part = tmp_path / ".back.part"
    shutil.copytree(source, part)
    (part / "of an earlier result").write_text("x")
    damaged(part / "packs/frames.npy")
    assert take(host, str(source), tmp_path / "back", no_progress, "manifest.json")
    assert files_of(tmp_path / "back") == files_of(source)


def test_file_damaged_there_at_equal_size_and_time_is_brought_again(host, source, there):
    target = there / "x"
    shutil.copytree(source, part_of(str(target)))
    damaged(there / ".x.part/packs/frames.npy")
    put(host, source, files_of(source), str(target), no_progress)
    assert files_of(target) == files_of(source)


def test_what_never_arrives_as_it_was_sent_is_an_error_and_gets_no_name(host, source, there):
    files = files_of(source) | {"manifest.json": (2, "0" * 64)}
    with pytest.raises(SourceChanged, match=r"1 that differ.*manifest\.json"):
        put(host, source, files, str(there / "x"), no_progress)
    assert not (there / "x").exists()


def test_what_is_there_is_not_brought_again_unless_it_is_to_be_replaced(host, source, there):
    target = there / "x"
    put(host, source, files_of(source), str(target), no_progress)
    (source / "manifest.json").write_text("[]")
    put(host, source, files_of(source), str(target), no_progress)
    assert (target / "manifest.json").read_text() == "{}"
    put(host, source, files_of(source), str(target), no_progress, replace=True)
    assert (target / "manifest.json").read_text() == "[]"
    assert [path.name for path in there.iterdir()] == ["x"]


def test_without_its_proof_nothing_is_taken(host, source, tmp_path):
    (source / "manifest.json").unlink()
    assert not take(host, str(source), tmp_path / "back", no_progress, "manifest.json")
    assert not take(host, str(tmp_path / "no such"), tmp_path / "back", no_progress, "x")


@pytest.mark.parametrize("asked_before", [True, False])
def test_full_disk_there_names_host_folder_needed_and_free(
    host, source, small_disk, tmp_path, asked_before, monkeypatch
):
    place = small_disk(tmp_path / "small", "2m").folder
    if not asked_before:  # a quota, of which nobody tells before
        monkeypatch.setattr(slurm_store, "_require_room_there", lambda *of: None)
    with pytest.raises(DiskTooSmall) as full:
        put(host, source, files_of(source), str(place / "x"), no_progress)
    told = str(full.value)
    assert "room for 3 MB on the disk of cluster" in told
    assert f"Where: cluster:{place}/.x.part" in told
    assert "free" in full.value.found
    assert "work_dir" in told
    assert ("No space left on device" in told) != asked_before
    assert not (place / "x").exists()
