"""The learning rate of a step."""

from __future__ import annotations

import math


def learning_rate_at(step: int, n_steps: int, n_warmup: int, highest: float) -> float:
    """Return the rate of `step` (counted from 0): linear warm-up, then half a cosine to near 0.

    Parameters
    ----------
    step, n_steps, n_warmup : int
        In optimizer steps; the warm-up is shortened where it would take up the whole training.
    highest : float
        The rate that the warm-up ends at.
    """
    n_warmup = min(n_warmup, n_steps // 2)
    if step < n_warmup:
        return highest * (step + 1) / n_warmup
    done = (step - n_warmup) / max(1, n_steps - n_warmup)
    return highest * 0.5 * (1 + math.cos(math.pi * done))
