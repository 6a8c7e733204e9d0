"""Spectrograms are computed once per audio and setting, and appear whole."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

import frontend
from frontend.logmel import SpectrogramSettings, log_mel_of_file
from frontend.recording import describe_recording
from pipeline import processes
from pipeline.errors import AuscultError, RecordingsChanged, RecordingsMissing
from pipeline.spectrograms import cache as spectrograms
from pipeline.spectrograms.cache import store_path
from pipeline.spectrograms.store import is_whole, write_log_mel
from tests.spectrograms.places import SETTINGS, Counting, files_of, fill, make_recording

ROOT = Path(__file__).resolve().parents[2]


def test_every_recording_is_computed_once(place):
    counting = Counting()
    assert fill(place, compute=counting) == 4
    assert fill(place, compute=counting) == 0
    assert sorted(counting.sources) == ["0.wav", "1.wav", "2.wav", "3.wav"]


def test_one_added_recording_is_one_computation(place):
    folder, index, _ = place
    fill(place)
    added = pd.DataFrame([make_recording(folder, "new.wav", 9)])
    counting = Counting()
    assert fill(place, pd.concat([index, added]), counting) == 1
    assert counting.sources == ["new.wav"]


def test_a_corrected_annotation_is_no_computation(place):
    fill(place)
    _, index, _ = place
    corrected = index.assign(diagnosis="Pneumonia", recording_id="icbhi/renamed", path="moved.wav")
    counting = Counting()
    assert fill(place, corrected, counting) == 0
    assert counting.sources == []


def test_subset_then_full_computes_no_recording_twice(place):
    _, index, _ = place
    counting = Counting()
    assert fill(place, index.iloc[1:3], counting) == 2
    assert fill(place, compute=counting) == 2
    assert len(set(counting.sources)) == len(counting.sources) == 4


def test_identical_audio_is_computed_once_whatever_its_container(place):
    folder, index, _ = place
    samples, rate = soundfile.read(folder / "0.wav", dtype="int16")
    soundfile.write(folder / "copy.flac", samples, rate)
    copy = index.iloc[[0]].assign(
        path="copy.flac", audio_hash=describe_recording(folder / "copy.flac").audio_hash
    )
    assert fill(place, pd.concat([index, copy])) == 4


def test_a_stored_file_holds_the_frames_as_float16(place):
    folder, index, store = place
    fill(place)
    for row in index.itertuples():
        frames = np.load(store_path(store, SETTINGS, row.audio_hash))
        exact = log_mel_of_file(folder / row.path, SpectrogramSettings(**SETTINGS))
        assert frames.dtype == np.float16
        assert np.array_equal(frames, exact.astype(np.float16))


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_every_setting_has_files_of_its_own(place, name):
    fill(place)
    other = {"sample_rate": 5000, "fmin": 30.0, "fmax": 1500.0}.get(name, SETTINGS[name] * 2)
    assert fill(place, settings=SETTINGS | {name: other}) == 4
    assert fill(place) == 0


def test_a_new_front_end_has_files_of_its_own(place, monkeypatch):
    fill(place)
    monkeypatch.setattr(frontend, "VERSION", frontend.VERSION + "+1")
    assert fill(place) == 4


def test_whole_numbers_and_floats_name_the_same_files(tmp_path):
    whole = SETTINGS | {"fmin": 0, "fmax": 2000}
    assert store_path(tmp_path, whole, "ab" * 32) == store_path(tmp_path, SETTINGS, "ab" * 32)


def test_progress_is_told_after_every_recording(place):
    told = []
    fill(place, progress=lambda *args: told.append(args[:2]))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_several_processes_make_the_same_files(place, monkeypatch, tmp_path):
    monkeypatch.setattr(spectrograms, "_RECORDINGS_WORTH_A_PROCESS", 1)
    folder, index, store = place
    assert fill(place) == 4
    told = []
    other = (folder, index, tmp_path / "other")
    assert fill(other, n_workers=2, progress=lambda *args: told.append(args[:2])) == 4
    assert files_of(tmp_path / "other") == files_of(store)
    assert told[-1] == (4, 4)


def test_errors_of_a_worker_process_arrive_as_they_are(place, monkeypatch):
    monkeypatch.setattr(spectrograms, "_RECORDINGS_WORTH_A_PROCESS", 1)
    folder, _, store = place
    make_recording(folder, "2.wav", seed=77)
    with pytest.raises(RecordingsChanged, match=r"2\.wav"):
        fill(place, n_workers=2)
    assert not list((store).rglob(".partial/*"))


def test_a_computation_that_fails_leaves_nothing(place):
    def failing(source, settings, target):
        write_log_mel(source, settings, target)
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        fill(place, compute=failing)
    assert files_of(place[2]) == {}
    assert fill(place) == 4


def test_a_run_killed_while_it_writes_leaves_nothing_that_counts(place, tmp_path):
    folder, index, store = place
    index.to_csv(tmp_path / "index.csv")
    script = f"""
import os, signal, pandas
from pathlib import Path
from pipeline.spectrograms.store import write_log_mel
from pipeline.spectrograms.cache import fill_store
def killed(source, settings, target):
    write_log_mel(source, settings, target)
    target.flush()
    os.kill(os.getpid(), signal.SIGKILL)
fill_store(pandas.read_csv({str(tmp_path / "index.csv")!r}), Path({str(folder)!r}),
           Path({str(store)!r}), {SETTINGS!r}, 1, compute=killed)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(files_of(store)) == 1, "the half-written file"
    assert fill(place) == 4
    (leftover,) = store.rglob(".partial/*")
    os.utime(leftover, (0, 0))
    shutil.rmtree(store_path(store, SETTINGS, index["audio_hash"][0]).parent)
    fill(place)
    assert not leftover.exists()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: b"",
        lambda data: data[:50],
        lambda data: bytes(len(data)),
        lambda data: b"\x80" * len(data),
        lambda data: data.replace(b"16)", b"8) "),
        lambda data: data.replace(b"<f2", b"<i2"),
    ],
)
def test_a_spoiled_store_file_is_made_anew(place, spoil):
    _, index, store = place
    fill(place)
    before = files_of(store)
    path = store_path(store, SETTINGS, index["audio_hash"][2])
    path.write_bytes(spoil(path.read_bytes()))
    assert not is_whole(path, SETTINGS["n_mels"])
    counting = Counting()
    assert fill(place, compute=counting) == 1
    assert counting.sources == ["2.wav"]
    assert files_of(store) == before


def test_audio_that_changed_since_the_index_is_an_error(place):
    folder, index, store = place
    make_recording(folder, "1.wav", seed=50)
    with pytest.raises(RecordingsChanged, match=r"1\.wav"):
        fill(place)
    assert not store_path(store, SETTINGS, index["audio_hash"][1]).exists()


def test_a_recording_that_went_bad_since_the_index_is_an_error(place):
    folder = place[0]
    data = (folder / "1.wav").read_bytes()
    (folder / "1.wav").write_bytes(data[:-100])
    with pytest.raises(RecordingsChanged, match="declares"):
        fill(place)


def test_a_recording_that_is_gone_is_an_error(place):
    (place[0] / "3.wav").unlink()
    with pytest.raises(RecordingsMissing, match=r"3\.wav"):
        fill(place)


def test_memory_does_not_grow_with_the_recording(tmp_path):
    settings = SpectrogramSettings(8000, 1024, 254, 128, 0.0, 4000.0)
    peaks = []
    for minutes in (2, 20):
        samples = np.random.default_rng(0).integers(-999, 999, minutes * 60 * 4000)
        soundfile.write(tmp_path / "long.wav", samples.astype(np.int16), 4000)
        del samples
        tracemalloc.start()
        with open(tmp_path / "long.npy", "wb") as file:
            write_log_mel(tmp_path / "long.wav", settings, file)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 1e6 < 30e6


def test_a_killed_worker_process_is_a_plain_error():
    with (
        pytest.raises(AuscultError, match="killed"),
        processes.results_of(os._exit, [1, 1], 2) as results,
    ):
        list(results)


def test_worker_processes_end_with_a_killed_parent():
    script = """
import time
from pipeline.processes import results_of
if __name__ == "__main__":
    with results_of(time.sleep, [0, 0, 60, 60], 2) as results:
        for done in results:
            print(flush=True)
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    parent.stdout.readline()
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert len(children) >= 2
    deadline = time.monotonic() + 5
    while alive := [pid for pid in children if is_running(pid)]:
        assert time.monotonic() < deadline, alive
        time.sleep(0.05)


def is_running(pid: str) -> bool:
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
