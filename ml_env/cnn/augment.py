"""What is drawn for the augmentation of one step; `cnn.augment_ops` applies it in the graph.

Only train clips are augmented. Each augmentation has random numbers of its own, so that turning one
on changes nothing of another; what is off is not drawn, and is not in the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnn.augment_draws import (
    draw_filter,
    draw_gain,
    draw_masks,
    draw_noise,
    draw_roll,
    draw_warp,
    kept_for,
)
from cnn.augment_mixup import check_mixup, draw_mixup, draw_mixup_by_labels
from cnn.errors import JobError
from cnn.order import FREQUENCY_MASKS, MIXUP, TIME_MASKS, generator

# The streams of `cnn.order` count from 0; those of the augmentations that came later, from 100.
WARP, NOISE, FILTER, GAIN, ROLL, MIXUP_BY_LABELS, MASKED_TIME, MASKED_FREQUENCY = range(100, 108)

#: Augmentation -> arrays of a `Draw` that say what it does.
INPUTS = {
    "warp": ("warp",),
    "noise": ("noise",),
    "filter": ("filter_db",),
    "gain": ("gain_db",),
    "roll": ("roll",),
    "mixup": ("partner", "share"),
    "time_masks": ("time_masks",),
    "frequency_masks": ("frequency_masks",),
}
#: Augmentation -> settings that all have to be above 0 for it to do anything.
NEEDS = {
    "warp": ("warp_share", "warp_max"),
    "noise": ("noise_share",),
    "filter": ("filter_share", "filter_db"),
    "gain": ("gain_share", "gain_db"),
    "roll": ("roll_share", "roll_max"),
    "time_masks": ("masked_share", "n_time_masks", "time_mask_share"),
    "frequency_masks": ("masked_share", "n_frequency_masks", "frequency_mask_share"),
}


@dataclass(frozen=True)
class Draw:
    """What is to be done to the clips of one step; None where an augmentation is off.

    Attributes
    ----------
    partner : ndarray of int32, shape (batch,)
        The clip of the same batch that each is mixed with.
    share : ndarray of float32, shape (batch,)
        The weight of the clip itself, in [0, 1]; 1: not mixed.
    time_masks, frequency_masks : ndarray of int32, shape (batch, n_masks, 2)
        First frame (mel band) and length of each mask; length 0: none.
    roll : ndarray of int32, shape (batch,)
        Frames by which a clip is moved on; what leaves at its end comes in at its start.
    warp : ndarray of float32, shape (batch,)
        Factor on the frequencies; 1: not warped.
    noise : ndarray of float32, shape (batch, n_frames, n_mels)
        Power of the noise, as a multiple of the clip's mean power; 0: none.
    filter_db : ndarray of float32, shape (batch, n_mels)
        What is added to each mel band.
    gain_db : ndarray of float32, shape (batch,)
        What is added to the whole clip.
    """

    partner: np.ndarray | None = None
    share: np.ndarray | None = None
    time_masks: np.ndarray | None = None
    frequency_masks: np.ndarray | None = None
    roll: np.ndarray | None = None
    warp: np.ndarray | None = None
    noise: np.ndarray | None = None
    filter_db: np.ndarray | None = None
    gain_db: np.ndarray | None = None

    def inputs(self) -> dict[str, np.ndarray]:
        """Return the draw as inputs of the training network; what is off is left out."""
        return {name: values for name, values in vars(self).items() if values is not None}


def active(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the augmentations that do something, in the order in which they are applied."""
    return tuple(name for name in settings["order"] if _is_on(settings, name))


def draw_step(
    settings: Mapping[str, Any],
    n_clips: int,
    shape: tuple[int, int],
    seed: int,
    epoch: int,
    step: int,
    labels: np.ndarray | None = None,
    label_names: Sequence[str] = (),
    padded: np.ndarray | None = None,
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
    seed, epoch, step : int
    labels : ndarray, shape (n_clips, n_labels), optional
        With `label_names`; what ``mixup_quantity`` chooses pairs by.
    padded : ndarray of bool, shape (n_clips,), optional
        Clips that are shorter than the window; what ``mixup_no_pad`` skips.
    """
    drawing = _Drawing(settings, n_clips, shape, (seed, epoch, step), labels, label_names, padded)
    arrays: dict[str, np.ndarray] = {}
    for name in active(settings):
        arrays |= dict(zip(INPUTS[name], _DRAWS[name](drawing), strict=True))
    return Draw(**arrays)


def mix_labels(labels: np.ndarray, draw: Draw) -> np.ndarray:
    """Return the labels of the mixed clips, float32 in [0, 1], of the shape of `labels`."""
    if draw.share is None or draw.partner is None:
        return labels.astype(np.float32)
    share = draw.share[:, np.newaxis]
    return (share * labels + (1 - share) * labels[draw.partner]).astype(np.float32)


def check_augment(
    settings: Mapping[str, Any], label_names: Sequence[str], labels: np.ndarray
) -> None:
    """Raise `JobError` where settings contradict one another, or name labels that no clip has."""
    if settings["noise_snr_min_db"] > settings["noise_snr_max_db"]:
        raise JobError(
            expected="noise_snr_min_db of at most noise_snr_max_db",
            found=f"{settings['noise_snr_min_db']:g} and {settings['noise_snr_max_db']:g}",
            where="[augment]",
            action="Change one of them.",
        )
    if "mixup" in active(settings):
        check_mixup(settings, label_names, labels)


def _is_on(settings: Mapping[str, Any], name: str) -> bool:
    if name == "mixup":
        by_beta = settings["mixup_alpha"] > 0 and settings["mixup_share"] > 0
        return by_beta or settings["mixup_quantity"] > 0
    return all(settings[key] > 0 for key in NEEDS[name])


@dataclass(frozen=True)
class _Drawing:
    """The arguments of `draw_step`, as every augmentation gets them."""

    settings: Mapping[str, Any]
    n_clips: int
    shape: tuple[int, int]
    at: tuple[int, int, int]
    labels: np.ndarray | None
    label_names: Sequence[str]
    padded: np.ndarray | None

    def rng(self, stream: int) -> np.random.Generator:
        """Return the generator of one stream at this step."""
        seed, epoch, step = self.at
        return generator(seed, stream, epoch, step)

    def skipped(self) -> np.ndarray:
        """Return which clips take no part in mixup."""
        if not self.settings["mixup_no_pad"]:
            return np.zeros(self.n_clips, dtype=bool)
        if self.padded is None:
            raise ValueError("mixup_no_pad needs to know which clips are padded.")
        return self.padded


def _mixup(of: _Drawing) -> tuple[np.ndarray, ...]:
    skipped = of.skipped()
    if not of.settings["mixup_quantity"]:
        partner, share = draw_mixup(of.settings, of.n_clips, of.rng(MIXUP))
        share[skipped | skipped[partner]] = 1
        return partner, share
    if of.labels is None:
        raise ValueError("mixup_quantity needs the labels of the clips.")
    rng = of.rng(MIXUP_BY_LABELS)
    return draw_mixup_by_labels(of.settings, of.labels, of.label_names, skipped, rng)


def _masks(
    of: _Drawing, n_masks: int, size: int, largest_share: float, streams: tuple[int, int]
) -> tuple[np.ndarray]:
    masks = draw_masks(of.n_clips, n_masks, size, largest_share, of.rng(streams[0]))
    return (kept_for(masks, of.settings["masked_share"], of.rng(streams[1])),)


def _time_masks(of: _Drawing) -> tuple[np.ndarray]:
    largest = of.settings["time_mask_share"]
    streams = (TIME_MASKS, MASKED_TIME)
    return _masks(of, of.settings["n_time_masks"], of.shape[0], largest, streams)


def _frequency_masks(of: _Drawing) -> tuple[np.ndarray]:
    largest = of.settings["frequency_mask_share"]
    streams = (FREQUENCY_MASKS, MASKED_FREQUENCY)
    return _masks(of, of.settings["n_frequency_masks"], of.shape[1], largest, streams)


_DRAWS: dict[str, Callable[[_Drawing], tuple[np.ndarray, ...]]] = {
    "warp": lambda of: (draw_warp(of.settings, of.n_clips, of.rng(WARP)),),
    "noise": lambda of: (draw_noise(of.settings, of.n_clips, of.shape, of.rng(NOISE)),),
    "filter": lambda of: (draw_filter(of.settings, of.n_clips, of.shape[1], of.rng(FILTER)),),
    "gain": lambda of: (draw_gain(of.settings, of.n_clips, of.rng(GAIN)),),
    "roll": lambda of: (draw_roll(of.settings, of.n_clips, of.shape[0], of.rng(ROLL)),),
    "mixup": _mixup,
    "time_masks": _time_masks,
    "frequency_masks": _frequency_masks,
}
