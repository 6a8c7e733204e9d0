"""Waveform -> log-mel frames, equal to librosa's within 0.05 dB, in bounded memory.

The samples pass through resampler, short-time Fourier transform and mel filters block by block;
what is held at any time does not depend on how long the recording is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import soxr
from numpy.lib.stride_tricks import as_strided

from frontend.mel import mel_filters
from frontend.recording import open_recording, to_float
from frontend.settings import SpectrogramSettings

__all__ = [
    "SpectrogramSettings",
    "log_mel",
    "log_mel_blocks",
    "log_mel_of_file",
    "mel_matrix",
    "n_frames_of",
]

AMIN = 1e-10  # librosa.power_to_db's floor: -100 dB
BLOCK_SAMPLES = 1 << 16
# Few enough for the arrays to stay in a core's cache, enough to hide the cost of a call.
_FRAMES_AT_ONCE = 128
_FFTS_AT_ONCE = 32
_N_MEL_GROUPS = 8


def mel_matrix(settings: SpectrogramSettings) -> np.ndarray:
    """Return the mel filters as float32 (n_mels, 1 + n_fft // 2), equal to librosa's."""
    return mel_filters(
        settings.sample_rate, settings.n_fft, settings.n_mels, settings.fmin, settings.fmax
    )


def n_resampled(n_samples: int, sample_rate: int, settings: SpectrogramSettings) -> int:
    """Return how many samples remain after resampling; librosa.resample's rule."""
    return math.ceil(n_samples * (float(settings.sample_rate) / sample_rate))


def n_frames_of(n_samples: int, sample_rate: int, settings: SpectrogramSettings) -> int:
    """Return how many frames a recording of `n_samples` at `sample_rate` has."""
    return 1 + n_resampled(n_samples, sample_rate, settings) // settings.hop_length


def log_mel(samples: np.ndarray, sample_rate: int, settings: SpectrogramSettings) -> np.ndarray:
    """Return the log-mel frames of a whole recording.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
        Mono, in [-1, 1].
    sample_rate : int
        Of `samples`, in Hz; resampled with soxr HQ where it is not the settings'.
    settings : SpectrogramSettings

    Returns
    -------
    ndarray of float32, shape (n_frames, n_mels)
        Power in dB, not below -100: librosa's ``power_to_db(melspectrogram(...), top_db=None).T``
        with its default Hann window, centred frames and zero padding.
    """
    samples = np.asarray(samples, dtype=np.float32)
    blocks = (
        samples[start : start + BLOCK_SAMPLES] for start in range(0, len(samples), BLOCK_SAMPLES)
    )
    frames = list(log_mel_blocks(blocks, len(samples), sample_rate, settings))
    return np.concatenate(frames)


def log_mel_of_file(path: str | Path, settings: SpectrogramSettings) -> np.ndarray:
    """Return `log_mel` of a recording on disk, float32 (n_frames, n_mels).

    Raises
    ------
    RecordingError
        See `frontend.recording.open_recording`.
    """
    with open_recording(path) as reader:
        blocks = (to_float(block) for block in reader.blocks(BLOCK_SAMPLES))
        pieces = log_mel_blocks(blocks, reader.n_samples, reader.sample_rate, settings)
        return np.concatenate(list(pieces))


def log_mel_blocks(
    blocks: Iterable[np.ndarray],
    n_samples: int,
    sample_rate: int,
    settings: SpectrogramSettings,
) -> Iterator[np.ndarray]:
    """Yield the frames of `log_mel` in float32 pieces (k, n_mels), for recordings of any length.

    `blocks` holds the float32 mono samples in order, `n_samples` of them altogether.
    """
    transform = _FrameTransform(settings)
    half, hop = settings.n_fft // 2, settings.hop_length
    resampled = _resampled(blocks, n_samples, sample_rate, settings)
    n_least = settings.n_fft + (_FRAMES_AT_ONCE - 1) * hop
    for samples in _overlapping(_padded(resampled, half), n_least, settings):
        n_frames = 1 + (len(samples) - settings.n_fft) // hop
        for first in range(0, n_frames, _FRAMES_AT_ONCE):
            yield transform(samples[first * hop :], min(_FRAMES_AT_ONCE, n_frames - first))


def _padded(pieces: Iterable[np.ndarray], n_zeros: int) -> Iterator[np.ndarray]:
    yield np.zeros(n_zeros, dtype=np.float32)
    yield from pieces
    yield np.zeros(n_zeros, dtype=np.float32)


def _overlapping(
    pieces: Iterable[np.ndarray], n_least: int, settings: SpectrogramSettings
) -> Iterator[np.ndarray]:
    """Join pieces to at least `n_least` samples, and repeat what the next frame needs again."""
    held: list[np.ndarray] = []
    for piece in pieces:
        held.append(piece)
        if sum(map(len, held)) >= n_least:
            samples = np.concatenate(held)
            yield samples
            n_frames = 1 + (len(samples) - settings.n_fft) // settings.hop_length
            held = [samples[n_frames * settings.hop_length :]]
    samples = np.concatenate(held)
    if len(samples) >= settings.n_fft:
        yield samples


def _resampled(
    blocks: Iterable[np.ndarray],
    n_samples: int,
    sample_rate: int,
    settings: SpectrogramSettings,
) -> Iterator[np.ndarray]:
    """Yield exactly `n_resampled` samples at the settings' rate."""
    if sample_rate == settings.sample_rate:
        yield from blocks
        return
    resampler = soxr.ResampleStream(
        sample_rate, settings.sample_rate, 1, dtype="float32", quality="HQ"
    )
    n_in, n_left = 0, n_resampled(n_samples, sample_rate, settings)
    for block in blocks:
        n_in += len(block)
        piece = resampler.resample_chunk(block, last=n_in >= n_samples)[:n_left]
        n_left -= len(piece)
        yield piece
    yield np.zeros(n_left, dtype=np.float32)


@dataclass(frozen=True)
class _Band:
    """A few neighbouring mel filters with only the FFT bins that they touch."""

    mels: slice
    bins: slice
    weights: np.ndarray  # (n_bins of the band, n_mels of the band)


@lru_cache(maxsize=8)
def _constants(settings: SpectrogramSettings) -> tuple[np.ndarray, tuple[_Band, ...]]:
    """Return the periodic Hann window, float64 (n_fft,), and the filters in bands.

    Most of the mel matrix is zero: multiplying band by band takes a third of the time.
    """
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(settings.n_fft) / settings.n_fft)
    matrix = mel_matrix(settings)
    edges = np.linspace(0, settings.n_mels, min(_N_MEL_GROUPS, settings.n_mels) + 1).astype(int)
    bands = []
    for first, end in pairwise(edges):
        touched = np.flatnonzero(matrix[first:end].any(axis=0))
        low, high = (int(touched[0]), int(touched[-1]) + 1) if touched.size else (0, 1)
        weights = np.ascontiguousarray(matrix[first:end, low:high].T)
        bands.append(_Band(slice(int(first), int(end)), slice(low, high), weights))
    return window, tuple(bands)


class _FrameTransform:
    """Samples -> dB frames, with its working arrays; one per recording, not for threads."""

    def __init__(self, settings: SpectrogramSettings):
        self._settings = settings
        self._window, self._bands = _constants(settings)
        n_bins = 1 + settings.n_fft // 2
        # In float32 the rounding of loud low frequencies would drown the faint high ones, which
        # then differ from librosa's by more than 0.05 dB; NumPy's float64 FFT is no slower.
        self._windowed = np.empty((_FFTS_AT_ONCE, settings.n_fft))
        self._spectrum = np.empty((_FFTS_AT_ONCE, n_bins), dtype=np.complex128)
        self._power = np.empty((_FRAMES_AT_ONCE, n_bins), dtype=np.float32)

    def __call__(self, samples: np.ndarray, n_frames: int) -> np.ndarray:
        """Return the first `n_frames` frames of contiguous samples, float32 (n_frames, n_mels)."""
        step = samples.itemsize
        frames = as_strided(
            samples,
            (n_frames, self._settings.n_fft),
            (self._settings.hop_length * step, step),
            writeable=False,
        )
        power = self._power[:n_frames]
        for first in range(0, n_frames, _FFTS_AT_ONCE):
            part = slice(first, min(first + _FFTS_AT_ONCE, n_frames))
            self._powers_of(frames[part], power[part])
        mels = np.empty((n_frames, self._settings.n_mels), dtype=np.float32)
        for band in self._bands:
            np.matmul(power[:, band.bins], band.weights, out=mels[:, band.mels])
        np.log10(np.maximum(mels, np.float32(AMIN), out=mels), out=mels)
        mels *= np.float32(10)
        return mels

    def _powers_of(self, frames: np.ndarray, power: np.ndarray) -> None:
        """Write |FFT|**2 of frames (k, n_fft) into `power` (k, n_bins)."""
        windowed, spectrum = self._windowed[: len(frames)], self._spectrum[: len(frames)]
        np.multiply(frames, self._window, out=windowed)
        np.fft.rfft(windowed, axis=-1, out=spectrum)
        squares = spectrum.view(np.float64)  # real and imaginary parts in turns
        np.square(squares, out=squares)
        np.add(squares[:, ::2], squares[:, 1::2], out=power, casting="same_kind")
