"""What is drawn for the augmentation of one step; `cnn.augment_ops` applies it in the graph.

Mixup: Zhang et al. 2018, arXiv:1710.09412. Masks: Park et al. 2019, "SpecAugment",
arXiv:1904.08779. Only train clips are augmented.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnn.order import FREQUENCY_MASKS, MIXUP, TIME_MASKS, generator


@dataclass(frozen=True)
class Draw:
    """What is to be done to the clips of one step.

    Attributes
    ----------
    partner : ndarray of int32, shape (batch,)
        The clip of the same batch that each is mixed with.
    share : ndarray of float32, shape (batch,)
        The weight of the clip itself, in [0, 1]; 1: not mixed.
    time_masks, frequency_masks : ndarray of int32, shape (batch, n_masks, 2)
        First frame (mel band) and length of each mask; length 0: none.
    """

    partner: np.ndarray
    share: np.ndarray
    time_masks: np.ndarray
    frequency_masks: np.ndarray

    def inputs(self) -> dict[str, np.ndarray]:
        """Return the draw as the inputs of the training network."""
        return dict(vars(self))


def draw_step(
    settings: Mapping[str, Any],
    n_clips: int,
    shape: tuple[int, int],
    seed: int,
    epoch: int,
    step: int,
) -> Draw:
    """Return the draw for one step: a function of the arguments only.

    Parameters
    ----------
    settings : mapping
        The section ``[augment]``.
    n_clips : int
        Clips in the step.
    shape : (int, int)
        (n_frames, n_mels) of a clip.
    """
    n_frames, n_mels = shape
    at = (epoch, step)
    partner, share = draw_mixup(settings, n_clips, generator(seed, MIXUP, *at))
    return Draw(
        partner,
        share,
        draw_masks(
            n_clips,
            settings["n_time_masks"],
            n_frames,
            settings["time_mask_share"],
            generator(seed, TIME_MASKS, *at),
        ),
        draw_masks(
            n_clips,
            settings["n_frequency_masks"],
            n_mels,
            settings["frequency_mask_share"],
            generator(seed, FREQUENCY_MASKS, *at),
        ),
    )


def draw_mixup(
    settings: Mapping[str, Any], n_clips: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return partner and share: ``mixup_share`` of the clips get a share ~ Beta(alpha, alpha)."""
    partner = rng.permutation(n_clips).astype(np.int32)
    alpha = settings["mixup_alpha"]
    if not alpha:
        return partner, np.ones(n_clips, dtype=np.float32)
    mixed = rng.random(n_clips) < settings["mixup_share"]
    share = np.where(mixed, rng.beta(alpha, alpha, n_clips), 1.0)
    return partner, share.astype(np.float32)


def draw_masks(
    n_clips: int, n_masks: int, size: int, largest_share: float, rng: np.random.Generator
) -> np.ndarray:
    """Return (first, length) of every mask, lengths uniform from 0 to `largest_share` of `size`.

    With no masks, one of length 0, so that the graph has one form.
    """
    form = (n_clips, max(1, n_masks))
    largest = int(largest_share * size) if n_masks else 0
    length = rng.integers(0, largest, form, endpoint=True)
    first = rng.integers(0, size - length, endpoint=True)
    return np.stack([first, length], axis=-1).astype(np.int32)


def mix_labels(labels: np.ndarray, draw: Draw) -> np.ndarray:
    """Return the labels of the mixed clips, float32 in [0, 1], of the shape of `labels`."""
    share = draw.share[:, np.newaxis]
    return (share * labels + (1 - share) * labels[draw.partner]).astype(np.float32)
