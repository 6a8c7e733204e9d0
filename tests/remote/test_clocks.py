"""Wrong clocks: nothing is left out, taken for fresh or made again because of a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from pipeline import datasets
from pipeline.audio.check import inspect_recording
from pipeline.datasets import facts
from pipeline.datasets.index import HashCache, build_index, list_files
from tests.fakes.folder import make_folder
from tests.fakes.icbhi import make_icbhi
from tests.remote.conftest import content_of, fill
from tests.runs import ROOT
from tests.wrong_times import FUTURE_S, PAST_S, set_times


@pytest.fixture(params=["folder", "ssh"])
def address(request, there):
    """The folder of the source by each way that looks at times, and the ssh_config for it."""
    if request.param == "folder":
        return str(there), ""
    config = request.getfixturevalue("sshd").config
    return f"ssh://cluster{quote(str(there))}", config


@pytest.mark.parametrize("time_s", [FUTURE_S, PAST_S])
def test_files_of_any_time_arrive(here, there, address, time_s):
    set_times(fill(there), time_s)
    assert content_of(here.fetch(*address)) == content_of(there)


@pytest.mark.parametrize(
    ("there_s", "here_s"), [(PAST_S, FUTURE_S), (FUTURE_S, PAST_S), (PAST_S, PAST_S)]
)
def test_what_a_cut_fetch_left_is_judged_by_its_bytes(here, there, address, there_s, here_s):
    set_times(fill(there), there_s)
    files = here.source(*address).work / "files"
    for name, content in content_of(there).items():
        (files / name).parent.mkdir(parents=True, exist_ok=True)
        (files / name).write_bytes(content[::-1])
    set_times(files, here_s)
    assert content_of(here.fetch(*address)) == content_of(there)


def test_a_list_that_was_noted_in_the_future_is_gone_on_with(here, there, address, monkeypatch):
    fill(there)
    source = here.source(*address)
    source.work.mkdir(parents=True)
    source._listed(lambda *told: None)
    path = source.work / "source.json"
    record = json.loads(path.read_text()) | {"listed": "2100-01-01T00:00:00+00:00"}
    path.write_text(json.dumps(record))
    set_times(source.work, FUTURE_S)
    here.fetch(*address)
    assert json.loads(path.read_text()) == record


def test_what_is_there_is_not_fetched_again_however_new_the_source(here, there, address):
    folder = here.fetch(*address) if fill(there) else None
    before = {path: path.stat().st_ino for path in folder.rglob("*")}
    set_times(folder, PAST_S)
    set_times(there, FUTURE_S)
    here.fetch(*address)
    assert {path: path.stat().st_ino for path in folder.rglob("*")} == before


# The index


@pytest.fixture
def index(tmp_path, monkeypatch):
    """Return a function that indexes a fake, and the names that were decoded for it."""
    decoded = []
    monkeypatch.setattr(
        facts,
        "inspect_recording",
        lambda path: decoded.append(path.name) or inspect_recording(path),
    )

    def made(folder: Path):
        decoded.clear()
        dataset = datasets.load("icbhi")
        cache = HashCache(tmp_path / "cache.json")
        tables = build_index(dataset, folder, list_files(folder, dataset.layout), cache, 1, None)
        cache.save()
        return tables.digests, list(decoded)

    return made


@pytest.mark.parametrize("time_s", [FUTURE_S, PAST_S])
def test_an_index_is_the_same_at_any_time_and_is_not_made_twice(index, tmp_path, time_s):
    folder = make_icbhi(tmp_path / "icbhi").folder
    digests, _ = index(folder)
    set_times(folder, time_s)
    again, decoded = index(folder)
    assert again == digests
    assert decoded  # another time may mean another file: it is looked at
    assert index(folder) == (digests, [])


def test_a_recording_that_is_replaced_by_an_older_one_is_looked_at(index, tmp_path):
    truth = make_icbhi(tmp_path / "icbhi")
    digests, names = index(truth.folder)
    first, second = sorted(truth.folder.rglob("*.wav"))[:2]
    first.write_bytes(second.read_bytes())
    os.utime(first, (PAST_S, PAST_S))
    again, decoded = index(truth.folder)
    assert decoded == [first.name]
    assert again != digests
    assert len(names) > 1


def luigi(data: Path, folder: Path) -> str:
    """Have a folder of recordings inspected; return what the command says."""
    words = [str(Path(sys.executable).with_name("luigi")), "--module", "pipeline"]
    words += ["InspectDatasets", "--datasets", "folder", "--paths-folder", str(folder)]
    words += ["--paths-data", str(data)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_after_the_clock_jumped_nothing_is_made_again_or_removed(tmp_path):
    recordings, data = tmp_path / "recordings", tmp_path / "data"
    make_folder(recordings)
    set_times(recordings, FUTURE_S)
    luigi(data, recordings)
    made = {path: path.stat().st_ino for path in data.glob("0*/[!.]*")}
    for time_s in (PAST_S, 2 * FUTURE_S):  # older than what it was made from, and not yet now
        set_times(data, time_s)
        assert "Nothing to do" in luigi(data, recordings)
        assert {path: path.stat().st_ino for path in data.glob("0*/[!.]*")} == made
