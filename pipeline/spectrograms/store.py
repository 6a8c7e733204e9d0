"""The spectrogram store: one atomic file per decoded audio and audio setting, shared by all runs.

A file holds the log-mel frames of a whole recording, float16 (n_frames, n_mels) in dB. Its name
follows from what it holds, so that it never goes stale: it is there and whole, or it is missing.
This module is imported by every worker process and stays light (no pandas).
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

import frontend
from frontend.hashes import AudioHasher
from frontend.logmel import BLOCK_SAMPLES, log_mel_blocks, n_frames_of
from frontend.recording import RecordingError, RecordingReader, open_recording, to_float
from frontend.settings import SpectrogramSettings
from pipeline.errors import RecordingsChanged
from pipeline.salts import digest

DIGEST_LENGTH = 12
FRAME_TYPE = np.dtype("<f2")
_PARTIAL = ".partial"
_LEFTOVER_AFTER_S = 24 * 3600.0

#: Writes the frames of a recording as .npy to an open file and returns the audio's hash.
Compute = Callable[[Path, SpectrogramSettings, BinaryIO], str]


def settings_record(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what numbers of a spectrogram depend on besides the audio, JSON-safe."""
    spectrogram = SpectrogramSettings.from_dict(settings).to_dict()
    return {"version": frontend.VERSION, "spectrogram": spectrogram}


def settings_folder(store: Path, settings: Mapping[str, Any]) -> Path:
    """Return the folder of one audio setting and front-end version."""
    return Path(store) / digest(settings_record(settings))[:DIGEST_LENGTH]


def store_path(store: Path, settings: Mapping[str, Any], audio_hash: str) -> Path:
    """Return where the frames of one decoded audio lie or belong."""
    return settings_folder(store, settings) / audio_hash[:2] / f"{audio_hash}.npy"


def frames_shape(file: BinaryIO) -> tuple[int, int]:
    """Return (n_frames, n_mels) of an open store file, and leave it at the first frame.

    Raises
    ------
    ValueError
        The file is no whole .npy of frames.
    """
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("not the .npy version that the store writes")
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype != FRAME_TYPE or fortran_order or len(shape) != 2:
        raise ValueError("not frames of float16")
    start = file.tell()
    if file.seek(0, 2) != start + shape[0] * shape[1] * FRAME_TYPE.itemsize:
        raise ValueError("not the size that its header declares")
    file.seek(start)
    return shape


def is_whole(path: Path, n_mels: int) -> bool:
    """Return whether a store file is there, complete and of `n_mels` bands."""
    try:
        with open(path, "rb") as file:
            return frames_shape(file)[1] == n_mels
    except (OSError, ValueError):
        return False


def write_header(file: BinaryIO, n_frames: int, n_mels: int) -> None:
    """Write the .npy header of frames that follow as raw float16."""
    header = {
        "descr": np.lib.format.dtype_to_descr(FRAME_TYPE),
        "fortran_order": False,
        "shape": (int(n_frames), int(n_mels)),
    }
    np.lib.format.write_array_header_1_0(file, header)


def write_log_mel(source: Path, settings: SpectrogramSettings, target: BinaryIO) -> str:
    """Write the log-mel frames of a recording as .npy, and return its `audio_hash`.

    Reads, transforms and writes piece by piece: memory does not grow with the recording.

    Raises
    ------
    RecordingError
        The recording cannot be read to its end.
    """
    with open_recording(source) as reader:
        hasher = AudioHasher(reader.sample_rate)
        n_samples, rate = reader.n_samples, reader.sample_rate
        write_header(target, n_frames_of(n_samples, rate, settings), settings.n_mels)
        for frames in log_mel_blocks(_hashed(reader, hasher), n_samples, rate, settings):
            target.write(frames.astype(FRAME_TYPE).data)
        return hasher.hexdigest()


def _hashed(reader: RecordingReader, hasher: AudioHasher) -> Iterator[np.ndarray]:
    for block in reader.blocks(BLOCK_SAMPLES):
        hasher.update(block)
        yield to_float(block)


class Job(NamedTuple):
    """One file that the store lacks: of which recording, of which decoded audio, and its name."""

    source: Path
    audio_hash: str
    target: Path


def do_job(job: Job, settings: SpectrogramSettings, compute: Compute = write_log_mel) -> None:
    """Make one file of the store; it appears under its name when it is whole.

    Its folders have to be there: see `make_folders`.

    Raises
    ------
    RecordingsChanged
        The recording cannot be read, or is no longer the one that the index saw.
    """
    with written_whole(job.target) as file:
        with refusing_unreadable(job.source):
            found = compute(job.source, settings, file)
        check_same(job.source, job.audio_hash, found)


@contextlib.contextmanager
def written_whole(target: Path) -> Iterator[BinaryIO]:
    """Give an open file that gets the name `target` when the block ends well, and goes else."""
    partial = _partial_folder(target) / f"{target.stem}-{uuid.uuid4().hex}"
    try:
        with open(partial, "wb") as file:
            yield file
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def check_same(source: Path, audio_hash: str, found: str) -> None:
    """Raise `RecordingsChanged` where a recording is not the one that the index saw."""
    if found != audio_hash:
        raise _changed(source, f"another one, with the hash {found[:12]}...")


def make_folders(jobs: Iterable[Job]) -> None:
    """Make the folders that `do_job` writes into: once, not for every recording."""
    make_parents(job.target for job in jobs)


def make_parents(targets: Iterable[Path]) -> None:
    """Make the folders that `written_whole` writes into."""
    for folder in {target.parent for target in targets}:
        folder.mkdir(parents=True, exist_ok=True)
        _partial_folder(folder / "any").mkdir(exist_ok=True)


def _partial_folder(target: Path) -> Path:
    return target.parent.parent / _PARTIAL


@contextlib.contextmanager
def refusing_unreadable(source: Path) -> Iterator[None]:
    """Raise `RecordingsChanged` where a recording cannot be read, which the index could."""
    try:
        yield
    except RecordingError as error:
        raise _changed(source, f"a recording that cannot be read: {error.reason}") from error


def _changed(source: Path, found: str) -> RecordingsChanged:
    return RecordingsChanged(
        expected="the same audio that the index found",
        found=found,
        where=str(source),
        action="Run the same command again: the index will be made anew from what is there now.",
    )


def clear_leftovers(folder: Path) -> None:
    """Remove half-written files that killed runs left in a setting's folder a day or more ago."""
    partial = folder / _PARTIAL
    if not partial.is_dir():
        return
    oldest = _now_on_disk(partial) - _LEFTOVER_AFTER_S
    for path in partial.glob("*"):
        try:
            if path.stat().st_mtime < oldest:
                path.unlink()
        except FileNotFoundError:  # another run was faster
            continue


def _now_on_disk(folder: Path) -> float:
    """Return the time by the disk's own clock: a shared disk's may be days from this machine's."""
    with tempfile.TemporaryFile(dir=folder) as fresh:
        return os.fstat(fresh.fileno()).st_mtime
