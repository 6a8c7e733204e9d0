"""The losses: cross-entropy on logits with class weights, for hard and soft labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops


def weighted_cross_entropy(weights: np.ndarray) -> Callable[[Any, Any], Any]:
    """Return ``loss(labels, logits) -> (batch,)`` of independent labels, a mean over them.

    `weights` are those of `cnn.weighting.class_weights`. A label of 0.3 counts 0.3 as class 1
    with that class's weight and 0.7 as class 0 with the other's. From logits, since a probability
    that has rounded to 1 has no gradient.
    """
    of_0, of_1 = weights[:, 0], weights[:, 1]

    def loss(labels: Any, logits: Any) -> Any:
        as_1 = of_1 * labels * ops.softplus(-logits)
        as_0 = of_0 * (1 - labels) * ops.softplus(logits)
        return ops.mean(as_1 + as_0, axis=-1)

    return loss


def weighted_categorical_cross_entropy(weights: np.ndarray) -> Callable[[Any, Any], Any]:
    """Return ``loss(labels, logits) -> (batch,)`` of exclusive classes.

    `weights` are those of `cnn.weighting.exclusive_class_weights`. A clip mixed of 0.3 of one
    class and 0.7 of another counts 0.3 and 0.7, each with its own class's weight.
    """

    def loss(labels: Any, logits: Any) -> Any:
        return -ops.sum(weights * labels * ops.log_softmax(logits, axis=-1), axis=-1)

    return loss
