"""Recordings on disk -> decoded mono samples and the hashes that identify them.

Everything is read block by block, so that a recording of many hours needs no more memory than
a short one. All readers go through the same 32-bit integers: a .wav and a .flac, or a 16 and a
24 bit copy, of one recording give the same samples and the same hashes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from frontend.errors import RecordingError
from frontend.hashes import AudioHasher, ContentHasher, audio_hash, content_hash
from frontend.sources import FULL_SCALE, Source, open_source

__all__ = [
    "RecordingError",
    "RecordingFacts",
    "RecordingReader",
    "audio_hash",
    "content_hash",
    "decode",
    "describe_recording",
    "open_recording",
    "read_recording",
    "to_float",
]

BLOCK_SAMPLES = 1 << 16
# Nothing records lung sounds outside these (Hz): the header is damaged, and resampling from
# such a rate could take all memory.
MIN_SAMPLE_RATE, MAX_SAMPLE_RATE = 1_000, 400_000


@dataclass(frozen=True)
class RecordingFacts:
    """What the index keeps of one recording; see `audio_hash` and `content_hash`."""

    sample_rate: int
    n_samples: int
    audio_hash: str
    content_hash: str
    is_constant: bool

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.n_samples / self.sample_rate


class RecordingReader:
    """An open recording; made by `open_recording`."""

    def __init__(self, source: Source, path: str | Path):
        self._source, self._path = source, path
        self.sample_rate = source.sample_rate
        self.n_samples = source.n_samples

    def blocks(self, n_samples: int = BLOCK_SAMPLES) -> Iterator[np.ndarray]:
        """Yield the decoded mono samples, int32 full scale, `n_samples` at a time.

        Raises
        ------
        RecordingError
            The file holds fewer samples than its header says, is damaged, or holds floats that
            are not numbers or lie far outside [-1, 1].
        """
        n_read = 0
        while n_read < self.n_samples:
            block = self._source.read(min(n_samples, self.n_samples - n_read))
            if len(block) == 0:
                raise RecordingError(
                    self._path,
                    "truncated",
                    f"it holds {n_read} samples where its header declares {self.n_samples}.",
                )
            n_read += len(block)
            yield _mono(block)


@contextmanager
def open_recording(path: str | Path) -> Iterator[RecordingReader]:
    """Open a .wav or .flac recording for reading in blocks.

    Raises
    ------
    RecordingError
        The file is missing, empty, no audio, truncated, holds no samples, or declares a sample
        rate that cannot be.
    """
    with open_source(path) as source:
        if source.n_samples == 0:
            raise RecordingError(path, "no samples", "it has a header but no samples.")
        if not MIN_SAMPLE_RATE <= source.sample_rate <= MAX_SAMPLE_RATE:
            reason = f"its header declares {source.sample_rate} samples per second."
            raise RecordingError(path, "sample rate", reason)
        yield RecordingReader(source, path)


def decode(path: str | Path) -> tuple[np.ndarray, int]:
    """Return all samples as int32 (n_samples,), mono, full scale, and the sample rate in Hz.

    Several channels are averaged. 16 and 24 bit samples are left-justified.

    Raises
    ------
    RecordingError
        See `open_recording` and `RecordingReader.blocks`.
    """
    with open_recording(path) as reader:
        return np.concatenate(list(reader.blocks())), reader.sample_rate


def read_recording(path: str | Path) -> tuple[np.ndarray, int]:
    """Return all samples as float32 (n_samples,), mono, in [-1, 1], and the sample rate in Hz.

    Raises
    ------
    RecordingError
        See `open_recording` and `RecordingReader.blocks`.
    """
    samples, sample_rate = decode(path)
    return to_float(samples), sample_rate


def to_float(samples: np.ndarray) -> np.ndarray:
    """Return int32 full-scale samples as float32 in [-1, 1]."""
    return np.multiply(samples, np.float32(1 / FULL_SCALE), dtype=np.float32)


def describe_recording(path: str | Path) -> RecordingFacts:
    """Return rate, length and hashes of a recording, from one pass in bounded memory.

    Raises
    ------
    RecordingError
        See `open_recording` and `RecordingReader.blocks`.
    """
    with open_recording(path) as reader:
        audio, content = AudioHasher(reader.sample_rate), ContentHasher()
        lowest, highest = [], []
        for block in reader.blocks():
            audio.update(block)
            content.update(block)
            lowest.append(int(block.min()))
            highest.append(int(block.max()))
        return RecordingFacts(
            sample_rate=reader.sample_rate,
            n_samples=reader.n_samples,
            audio_hash=audio.hexdigest(),
            content_hash=content.hexdigest(),
            is_constant=min(lowest) == max(highest),
        )


def _mono(samples: np.ndarray) -> np.ndarray:
    if samples.shape[1] == 1:
        return samples[:, 0]
    return (samples.sum(axis=1, dtype=np.int64) // samples.shape[1]).astype(np.int32)
