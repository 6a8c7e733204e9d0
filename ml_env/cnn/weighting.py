"""Class weights, fitted on the train side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnn.errors import JobError


def class_weights(labels: np.ndarray, names: Sequence[str], weighted: bool = True) -> np.ndarray:
    """Return the weight of class 0 and class 1 of every label, float32 (n_labels, 2).

    n_total / (n_classes * n_class) per label, so both classes weigh the same in the sum, and the
    mean weight of a clip is 1. Without `weighted`, ones.

    Parameters
    ----------
    labels : ndarray of 0 and 1, shape (n_clips, n_labels)
        Of the train side.
    names : sequence of str
        The labels' names.

    Raises
    ------
    JobError
        A label has no positive or no negative clip: there is nothing to learn.
    """
    n_positive = labels.sum(axis=0, dtype=np.float64)
    counts = np.stack([len(labels) - n_positive, n_positive], axis=1)
    for name, (n_negative, n_of_label) in zip(names, counts, strict=True):
        if not n_negative or not n_of_label:
            missing = "positive" if not n_of_label else "negative"
            raise JobError(
                expected=f"positive and negative train clips of '{name}'",
                found=f"no {missing} one among {len(labels)} clips",
                where="train side",
                action="Use more data, another split, or a larger --subset.",
            )
    if not weighted:
        return np.ones((len(names), 2), dtype=np.float32)
    return (len(labels) / (2 * counts)).astype(np.float32)


def exclusive_class_weights(
    labels: np.ndarray, names: Sequence[str], weighted: bool = True
) -> np.ndarray:
    """Return the weight of every exclusive class, float32 (n_classes,).

    n_total / (n_classes * n_class), so all classes weigh the same in the sum, and the mean weight
    of a clip is 1. Without `weighted`, ones.

    Parameters
    ----------
    labels : ndarray of 0 and 1, shape (n_clips, n_classes)
        Of the train side; one 1 in each row.
    names : sequence of str
        The classes' names.

    Raises
    ------
    JobError
        A class has no clip: there is nothing to learn.
    """
    counts = labels.sum(axis=0, dtype=np.float64)
    if not counts.all():
        found = ", ".join(f"{name} {n:.0f}" for name, n in zip(names, counts, strict=True))
        raise JobError(
            expected="train clips of every class",
            found=f"clips by class: {found}",
            where="train side",
            action="Use more data, another split, or a larger --subset.",
        )
    if not weighted:
        return np.ones(len(names), dtype=np.float32)
    return (len(labels) / (len(names) * counts)).astype(np.float32)
