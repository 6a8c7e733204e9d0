"""The few figures that a training shows and chooses by; the pipeline does the evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

SMALLEST = 1e-7  # a probability's distance from 0 and 1, so that the logarithm stays finite


def auroc(labels: np.ndarray, scores: np.ndarray) -> float:
    """Return the area under the ROC curve, ties counting half; NaN without both classes.

    Parameters
    ----------
    labels : ndarray of 0 and 1, shape (n,)
    scores : ndarray, shape (n,)
    """
    n_positive = int(labels.sum())
    n_negative = len(labels) - n_positive
    if not n_positive or not n_negative:
        return float("nan")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(counts) - (counts - 1) / 2
    ranks = mean_rank[inverse][labels == 1].sum()
    return float((ranks - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def mean_loss(labels: np.ndarray, probabilities: np.ndarray, weights: np.ndarray) -> float:
    """Return the class-weighted binary cross-entropy over clips and labels; NaN without clips."""
    if not len(labels):
        return float("nan")
    p = np.clip(probabilities.astype(np.float64), SMALLEST, 1 - SMALLEST)
    as_1 = weights[:, 1] * labels * -np.log(p)
    as_0 = weights[:, 0] * (1 - labels) * -np.log(1 - p)
    return float((as_1 + as_0).mean())


def mean_categorical_loss(
    labels: np.ndarray, probabilities: np.ndarray, weights: np.ndarray
) -> float:
    """Return the class-weighted categorical cross-entropy over clips; NaN without clips."""
    if not len(labels):
        return float("nan")
    p = np.clip(probabilities.astype(np.float64), SMALLEST, 1)
    return float((weights * labels * -np.log(p)).sum(axis=1).mean())


def monitored(row: Mapping[str, Any], name: str) -> tuple[float, bool]:
    """Return (value, whether higher is better) of what ``[training] monitor`` names, for an epoch.

    Parameters
    ----------
    row : mapping
        The epoch's row of history.csv.
    name : str
        One of its columns, or ``val_auroc``: the mean over the labels whose AUROC is known. What
        ends in ``loss`` is better when lower, anything else when higher. The value is NaN where
        it is not known.
    """
    higher_is_better = not name.endswith("loss")
    if name != "val_auroc":
        return float(row[name]), higher_is_better
    areas = np.array([value for key, value in row.items() if key.startswith("val_auroc_")], float)
    known = areas[np.isfinite(areas)]
    return (float(known.mean()) if len(known) else float("nan")), higher_is_better
