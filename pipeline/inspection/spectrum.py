"""Mean power spectrum of a recording from a bounded number of segments, and the band it uses."""

from __future__ import annotations

import numpy as np

MAX_SEGMENTS = 64
#: Width in Hz of the bands in which the band in use is looked for.
BAND_HZ = 100.0
QUARTILE = 25.0
#: A band is in use where it lies so many dB above the recording's own floor ...
ABOVE_FLOOR_DB = 10.0
#: ... which is this percentile of its bands: the quietest tenth may be a resampler's last slope.
FLOOR_PERCENTILE = 10.0
#: Centres in Hz of the third-octave bands that are kept for the pictures.
CENTRES_HZ = 1000.0 * 2.0 ** (np.arange(-16, 14) / 3)
_LOWEST_DB = -200.0


class Spectrum:
    """Running mean power spectrum of a recording.

    Parameters
    ----------
    sample_rate : int
        In Hz.
    n_samples : int
        Length of the whole recording: the segments are spread evenly over it.
    """

    def __init__(self, sample_rate: int, n_samples: int):
        self.sample_rate = sample_rate
        self.n_fft = n_fft_for(sample_rate)
        n_segments = min(MAX_SEGMENTS, max(1, n_samples // self.n_fft))
        last = max(0, n_samples - self.n_fft)
        self._starts = np.linspace(0, last, n_segments).astype(np.int64)
        self._window = np.hanning(self.n_fft).astype(np.float32)
        self._sum = np.zeros(self.n_fft // 2 + 1)
        self._n = 0

    def update(self, samples: np.ndarray, start: int) -> None:
        """Take in the float samples that begin at sample `start`; segments across ends are lost."""
        inside = (self._starts >= start) & (self._starts + self.n_fft <= start + len(samples))
        segments = [samples[s - start : s - start + self.n_fft] for s in self._starts[inside]]
        if not segments and start == 0 and len(samples) < self.n_fft:
            segments = [np.pad(samples, (0, self.n_fft - len(samples)))]
        if segments:
            stack = np.stack(segments)
            stack = (stack - stack.mean(axis=1, keepdims=True)) * self._window
            self._sum += (np.abs(np.fft.rfft(stack)) ** 2).sum(axis=0)
            self._n += len(segments)

    def power(self) -> np.ndarray:
        """Return the one-sided power density, full scale squared per Hz, (n_fft // 2 + 1,)."""
        scale = 2.0 / (self.sample_rate * float((self._window**2).sum()) * max(self._n, 1))
        return self._sum * scale


def n_fft_for(sample_rate: int) -> int:
    """Return a power of two whose bins are about 4 to 6 Hz wide at 4 to 48 kHz."""
    return int(2 ** np.clip(np.round(np.log2(sample_rate / 5.0)), 9, 13))


def bandwidth_hz(power: np.ndarray, sample_rate: int) -> float:
    """Return the upper edge of the highest band that stands out of the recording's own floor.

    The spectrum is cut into bands of 100 Hz; a band's level is the lower quartile of its bins,
    so that a whistle of one frequency is no band. The floor is the 10th percentile of the
    levels. The highest band at 10 dB or more above the floor is the last one in use. Where none
    stands out, as in white noise, the whole spectrum is in use. Below the floor there may be
    sound that no one can tell from noise.
    """
    levels_db, edges_hz = _bands(power, sample_rate)
    floor_db = np.percentile(levels_db, FLOOR_PERCENTILE)
    used = np.flatnonzero(levels_db >= floor_db + ABOVE_FLOOR_DB)
    last_hz = edges_hz[used[-1] + 1] if len(used) else np.inf
    return float(min(last_hz, sample_rate / 2))


def third_octaves_db(power: np.ndarray, sample_rate: int) -> np.ndarray:
    """Return the mean density in third octaves around `CENTRES_HZ`, float32, in dB per Hz.

    NaN where no bin of the spectrum lies in a band.
    """
    frequencies = np.linspace(0, sample_rate / 2, len(power))
    edges = np.concatenate([CENTRES_HZ * 2 ** (-1 / 6), [CENTRES_HZ[-1] * 2 ** (1 / 6)]])
    where = np.searchsorted(frequencies, edges)
    sums = np.concatenate([[0.0], np.cumsum(power)])
    counts = np.diff(where)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = np.diff(sums[where]) / counts
    return np.where(counts > 0, _decibels(means), np.nan).astype(np.float32)


def _bands(power: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the levels in dB of bands of equally many bins, and their edges in Hz."""
    bin_hz = sample_rate / 2 / (len(power) - 1)
    n_bins = max(1, min(round(BAND_HZ / bin_hz), len(power) - 1))
    n_bands = (len(power) - 1) // n_bins
    # Without the bin at 0 Hz, where only an offset could be.
    bands = power[1 : 1 + n_bands * n_bins].reshape(n_bands, n_bins)
    quarter = int(QUARTILE / 100 * n_bins)
    levels = np.partition(bands, quarter, axis=1)[:, quarter]
    return _decibels(levels), (0.5 + np.arange(n_bands + 1) * n_bins) * bin_hz


def _decibels(power: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.maximum(10 * np.log10(power), _LOWEST_DB)
