"""The losses: cross-entropy on logits, for hard and soft labels, weighted by class or by focus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

Loss = Callable[[Any, Any], Any]
FAR_BELOW = -1e9  # a logit that no other one feels; an infinite one would have no gradient


def weighted_cross_entropy(weights: np.ndarray, gamma: float = 0.0) -> Loss:
    """Return ``loss(labels, logits) -> (batch,)`` of independent labels, a mean over them.

    `weights` are those of `cnn.weighting`. A label of 0.3 counts 0.3 as class 1 with that class's
    weight and 0.7 as class 0 with the other's. From logits, since a probability that has rounded
    to 1 has no gradient.

    Parameters
    ----------
    weights : ndarray, shape (n_labels, 2)
    gamma : float
        The focal loss' focus: a class that has the probability p counts (1 - p)^gamma. 0: all
        count the same. Lin et al. 2017, "Focal Loss for Dense Object Detection",
        doi:10.1109/ICCV.2017.324.
    """
    of_0, of_1 = weights[:, 0], weights[:, 1]

    def loss(labels: Any, logits: Any) -> Any:
        as_1 = of_1 * labels * ops.softplus(-logits)
        as_0 = of_0 * (1 - labels) * ops.softplus(logits)
        if gamma:  # softplus(z) is -log(1 - p)
            as_1 = as_1 * ops.exp(-gamma * ops.softplus(logits))
            as_0 = as_0 * ops.exp(-gamma * ops.softplus(-logits))
        return ops.mean(as_1 + as_0, axis=-1)

    return loss


def weighted_categorical_cross_entropy(weights: np.ndarray, gamma: float = 0.0) -> Loss:
    """Return ``loss(labels, logits) -> (batch,)`` of exclusive classes.

    `weights` are those of `cnn.weighting`. A clip mixed of 0.3 of one class and 0.7 of another
    counts 0.3 and 0.7, each with its own class's weight.

    Parameters
    ----------
    weights : ndarray, shape (n_classes,)
    gamma : float
        As in `weighted_cross_entropy`.
    """

    def loss(labels: Any, logits: Any) -> Any:
        of_classes = weights * labels * ops.log_softmax(logits, axis=-1)
        if gamma:
            of_classes = of_classes * ops.exp(gamma * log_of_the_others(logits, len(weights)))
        return -ops.sum(of_classes, axis=-1)

    return loss


def log_of_the_others(logits: Any, n_classes: int) -> Any:
    """Return log(1 - p) of every class, (batch, n_classes), finite for finite logits.

    1 - p is what the other classes have together; taken from p itself it would round to 0.
    """
    own = np.where(np.eye(n_classes, dtype=bool), np.float32(FAR_BELOW), np.float32(0))
    others = ops.logsumexp(ops.expand_dims(logits, 1) + own, axis=-1)
    return others - ops.logsumexp(logits, axis=-1, keepdims=True)


def with_smoothed_labels(loss: Loss, smoothing: float, n_exclusive: int = 2) -> Loss:
    """Return `loss` of labels drawn towards the even share of each class.

    Szegedy et al. 2016, "Rethinking the Inception Architecture", doi:10.1109/CVPR.2016.308.

    Parameters
    ----------
    loss : callable
        ``loss(labels, logits)``.
    smoothing : float
        Share of a label that is dealt out evenly; 0: `loss` as it is.
    n_exclusive : int
        Among how many classes: 2 for independent labels, which hold or do not.
    """
    if not smoothing:
        return loss
    return lambda labels, logits: loss(labels * (1 - smoothing) + smoothing / n_exclusive, logits)
