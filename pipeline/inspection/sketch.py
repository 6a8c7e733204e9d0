"""The outline of a recording: lowest and highest sample in equal parts."""

from __future__ import annotations

import numpy as np


class Sketch:
    """Running outline.

    Attributes
    ----------
    envelope : ndarray of float32 (2, 240)
        Lowest and highest sample of each part, full scale = 1.
    """

    N_COLUMNS = 240

    def __init__(self, n_samples: int):
        self._edges = np.arange(self.N_COLUMNS + 1) * n_samples // self.N_COLUMNS
        self.envelope = np.zeros((2, self.N_COLUMNS), np.float32)
        self._seen = np.zeros(self.N_COLUMNS, bool)

    def update(self, samples: np.ndarray, start: int) -> None:
        """Take in the float samples that begin at sample `start`."""
        end = start + len(samples)
        inside = (self._edges[:-1] < end) & (self._edges[1:] >= start)
        columns = np.flatnonzero(inside)
        begins = np.clip(self._edges[columns] - start, 0, len(samples) - 1)
        lowest = np.minimum.reduceat(samples, begins)
        highest = np.maximum.reduceat(samples, begins)
        for row, found, join in ((0, lowest, np.minimum), (1, highest, np.maximum)):
            known = self.envelope[row, columns]
            self.envelope[row, columns] = np.where(self._seen[columns], join(known, found), found)
        self._seen[columns] = True
