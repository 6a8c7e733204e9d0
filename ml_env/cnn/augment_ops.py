"""Applies a draw of `cnn.augment` to a batch, with Keras operations, inside the graph."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("cnn")
class Augment(keras.layers.Layer):
    """Mix clips with their partners, then blank what the masks cover.

    Takes (clips, partner, share, time_masks, frequency_masks), shapes as in `cnn.augment.Draw`,
    and gives clips of the same shape. It is part of the training network only, never of a model.
    """

    def call(self, clips: Any, partner: Any, share: Any, time_masks: Any, bands: Any) -> Any:
        """Return the augmented clips (batch, n_frames, n_mels)."""
        mixed = mix_clips(clips, partner, share)
        kept_frames = kept(time_masks, clips.shape[1])[:, :, None]
        kept_bands = kept(bands, clips.shape[2])[:, None, :]
        return mixed * kept_frames * kept_bands

    def compute_output_shape(self, clips: Any, *_: Any) -> Any:
        """Return the shape of the clips."""
        return clips


def mix_clips(clips: Any, partner: Any, share: Any) -> Any:
    """Return share * clip + (1 - share) * partner's clip."""
    share = share[:, None, None]
    return share * clips + (1 - share) * ops.take(clips, partner, axis=0)


def kept(masks: Any, size: int) -> Any:
    """Return 0 where any of the masks (batch, n_masks, 2) lies, else 1: float32 (batch, size).

    Blanked frames become 0, which is the normalised mean.
    """
    places = ops.arange(size, dtype="int32")
    first, length = masks[:, :, :1], masks[:, :, 1:]
    covered = ops.logical_and(places >= first, places < first + length)
    return 1 - ops.cast(ops.any(covered, axis=1), "float32")
