"""What identifies a recording: hashes of its decoded samples, whole or block by block."""

from __future__ import annotations

import hashlib
import struct

import numpy as np

_ZEROS_AT_ONCE = 1 << 18


def audio_hash(samples: np.ndarray, sample_rate: int) -> str:
    """Return the sha256 of sample rate (Hz) and int32 mono samples: what a recording *is*."""
    hasher = AudioHasher(sample_rate)
    hasher.update(samples)
    return hasher.hexdigest()


def content_hash(samples: np.ndarray) -> str:
    """Return the sha256 of int32 mono samples without the exact zeros around them.

    Copies that differ in padding or in the rate their header claims share it.
    """
    hasher = ContentHasher()
    hasher.update(samples)
    return hasher.hexdigest()


class AudioHasher:
    """Running `audio_hash` of int32 mono blocks."""

    def __init__(self, sample_rate: int):
        self._digest = hashlib.sha256(struct.pack("<q", sample_rate))

    def update(self, samples: np.ndarray) -> None:
        """Take in the next samples."""
        self._digest.update(_bytes(samples))

    def hexdigest(self) -> str:
        """Hash of everything taken in so far, 64 hex digits."""
        return self._digest.hexdigest()


class ContentHasher:
    """Running `content_hash` of int32 mono blocks."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._started = False
        self._n_held_zeros = 0

    def update(self, samples: np.ndarray) -> None:
        """Take in the next samples; zeros at the end are held back until a sound follows."""
        sounding = np.flatnonzero(samples)
        if sounding.size == 0:
            self._n_held_zeros += samples.size if self._started else 0
            return
        while self._n_held_zeros:
            n_zeros = min(self._n_held_zeros, _ZEROS_AT_ONCE)
            self._digest.update(bytes(4 * n_zeros))
            self._n_held_zeros -= n_zeros
        first = 0 if self._started else int(sounding[0])
        end = int(sounding[-1]) + 1
        self._digest.update(_bytes(samples[first:end]))
        self._started, self._n_held_zeros = True, samples.size - end

    def hexdigest(self) -> str:
        """Hash of everything taken in so far, 64 hex digits."""
        return self._digest.hexdigest()


def _bytes(samples: np.ndarray) -> memoryview:
    return np.ascontiguousarray(samples, dtype="<i4").data.cast("B")
