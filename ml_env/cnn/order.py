"""Which clips form which step: a function of seed and epoch, and of nothing that came before."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

# The first number after the seed keeps the streams of unlike things apart.
ORDER, MIXUP, TIME_MASKS, FREQUENCY_MASKS, DROPOUT, STATISTICS = range(6)


def generator(seed: int, *key: int) -> np.random.Generator:
    """Return the generator of (seed, stream, epoch, step...): the same whenever it is asked for."""
    return np.random.default_rng([seed, *key])


def plan_steps(n_clips: int, batch_size: int) -> tuple[int, int]:
    """Return (steps per epoch, clips per step): equal steps of at most `batch_size` clips.

    Equal, because a small last step would have poor batch statistics, and because another shape
    costs a second compilation. Every clip is seen in every epoch; fewer than one clip per step is
    seen twice.
    """
    n_steps = -(-n_clips // batch_size)
    return n_steps, -(-n_clips // n_steps)


def epoch_order(
    n_clips: int, batch_size: int, seed: int, epoch: int, weights: np.ndarray | None = None
) -> np.ndarray:
    """Return the clips of every step of an epoch, int64 (n_steps, clips per step).

    Parameters
    ----------
    n_clips, batch_size : int
        As in `plan_steps`.
    seed, epoch : int
        What the order is a function of.
    weights : ndarray, shape (n_clips,), optional
        Draw with replacement, each clip with a chance in proportion to its weight. Without, every
        clip is in every epoch.
    """
    n_steps, size = plan_steps(n_clips, batch_size)
    rng = generator(seed, ORDER, epoch)
    if weights is None:
        rows = np.resize(rng.permutation(n_clips), n_steps * size)
    else:
        chances = np.asarray(weights, dtype=np.float64)
        rows = rng.choice(n_clips, n_steps * size, p=chances / chances.sum())
    return rows.reshape(n_steps, size)


def in_order(n_clips: int, size: int) -> Iterator[np.ndarray]:
    """Yield rows 0, 1, ... in pieces of exactly `size`; the last is filled up with its last row.

    One shape only: a network gives the same clip the same bits whatever else is predicted.
    """
    for first in range(0, n_clips, size):
        yield np.minimum(np.arange(first, first + size), n_clips - 1)
