"""What a network's outputs mean: independent labels (sigmoid) or exclusive classes (softmax).

All that differs between the two stands in the table `OUTPUTS`; the rest of the trainer asks it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from cnn.data import ClipTable, any_labels, one_class_per_clip
from cnn.loss import weighted_categorical_cross_entropy, weighted_cross_entropy
from cnn.metrics import mean_categorical_loss, mean_loss
from cnn.models import PROBABILITY
from cnn.weighting import class_weights, exclusive_class_weights


@dataclass(frozen=True)
class Outputs:
    """What follows from how logits become probabilities.

    Attributes
    ----------
    check : callable
        ``check(table, names)`` raises `JobError` where the labels of a clip table do not fit.
    class_weights : callable
        ``class_weights(labels, names, weighted)``, fitted on the train side; one row per label.
    loss : callable
        ``loss(weights)`` gives ``(labels, logits) -> (batch,)`` of Keras operations.
    mean_loss : callable
        ``mean_loss(labels, probabilities, weights)``: the same over finished probabilities.
    """

    check: Callable[[ClipTable, Sequence[str]], None]
    class_weights: Callable[[np.ndarray, Sequence[str], bool], np.ndarray]
    loss: Callable[[np.ndarray], Callable[[Any, Any], Any]]
    mean_loss: Callable[[np.ndarray, np.ndarray, np.ndarray], float]


OUTPUTS = {
    "sigmoid": Outputs(any_labels, class_weights, weighted_cross_entropy, mean_loss),
    "softmax": Outputs(
        one_class_per_clip,
        exclusive_class_weights,
        weighted_categorical_cross_entropy,
        mean_categorical_loss,
    ),
}


def outputs_of(model: keras.Model) -> Outputs:
    """Return the entry for a network of `cnn.models`; its last layer says which."""
    return OUTPUTS[model.get_layer(PROBABILITY).get_config()["activation"]]
