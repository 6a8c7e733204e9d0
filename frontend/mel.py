"""The mel filter bank: librosa's default (Slaney's scale and norm), without librosa."""

from __future__ import annotations

import numpy as np

# M. Slaney, Auditory Toolbox, 1998: linear below 1 kHz, logarithmic above.
_HZ_PER_MEL = 200.0 / 3
_LOG_START_HZ = 1000.0
_LOG_START_MEL = _LOG_START_HZ / _HZ_PER_MEL
_LOG_STEP = np.log(6.4) / 27.0


def hz_to_mel(frequencies_hz: np.ndarray) -> np.ndarray:
    """Return Slaney mels of frequencies in Hz, same shape."""
    frequencies_hz = np.asarray(frequencies_hz, dtype=np.float64)
    ratio = np.maximum(frequencies_hz, _LOG_START_HZ) / _LOG_START_HZ
    logarithmic = _LOG_START_MEL + np.log(ratio) / _LOG_STEP
    return np.where(frequencies_hz >= _LOG_START_HZ, logarithmic, frequencies_hz / _HZ_PER_MEL)


def mel_to_hz(mels: np.ndarray) -> np.ndarray:
    """Return frequencies in Hz of Slaney mels, same shape."""
    mels = np.asarray(mels, dtype=np.float64)
    above = np.maximum(mels, _LOG_START_MEL) - _LOG_START_MEL
    logarithmic = _LOG_START_HZ * np.exp(_LOG_STEP * above)
    return np.where(mels >= _LOG_START_MEL, logarithmic, mels * _HZ_PER_MEL)


def mel_filters(
    sample_rate: int, n_fft: int, n_mels: int, fmin: float = 0.0, fmax: float | None = None
) -> np.ndarray:
    """Return triangular filters of equal area as float32 (n_mels, 1 + n_fft // 2).

    Equal to ``librosa.filters.mel(sr=sample_rate, n_fft=..., n_mels=..., fmin=..., fmax=...)``;
    `fmax` None is half the sample rate.
    """
    top = sample_rate / 2 if fmax is None else fmax
    limits = hz_to_mel(np.array([fmin, top]))
    corners = mel_to_hz(np.linspace(limits[0], limits[1], n_mels + 2))
    bins = np.fft.rfftfreq(n_fft, 1 / sample_rate)
    offsets = corners[:, np.newaxis] - bins
    widths = np.diff(corners)[:, np.newaxis]
    rising, falling = -offsets[:-2] / widths[:-1], offsets[2:] / widths[1:]
    # librosa rounds the triangles to float32 before it applies the norm.
    triangles = np.maximum(0, np.minimum(rising, falling)).astype(np.float32)
    triangles *= 2.0 / (corners[2:] - corners[:-2])[:, np.newaxis]
    return triangles
