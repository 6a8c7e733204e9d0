"""Sensitivity, specificity, score, AUROC and average precision, for many weightings at once.

Every figure is computed by one code path that takes weights of subjects, shape (n_draws,
n_subjects): a single row of ones gives the figure itself, resampled counts give its bootstrap
distribution. With ones, AUROC and average precision equal scikit-learn's `roc_auc_score` and
`average_precision_score`, ties included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATES = ("sensitivity", "specificity", "score")
MEASURES = (*RATES, "auroc", "average_precision")
Draws = dict[str, NDArray[np.float64]]
# Largest temporary array while ranking: rows x draws, in elements (32 MB of float64).
_CHUNK = 4_000_000


@dataclass(frozen=True)
class Counts:
    """How many rows and subjects stand behind a figure.

    A positive subject has at least one positive row; a subject may have rows of both kinds.
    """

    n_rows: int
    n_positive: int
    n_negative: int
    n_subjects: int
    n_positive_subjects: int
    n_negative_subjects: int
    n_subjects_with_negative: int


def count_rows(truth: NDArray, subject_index: NDArray) -> Counts:
    """Count rows and subjects by truth (n,) and subject_index (n,) of each row."""
    positive = np.asarray(truth, dtype=bool)
    subjects = set(subject_index.tolist())
    with_positive = set(subject_index[positive].tolist())
    with_negative = set(subject_index[~positive].tolist())
    return Counts(
        n_rows=len(positive),
        n_positive=int(positive.sum()),
        n_negative=int((~positive).sum()),
        n_subjects=len(subjects),
        n_positive_subjects=len(with_positive),
        n_negative_subjects=len(subjects - with_positive),
        n_subjects_with_negative=len(with_negative),
    )


def why_undefined(measure: str, counts: Counts) -> str | None:
    """Return why a measure has no value on such rows, or None if it has one."""
    if counts.n_rows == 0:
        return "there is nothing to score"
    if measure != "specificity" and counts.n_positive == 0:
        return "there are no positives"
    if measure != "sensitivity" and counts.n_negative == 0:
        return "there are no negatives"
    return None


def figures(
    truth: NDArray,
    ranking: NDArray,
    predicted: NDArray,
    subject_index: NDArray,
    weights: NDArray,
) -> Draws:
    """Compute every measure once per row of weights.

    Parameters
    ----------
    truth, predicted : array (n,)
        0/1 or bool.
    ranking : array (n,)
        Probability, or anything that grows with how likely the row is positive.
    subject_index : int array (n,)
        Column of `weights` that each row belongs to.
    weights : array (n_draws, n_subjects)
        How often each subject counts in each draw.

    Returns
    -------
    dict
        For each of `MEASURES` an array (n_draws,); NaN where undefined.
    """
    truth, predicted = np.asarray(truth, dtype=bool), np.asarray(predicted, dtype=bool)
    sensitivity = share(truth & predicted, truth, subject_index, weights)
    specificity = share(~truth & ~predicted, ~truth, subject_index, weights)
    auroc, average_precision = _ranked(truth, np.asarray(ranking, float), subject_index, weights)
    return {
        "sensitivity": sensitivity,
        "specificity": specificity,
        "score": (sensitivity + specificity) / 2,
        "auroc": auroc,
        "average_precision": average_precision,
    }


def confusion(truth: NDArray, predicted: NDArray, n_classes: int) -> list[list[int]]:
    """Return counts, rows by true class and columns by predicted class."""
    cells = np.asarray(truth, dtype=np.intp) * n_classes + np.asarray(predicted, dtype=np.intp)
    counts = np.bincount(cells, minlength=n_classes * n_classes)
    return counts.reshape(n_classes, n_classes).tolist()


def subject_indices(subject_ids: Sequence[str]) -> tuple[list[str], NDArray[np.intp]]:
    """Return the sorted subjects and the index of each row's subject (n,)."""
    names, index = np.unique(np.asarray(subject_ids, dtype=object).astype(str), return_inverse=True)
    return names.tolist(), index.astype(np.intp)


def share(hits: NDArray, of: NDArray, subject_index: NDArray, weights: NDArray) -> NDArray:
    """Return weighted hits over weighted rows `of` (n,), once per row of weights; NaN for none."""
    n_subjects = weights.shape[1]
    n_hits = weights @ np.bincount(subject_index, weights=hits, minlength=n_subjects)
    n_of = weights @ np.bincount(subject_index, weights=of, minlength=n_subjects)
    return _divide(n_hits, n_of)


def _ranked(
    truth: NDArray, ranking: NDArray, subject_index: NDArray, weights: NDArray
) -> tuple[NDArray, NDArray]:
    n_draws = len(weights)
    auroc, precision = np.full(n_draws, np.nan), np.full(n_draws, np.nan)
    if not len(truth):
        return auroc, precision
    order = np.argsort(-ranking, kind="stable")
    starts = np.flatnonzero(np.diff(ranking[order], prepend=np.nan) != 0)
    positive, subject = truth[order].astype(float), subject_index[order]
    step = max(1, _CHUNK // len(truth))
    for first in range(0, n_draws, step):
        rows = slice(first, first + step)
        row_weights = weights[rows][:, subject].astype(float)
        positives = np.add.reduceat(row_weights * positive, starts, axis=1)
        everybody = np.add.reduceat(row_weights, starts, axis=1)
        auroc[rows], precision[rows] = _area_and_precision(positives, everybody - positives)
    return auroc, precision


def _area_and_precision(positives: NDArray, negatives: NDArray) -> tuple[NDArray, NDArray]:
    """From weights per distinct value, highest first, shape (n_draws, n_values)."""
    true_above, false_above = positives.cumsum(axis=1), negatives.cumsum(axis=1)
    n_positive, n_negative = true_above[:, -1], false_above[:, -1]
    # Each negative is beaten by the positives strictly above it and by half of those tied.
    wins = (negatives * (true_above - positives / 2)).sum(axis=1)
    precision = _divide(true_above, true_above + false_above, empty=0.0)
    average = _divide((positives * precision).sum(axis=1), n_positive)
    both = (n_positive > 0) & (n_negative > 0)
    return _divide(wins, n_positive * n_negative), np.where(both, average, np.nan)


def _divide(top: NDArray, bottom: NDArray, empty: float = np.nan) -> NDArray:
    return np.divide(top, bottom, out=np.full(np.shape(top), empty), where=bottom > 0)
