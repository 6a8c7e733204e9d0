"""What a network's outputs mean: independent labels (sigmoid) or exclusive classes (softmax).

All that differs between the two stands in the table `OUTPUTS`; the rest of the trainer asks it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from cnn.data import ClipTable, any_labels, one_class_per_clip
from cnn.loss import (
    Loss,
    weighted_categorical_cross_entropy,
    weighted_cross_entropy,
    with_smoothed_labels,
)
from cnn.metrics import mean_categorical_loss, mean_loss
from cnn.models import PROBABILITY


@dataclass(frozen=True)
class Outputs:
    """What follows from how logits become probabilities.

    Attributes
    ----------
    check : callable
        ``check(table, names)`` raises `JobError` where the labels of a clip table do not fit.
    loss : callable
        ``loss(weights, gamma=0)`` gives ``(labels, logits) -> (batch,)`` of Keras operations.
    mean_loss : callable
        ``mean_loss(labels, probabilities, weights)``: the same over finished probabilities.
    """

    check: Callable[[ClipTable, Sequence[str]], None]
    loss: Callable[..., Loss]
    mean_loss: Callable[[np.ndarray, np.ndarray, np.ndarray], float]


OUTPUTS = {
    "sigmoid": Outputs(any_labels, weighted_cross_entropy, mean_loss),
    "softmax": Outputs(
        one_class_per_clip,
        weighted_categorical_cross_entropy,
        mean_categorical_loss,
    ),
}


def outputs_of(model: keras.Model) -> Outputs:
    """Return the entry for a network of `cnn.models`; its last layer says which."""
    return OUTPUTS[model.get_layer(PROBABILITY).get_config()["activation"]]


def training_loss(model: keras.Model, weights: np.ndarray, settings: Mapping[str, Any]) -> Loss:
    """Return the loss that is trained with: class weights or focus, and smoothed labels.

    Parameters
    ----------
    model : keras.Model
        A network of `cnn.models`.
    weights : ndarray
        `cnn.weighting.Weights.loss`.
    settings : mapping
        The section ``[training]``.
    """
    gamma = settings["gamma"] if settings["weighting"] == "focal" else 0.0
    outputs = outputs_of(model)
    n_exclusive = len(weights) if outputs is OUTPUTS["softmax"] else 2
    return with_smoothed_labels(
        outputs.loss(weights, gamma), settings["label_smoothing"], n_exclusive
    )
