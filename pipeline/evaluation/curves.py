"""ROC and precision-recall curves as short lists of points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MAX_POINTS = 200


def curves(truth: NDArray, probability: NDArray) -> dict | None:
    """Return the points of both curves, or None where only one class is there.

    Returns
    -------
    dict
        `"roc": {"fpr", "tpr"}` from (0, 0) to (1, 1) and `"pr": {"recall", "precision"}` by
        rising recall; lists of at most `MAX_POINTS` floats, thinned evenly.
    """
    positive = np.asarray(truth, dtype=bool)
    if positive.all() or not positive.any():
        return None
    order = np.argsort(-probability, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(probability[order])), len(order) - 1)
    true_above = positive[order].cumsum()[ends]
    false_above = (~positive[order]).cumsum()[ends]
    recall = true_above / positive.sum()
    fpr = false_above / (~positive).sum()
    precision = true_above / (true_above + false_above)
    corners = _corners(np.append(0, fpr), np.append(0, recall))
    return {
        "roc": {
            "fpr": _listed(np.append(0, fpr)[corners]),
            "tpr": _listed(np.append(0, recall)[corners]),
        },
        "pr": {"recall": _listed(recall), "precision": _listed(precision)},
    }


def _corners(x: NDArray, y: NDArray) -> NDArray:
    """Return the indices of the points at which the line bends, and of both ends."""
    dx, dy = np.diff(x), np.diff(y)
    bends = dx[:-1] * dy[1:] != dy[:-1] * dx[1:]
    return np.concatenate([[0], np.flatnonzero(bends) + 1, [len(x) - 1]])


def _listed(values: NDArray) -> list[float]:
    if len(values) > MAX_POINTS:
        values = values[np.linspace(0, len(values) - 1, MAX_POINTS).round().astype(int)]
    return [round(float(value), 6) for value in values]
