"""Recordings, an index and a store for the tests of this folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from frontend.recording import describe_recording
from pipeline.spectrograms.cache import fill_store
from pipeline.spectrograms.store import write_log_mel

SETTINGS = {
    "sample_rate": 4000, "n_fft": 256, "hop_length": 64, "n_mels": 16, "fmin": 0.0, "fmax": 2000.0,
}  # fmt: skip


class Counting:
    """The real computation, counted."""

    def __init__(self):
        self.sources = []

    def __call__(self, source, settings, target):
        self.sources.append(source.name)
        return write_log_mel(source, settings, target)


def make_recording(folder: Path, name: str, seed: int, rate: int = 4000) -> dict[str, str]:
    """Write a recording of 0.5 s to 1 s; return its row of the index."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(seed)
    samples = 0.1 * rng.standard_normal(rng.integers(rate // 2, rate))
    soundfile.write(folder / name, samples, rate)
    return {
        "recording_id": f"icbhi/{Path(name).stem}",
        "audio_hash": describe_recording(folder / name).audio_hash,
        "path": name,
    }


def fill(place, recordings=None, compute=None, n_workers=1, settings=SETTINGS, **more) -> int:
    folder, index, store = place
    recordings = index if recordings is None else recordings
    compute = compute or write_log_mel
    return fill_store(recordings, folder, store, settings, n_workers, compute=compute, **more)


def files_of(store: Path) -> dict[str, bytes]:
    paths = (path for path in store.rglob("*") if path.is_file())
    return {path.relative_to(store).as_posix(): path.read_bytes() for path in paths}
