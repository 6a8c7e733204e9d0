"""Clipping: samples in a row on a recording's highest or lowest value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Lowest bits are left out of the comparison: a 24-bit copy of a clipped recording may jitter.
_SHIFT = 16
#: So many equal samples in a row make a run; two may be a peak that was sampled symmetrically.
MIN_RUN = 3
#: So many runs make a rail: the one peak of a slow wave is flat, too, once it is quantised.
MIN_RUNS = 3
#: ... or one run of so many, at half of the recording's peak or more: it was stuck there.
LONG_RUN = 50
#: A rail closer to zero than this (full scale = 1) is the quantisation of a quiet recording.
MIN_LEVEL = 0.01


@dataclass
class _Rail:
    """Runs on one extreme value."""

    level: int = 0
    n_runs: int = 0
    n_samples: int = 0
    longest: int = 0
    close_up: np.ndarray | None = None

    def add(self, other: _Rail, is_beyond: bool) -> None:
        """Join what a further block holds; a value beyond the one so far begins anew."""
        if self.close_up is None or is_beyond:
            self.__dict__.update(other.__dict__)
        elif other.level == self.level:
            if other.longest > self.longest:
                self.longest, self.close_up = other.longest, other.close_up
            self.n_runs += other.n_runs
            self.n_samples += other.n_samples

    def counted(self, peak: float) -> int:
        """Return how many samples are clipped, `peak` being the whole recording's."""
        height = abs(self.level) * 2.0**-15
        is_stuck = self.longest >= LONG_RUN and height >= peak / 2
        return (
            self.n_samples if height >= MIN_LEVEL and (self.n_runs >= MIN_RUNS or is_stuck) else 0
        )


class Rails:
    """Running count of clipped samples.

    A sample is clipped where it is one of three or more in a row that share, to 16 bits, the
    highest (or the lowest) value of the whole recording, where there are three such runs (or one
    of 50 samples at half of the peak or more), and where that value lies at 1 % of full scale or
    more. So files that were clipped below full scale are found, and files that were only
    normalised to it are not. What was clipped and then filtered, or made louder or softer
    half-way, has no rail and is not found.
    """

    N_CLOSE_UP = 200

    def __init__(self) -> None:
        self.peak = 0.0
        self._n = 0
        self._top, self._bottom = _Rail(), _Rail()

    def update(self, block: np.ndarray, samples: np.ndarray) -> None:
        """Take in the next samples, as int32 full scale and as floats."""
        values = np.right_shift(block, _SHIFT)
        self._n += len(values)
        self.peak = max(self.peak, float(samples.max()), -float(samples.min()))
        top = _runs(values, int(values.max()), samples)
        bottom = _runs(values, int(values.min()), samples)
        self._top.add(top, top.level > self._top.level)
        self._bottom.add(bottom, bottom.level < self._bottom.level)

    def share(self) -> float:
        """Return the share of clipped samples, 0 to 1."""
        return (self._top.counted(self.peak) + self._bottom.counted(self.peak)) / max(self._n, 1)

    def limits(self) -> tuple[float, float]:
        """Return the lowest and the highest value that is no rail's; infinite without rails."""
        bottom = (self._bottom.level + 1) * 2.0**-15 if self._bottom.counted(self.peak) else -np.inf
        top = self._top.level * 2.0**-15 if self._top.counted(self.peak) else np.inf
        return bottom, top

    def close_up(self) -> np.ndarray:
        """Return 200 samples about the start of the longest run on a rail, or about the peak."""
        seen = [(rail, rail.close_up) for rail in (self._top, self._bottom)]
        found = [
            (rail.counted(self.peak) > 0, rail.longest, abs(rail.level), k)
            for k, (rail, close_up) in enumerate(seen)
            if close_up is not None
        ]
        best = seen[max(found)[-1]][1] if found else None
        return np.zeros(self.N_CLOSE_UP, np.float32) if best is None else best


def _runs(values: np.ndarray, level: int, samples: np.ndarray) -> _Rail:
    on_rail = np.flatnonzero(values == level)
    breaks = np.flatnonzero(np.diff(on_rail) != 1) + 1
    starts = np.concatenate([[0], breaks])
    lengths = np.diff(np.concatenate([starts, [len(on_rail)]]))
    runs = lengths[lengths >= MIN_RUN]
    longest = int(np.argmax(lengths))
    # Its beginning, since a long run shows nothing but a line.
    close_up = _around(samples, int(on_rail[starts[longest]]))
    return _Rail(level, len(runs), int(runs.sum()), int(lengths[longest]), close_up)


def _around(samples: np.ndarray, middle: int) -> np.ndarray:
    n = Rails.N_CLOSE_UP
    start = min(max(0, middle - n // 2), max(0, len(samples) - n))
    part = samples[start : start + n].copy()
    return np.pad(part, (0, n - len(part)))
