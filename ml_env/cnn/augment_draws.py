"""Draws of the augmentations that change a clip by itself; one random generator each.

Masks: Park et al. 2019, "SpecAugment", arXiv:1904.08779. Warp: Jaitly & Hinton 2013, "Vocal Tract
Length Perturbation (VTLP) improves speech recognition".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

N_FILTER_POINTS = 6  # through which the curve of a filter goes: a few humps, as devices have


def draw_masks(
    n_clips: int, n_masks: int, size: int, largest_share: float, rng: np.random.Generator
) -> np.ndarray:
    """Return (first, length) of every mask, lengths uniform from 0 to `largest_share` of `size`.

    With no masks, one of length 0.
    """
    form = (n_clips, max(1, n_masks))
    largest = int(largest_share * size) if n_masks else 0
    length = rng.integers(0, largest, form, endpoint=True)
    first = rng.integers(0, size - length, endpoint=True)
    return np.stack([first, length], axis=-1).astype(np.int32)


def kept_for(masks: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Return the masks of `share` of the clips; those of the others have length 0."""
    return masks * chosen(len(masks), share, rng)[:, np.newaxis, np.newaxis]


def draw_warp(settings: Mapping[str, Any], n_clips: int, rng: np.random.Generator) -> np.ndarray:
    """Return the factor on the frequencies of each clip, ~ U(1 - warp_max, 1 + warp_max)."""
    is_on = chosen(n_clips, settings["warp_share"], rng)
    largest = settings["warp_max"]
    return np.where(is_on, rng.uniform(1 - largest, 1 + largest, n_clips), 1).astype(np.float32)


def draw_gain(settings: Mapping[str, Any], n_clips: int, rng: np.random.Generator) -> np.ndarray:
    """Return the gain of each clip, ~ U(-gain_db, gain_db)."""
    is_on = chosen(n_clips, settings["gain_share"], rng)
    largest = settings["gain_db"]
    return np.where(is_on, rng.uniform(-largest, largest, n_clips), 0).astype(np.float32)


def draw_roll(
    settings: Mapping[str, Any], n_clips: int, n_frames: int, rng: np.random.Generator
) -> np.ndarray:
    """Return the frames by which each clip is moved, uniform within +- roll_max of its length."""
    is_on = chosen(n_clips, settings["roll_share"], rng)
    largest = int(settings["roll_max"] * n_frames)
    found = rng.integers(-largest, largest, n_clips, endpoint=True)
    return np.where(is_on, found, 0).astype(np.int32)


def draw_noise(
    settings: Mapping[str, Any], n_clips: int, shape: tuple[int, int], rng: np.random.Generator
) -> np.ndarray:
    """Return the power of the noise in each place, as a multiple of the clip's mean power.

    The ratio of signal to noise is uniform in dB; single places are exponentially distributed
    around it, as the power of Gaussian noise in a single bin of a Fourier transform is.
    """
    is_on = chosen(n_clips, settings["noise_share"], rng)
    snr_db = rng.uniform(settings["noise_snr_min_db"], settings["noise_snr_max_db"], n_clips)
    noise = np.zeros((n_clips, *shape), dtype=np.float32)
    for clip in np.flatnonzero(is_on):
        mean_power = np.float32(10 ** (-snr_db[clip] / 10))
        noise[clip] = mean_power * rng.standard_exponential(shape, dtype=np.float32)
    return noise


def draw_filter(
    settings: Mapping[str, Any], n_clips: int, n_mels: int, rng: np.random.Generator
) -> np.ndarray:
    """Return what is added to each mel band of each clip: smooth curves within +- filter_db."""
    is_on = chosen(n_clips, settings["filter_share"], rng)
    largest = settings["filter_db"]
    points = rng.uniform(-largest, largest, (n_clips, N_FILTER_POINTS))
    return (is_on[:, np.newaxis] * smooth_curve(points, n_mels)).astype(np.float32)


def smooth_curve(points: np.ndarray, n_mels: int) -> np.ndarray:
    """Return curves through equally spaced points, (n_clips, n_points) -> (n_clips, n_mels).

    From point to point half a cosine: smooth, and never beyond the points themselves.
    """
    place = np.linspace(0, points.shape[1] - 1, n_mels)
    left = np.minimum(place.astype(int), points.shape[1] - 2)
    weight = (1 - np.cos(np.pi * (place - left))) / 2
    return points[:, left] * (1 - weight) + points[:, left + 1] * weight


def chosen(n_clips: int, share: float, rng: np.random.Generator) -> np.ndarray:
    """Return which clips are augmented: each with probability `share`, bool (n_clips,)."""
    return rng.random(n_clips) < share
