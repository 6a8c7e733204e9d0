"""What counts as lying in a folder."""

from __future__ import annotations

import os

import pytest

from pipeline.datasets.index import list_files
from pipeline.errors import RecordingsMissing


def test_files_are_listed_sorted_with_posix_paths_size_and_time(tmp_path):
    for name in ("b/y.wav", "a.txt", "b/c/x.wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    listing = list_files(tmp_path)
    assert listing.paths() == ["a.txt", "b/c/x.wav", "b/y.wav"]
    entry = listing.by_path()["b/y.wav"]
    assert (entry.size, entry.mtime_ns) == (7, (tmp_path / "b/y.wav").stat().st_mtime_ns)
    assert listing.counts() == "1 .txt, 2 .wav"


def test_hidden_files_and_folders_are_passed_over(tmp_path):
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "x.wav").write_text("")
    (tmp_path / "._x.wav").write_text("")
    assert list_files(tmp_path).entries == ()
    assert list_files(tmp_path).counts() == "no files"


def test_links_are_followed_but_not_in_circles(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.wav").write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "up").symlink_to(tmp_path / "folder")
    (tmp_path / "folder" / "self").symlink_to("self")
    (tmp_path / "folder" / "data").symlink_to(tmp_path / "data")
    assert list_files(tmp_path / "folder").paths() == ["data/x.wav", "self"]


def test_a_pipe_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "x.wav")
    assert list_files(tmp_path).paths() == []


def test_the_digest_changes_with_any_file(tmp_path):
    (tmp_path / "x.wav").write_text("one")
    first = list_files(tmp_path).digest
    assert list_files(tmp_path).digest == first
    os.utime(tmp_path / "x.wav", ns=(0, 1))
    assert list_files(tmp_path).digest != first


@pytest.mark.parametrize("name", ["missing", "file"])
def test_a_folder_that_is_not_there_is_an_error_that_says_what_was_expected(tmp_path, name):
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingsMissing) as error:
        list_files(tmp_path / name, "recordings such as 1.wav")
    assert error.value.expected == "recordings such as 1.wav"
    assert error.value.where == str(tmp_path / name)


def test_every_file_is_looked_at_once(tmp_path, monkeypatch):
    for k in range(50):
        (tmp_path / f"{k}.wav").touch()
    looked_at = []
    stat = os.stat

    def counting(path, *arguments, **options):
        looked_at.append(path)
        return stat(path, *arguments, **options)

    monkeypatch.setattr(os, "stat", counting)
    listing = list_files(tmp_path)
    assert sorted(looked_at) == sorted(f"{tmp_path}/{path}" for path in listing.paths())
