"""Applies a draw of `cnn.augment` to a batch, with Keras operations, inside the graph.

Clips are normalised dB: x = (dB - mean_db) / std_db per mel band, so that a change of d dB is one
of d / std_db. Frames that are 0 in every band are padding, and stay 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from keras import layers, ops

from cnn.augment import INPUTS, active
from frontend.clip import Normalisation

WARP_KNEE = 0.8  # of the bands: above it the warp bends back, so that the highest band stays
IN_DB = ("noise", "filter", "gain")
DB = 10 / math.log(10)  # dB per unit of the natural logarithm


def augment_inputs(settings: Mapping[str, Any], shape: tuple[int, int]) -> dict[str, Any]:
    """Return the inputs by name that the draws of these settings fill; none for what is off.

    Parameters
    ----------
    settings : mapping
        The section ``[augment]``.
    shape : (int, int)
        (n_frames, n_mels) of a clip.
    """
    forms: dict[str, tuple[tuple[int | None, ...], str]] = {
        "partner": ((), "int32"),
        "share": ((), "float32"),
        "time_masks": ((None, 2), "int32"),
        "frequency_masks": ((None, 2), "int32"),
        "roll": ((), "int32"),
        "warp": ((), "float32"),
        "noise": (shape, "float32"),
        "filter_db": (shape[1:], "float32"),
        "gain_db": ((), "float32"),
    }
    wanted = [name for augmentation in active(settings) for name in INPUTS[augmentation]]
    return {name: layers.Input(forms[name][0], dtype=forms[name][1], name=name) for name in wanted}


class Augment(layers.Layer):
    """Do to a batch what its draw says, in the order of the settings.

    Takes one dictionary, ``clips`` and the arrays of a `cnn.augment.Draw` by name, and gives clips
    of the same shape. It is part of the training network only, never of a model, and counts in
    float32 whatever the network does.

    Parameters
    ----------
    settings : mapping
        The section ``[augment]``.
    shape : (int, int)
        (n_frames, n_mels) of a clip.
    normalisation : Normalisation or mapping, optional
        What the clips were normalised with; needed for noise, filter and gain, which are in dB.

    Raises
    ------
    ValueError
        One of these three is on, and there is no normalisation.
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        shape: tuple[int, int],
        normalisation: Normalisation | Mapping[str, Any] | None = None,
    ):
        super().__init__(dtype="float32", name="augment")
        self._names = active(settings)
        n_mels = shape[1]
        if normalisation is None:
            if in_db := set(self._names) & set(IN_DB):
                raise ValueError(f"{', '.join(sorted(in_db))}: normalisation should be given.")
            normalisation = Normalisation("none", np.zeros(n_mels), np.ones(n_mels))
        known = Normalisation.of(normalisation)
        self._mean_db, self._std_db = known.mean_db, known.std_db
        self._colour = noise_colour(settings["noise_colour"], known.mean_db)

    def call(self, inputs: dict[str, Any]) -> Any:
        """Return the augmented clips (batch, n_frames, n_mels)."""
        clips = inputs["clips"]
        for name in self._names:
            clips = self._applied(name, clips, [inputs[one] for one in INPUTS[name]])
        return clips

    def compute_output_shape(self, inputs: dict[str, Any]) -> Any:
        """Return the shape of the clips."""
        return inputs["clips"]

    def _applied(self, name: str, clips: Any, drawn: list[Any]) -> Any:
        if name == "noise":
            return add_noise(clips, drawn[0], self._mean_db, self._std_db, self._colour)
        if name in IN_DB:
            return add_db(clips, drawn[0], self._std_db)
        return OPERATIONS[name](clips, *drawn)


def mix_clips(clips: Any, partner: Any, share: Any) -> Any:
    """Return share * clip + (1 - share) * partner's clip."""
    share = share[:, None, None]
    return share * clips + (1 - share) * ops.take(clips, partner, axis=0)


def mask_frames(clips: Any, masks: Any) -> Any:
    """Return the clips with the masked frames at 0, which is the normalised mean."""
    return clips * kept(masks, clips.shape[1])[:, :, None]


def mask_bands(clips: Any, masks: Any) -> Any:
    """Return the clips with the masked mel bands at 0."""
    return clips * kept(masks, clips.shape[2])[:, None, :]


def kept(masks: Any, size: int) -> Any:
    """Return 0 where any of the masks (batch, n_masks, 2) lies, else 1: float32 (batch, size)."""
    places = ops.arange(size, dtype="int32")
    first, length = masks[:, :, :1], masks[:, :, 1:]
    covered = ops.logical_and(places >= first, places < first + length)
    return 1 - ops.cast(ops.any(covered, axis=1), "float32")


def roll_frames(clips: Any, n_frames: Any) -> Any:
    """Return each clip moved on by its own number of frames, round in a circle."""
    size = clips.shape[1]
    places = ops.arange(size, dtype="int32")[None, :] - n_frames[:, None]
    return taken(clips, ops.mod(places, size))


def warp_bands(clips: Any, factor: Any) -> Any:
    """Return the clips with what lay in mel band b moved to band factor * b.

    Between bands it is interpolated. Above a knee at `WARP_KNEE` the line bends, so that the
    highest band stays in its place, as in vocal-tract-length perturbation, but along mel bands
    instead of Hz.
    """
    last = clips.shape[2] - 1
    band = ops.arange(last + 1, dtype="float32")[None, :]
    factor = factor[:, None]
    knee = WARP_KNEE * last * ops.minimum(factor, 1.0)
    bent = last - (last - knee / factor) / (last - knee) * (last - band)
    source = ops.clip(ops.where(band <= knee, band / factor, bent), 0.0, float(last))
    low = ops.floor(source)
    share = (source - low)[:, :, None]
    lower = ops.cast(low, "int32")
    bands = ops.transpose(clips, (0, 2, 1))
    below, above = taken(bands, lower), taken(bands, ops.minimum(lower + 1, last))
    return ops.transpose(below + share * (above - below), (0, 2, 1))


def taken(rows: Any, places: Any) -> Any:
    """Return rows[b, places[b, k]] for (batch, n, width) and int32 (batch, m)."""
    # As rows of one long table: several times faster than take_along_axis, which needs an index
    # for every number (measured).
    _, n, width = rows.shape
    first = n * ops.arange(ops.shape(rows)[0], dtype="int32")[:, None]
    return ops.take(ops.reshape(rows, (-1, width)), first + places, axis=0)


def add_db(clips: Any, change_db: Any, std_db: np.ndarray) -> Any:
    """Return the clips with `change_db`, (batch,) or (batch, n_mels), added to every frame."""
    change_db = ops.reshape(change_db, (ops.shape(clips)[0], 1, -1))
    return clips + is_sound(clips) * change_db / std_db


def add_noise(
    clips: Any, noise: Any, mean_db: np.ndarray, std_db: np.ndarray, colour: np.ndarray
) -> Any:
    """Return the clips with noise added to their power.

    A clip's power is P = 10 ** (dB / 10), S its mean over all frames and bands; then
    dB' = dB + 10 log10(1 + S * noise * colour / P), `noise` being the draw's.
    """
    sound = is_sound(clips)
    power = sound * ops.exp((clips * std_db + mean_db) / DB)
    n_places = clips.shape[2] * ops.maximum(ops.sum(sound, axis=(1, 2), keepdims=True), 1.0)
    mean_power = ops.sum(power, axis=(1, 2), keepdims=True) / n_places
    added = mean_power * noise * colour / ops.where(sound > 0, power, 1.0)
    return clips + sound * DB * ops.log1p(added) / std_db


def is_sound(clips: Any) -> Any:
    """Return 1 for every frame but those of padding, which are 0 in every band."""
    return ops.cast(ops.any(clips != 0, axis=2, keepdims=True), "float32")


def noise_colour(name: str, mean_db: np.ndarray) -> np.ndarray:
    """Return the noise's power per mel band, float32 (n_mels,) of mean 1.

    ``white``: the same in each, which white noise is under Slaney's mel filters; ``train``: the
    shape of the train side's mean spectrum.
    """
    if name == "white":
        return np.ones(len(mean_db), dtype=np.float32)
    power = 10 ** ((mean_db.astype(np.float64) - mean_db.max()) / 10)
    return (power / power.mean()).astype(np.float32)


OPERATIONS: dict[str, Callable[..., Any]] = {
    "warp": warp_bands,
    "roll": roll_frames,
    "mixup": mix_clips,
    "time_masks": mask_frames,
    "frequency_masks": mask_bands,
}
