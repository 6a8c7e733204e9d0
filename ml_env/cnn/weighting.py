"""How much each class, and each clip, counts in training: fitted on the train side.

Labels may be soft: a clip of 0.3 counts 0.3 for a class and 0.7 for the other. `WEIGHTINGS` says
what a ``[training] weighting`` does to the loss; ``sampler`` draws the clips instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnn.errors import JobError


@dataclass(frozen=True)
class Weights:
    """What a weighting gives.

    Attributes
    ----------
    loss : ndarray of float32
        Class weights of the training loss: (n_labels, 2) of independent labels, of class 0 and
        class 1; (n_classes,) of exclusive classes.
    validation : ndarray of float32
        Those of the validation loss, whose clips are never drawn anew.
    clips : ndarray of float64, shape (n_clips,), or None
        Chance of each clip to be drawn, of sum 1; None: every clip is in every epoch.
    """

    loss: np.ndarray
    validation: np.ndarray
    clips: np.ndarray | None = None


def weights_for(
    settings: Mapping[str, Any],
    labels: np.ndarray,
    names: Sequence[str],
    activation: str = "sigmoid",
) -> Weights:
    """Return the weights that ``[training] weighting`` asks for.

    Parameters
    ----------
    settings : mapping
        The section ``[training]``.
    labels : ndarray in [0, 1], shape (n_clips, n_labels)
        Of the train side.
    names : sequence of str
        Their names.
    activation : "sigmoid" or "softmax"
        Independent labels, or exclusive classes.

    Raises
    ------
    JobError
        A class has no clip: there is nothing to learn.
    """
    exclusive = activation == "softmax"
    counts = class_counts(labels, names) if exclusive else label_counts(labels, names)
    if settings["weighting"] == "sampler":
        return _sampled(labels, counts, exclusive)
    shares = WEIGHTINGS[settings["weighting"]](counts, settings).astype(np.float32)
    return Weights(shares, shares)


def label_counts(labels: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Return how many clips are class 0 and class 1 of every label, float64 (n_labels, 2).

    Raises
    ------
    JobError
        A label has no positive or no negative clip.
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
    return counts


def class_counts(labels: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Return how many clips every exclusive class has, float64 (n_classes,).

    Raises
    ------
    JobError
        A class has no clip.
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
    return counts


def inverse_count(counts: np.ndarray) -> np.ndarray:
    """Return n_total / (n_classes * n_class): all classes weigh the same in the sum.

    `counts` holds classes along its last axis. The mean weight of a clip is 1.
    """
    return counts.sum(axis=-1, keepdims=True) / (counts.shape[-1] * counts)


def inverse_effective_number(counts: np.ndarray, beta: float) -> np.ndarray:
    """Return weights in proportion to (1 - beta) / (1 - beta^n_class), of mean 1 over the clips.

    The more clips a class has, the less each of them adds. beta 0: all the same; towards 1:
    `inverse_count`. Cui et al. 2019, "Class-Balanced Loss Based on Effective Number of Samples",
    doi:10.1109/CVPR.2019.00949, equation 2; there the weights sum to the number of classes.
    """
    if not beta:
        return np.ones_like(counts)
    shares = -1 / np.expm1(counts * np.log(beta))  # expm1: beta^n may be very near 1
    means = (counts * shares).sum(axis=-1, keepdims=True) / counts.sum(axis=-1, keepdims=True)
    return shares / means


WEIGHTINGS: dict[str, Callable[[np.ndarray, Mapping[str, Any]], np.ndarray]] = {
    "as_is": lambda counts, settings: np.ones_like(counts),
    "loss": lambda counts, settings: inverse_count(counts),
    "focal": lambda counts, settings: np.ones_like(counts),  # cnn.loss weighs by focus
    "effective_number": lambda counts, settings: inverse_effective_number(counts, settings["beta"]),
}


def clip_chances(groups: np.ndarray) -> np.ndarray:
    """Return the chance of each clip, float64 of sum 1, with which groups come equally often.

    Parameters
    ----------
    groups : ndarray, shape (n_clips, n_groups)
        How much of a clip belongs to each group; rows sum to 1.
    """
    counts = groups.sum(axis=0, dtype=np.float64)
    chances = groups @ (1 / counts)
    return chances / chances.sum()


def combinations(labels: np.ndarray) -> np.ndarray:
    """Return how much of a clip belongs to each combination of labels, (n_clips, n_combinations).

    A combination is there if it is the nearest one of some clip. A soft label is taken for the
    chance that the label holds.
    """
    corners = np.unique(np.round(labels), axis=0)
    held = np.where(corners == 1, labels[:, np.newaxis], 1 - labels[:, np.newaxis])
    shares = held.prod(axis=2, dtype=np.float64)
    return shares / shares.sum(axis=1, keepdims=True)


def _sampled(labels: np.ndarray, counts: np.ndarray, exclusive: bool) -> Weights:
    """Return chances of the clips; validation counts classes as often as they are drawn."""
    chances = clip_chances(labels if exclusive else combinations(labels))
    drawn = chances @ labels.astype(np.float64)
    drawn = drawn if exclusive else np.stack([1 - drawn, drawn], axis=1)
    as_drawn = drawn * counts.sum(axis=-1, keepdims=True) / counts
    return Weights(np.ones_like(counts, np.float32), as_drawn.astype(np.float32), chances)
