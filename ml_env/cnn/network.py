"""The network in training: augmentation, the model's body up to its logits, loss and optimizer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import layers

from cnn.augment_ops import Augment
from cnn.models import LOGITS
from cnn.outputs import outputs_of

NOT_DECAYED = ["bias", "gamma", "beta"]  # decaying norms and biases only fights the data


def training_network(
    model: keras.Model, weights: np.ndarray, settings: Mapping[str, Any]
) -> keras.Model:
    """Return the network that is trained; it shares every weight with `model`.

    Parameters
    ----------
    model : keras.Model
        The inference network; its layer `LOGITS` comes before the activation.
    weights : ndarray
        Class weights, as the network's `Outputs` fits them.
    settings : mapping
        The section ``[training]``.

    Returns
    -------
    keras.Model
        Inputs by name: clips and the arrays of a `cnn.augment.Draw`; output: logits.
    """
    logits = keras.Model(model.inputs, model.get_layer(LOGITS).output)
    inputs = {
        "clips": layers.Input(model.input_shape[1:], name="clips"),
        "partner": layers.Input((), dtype="int32", name="partner"),
        "share": layers.Input((), name="share"),
        "time_masks": layers.Input((None, 2), dtype="int32", name="time_masks"),
        "frequency_masks": layers.Input((None, 2), dtype="int32", name="frequency_masks"),
    }
    network = keras.Model(inputs, logits(Augment()(*inputs.values())))
    optimizer = keras.optimizers.AdamW(weight_decay=settings["weight_decay"])
    optimizer.exclude_from_weight_decay(var_names=NOT_DECAYED)
    # XLA is several times slower for depthwise convolutions on a CPU (measured).
    network.compile(optimizer, outputs_of(model).loss(weights), jit_compile=False)
    return network
