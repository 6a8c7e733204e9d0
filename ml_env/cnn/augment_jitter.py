"""Crop jitter: the window of a train clip shifted against its span.

What a shifted window holds is in the pack, not in the clip: the shift is applied where clips are
cut, before everything that happens in the graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cnn.augment_draws import chosen
from cnn.order import generator

JITTER = 110  # the stream of random numbers; those of `cnn.augment` come before it


def draw_shift_s(
    settings: Mapping[str, Any], n_clips: int, seed: int, epoch: int, step: int
) -> np.ndarray | None:
    """Return by how much later each window of a step begins, s; None where jitter is off.

    ``jitter_share`` of the clips get a shift ~ U(-``jitter_s``, ``jitter_s``): float64 (n_clips,),
    a function of the arguments only.
    """
    if not (settings["jitter_share"] and settings["jitter_s"]):
        return None
    rng = generator(seed, JITTER, epoch, step)
    is_on = chosen(n_clips, settings["jitter_share"], rng)
    largest_s = settings["jitter_s"]
    return np.where(is_on, rng.uniform(-largest_s, largest_s, n_clips), 0.0)


def shift_in_frames(
    shift_s: np.ndarray, frames_per_second: float, span_n: np.ndarray, window_frames: int
) -> np.ndarray:
    """Return the shifts in frames, int64, as far as the labels allow.

    A span shorter than the window stays inside it whole; a longer one fills the window whole. What
    was heard for a label is thus never lost by the shift.

    Parameters
    ----------
    shift_s : ndarray, shape (batch,)
        As `draw_shift_s` gives it.
    span_n : ndarray of int, shape (batch,)
        Frames of the labelled spans.
    """
    slack = np.abs(np.asarray(span_n, dtype=np.int64) - window_frames) // 2
    wanted = np.rint(shift_s * frames_per_second).astype(np.int64)
    return np.clip(wanted, -slack, slack)
