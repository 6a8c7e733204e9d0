"""Exact classes as numbers (0 is normal, the others in the problem's order), and their figures."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.evaluation.metrics import RATES, Draws, share
from pipeline.problems import Problem

#: Figures of exact classes; the last two are the SPRSound challenge's.
EXACT_MEASURES = (*RATES, "harmonic_score", "challenge_score")
#: The number of a row that holds several exclusive classes: it has no exact class.
SEVERAL = -1


def true_classes(table: pd.DataFrame, problem: Problem) -> NDArray[np.intp]:
    """Return each row's index into the problem's exact classes, or `SEVERAL`, from `true_`."""
    if not problem.exclusive:
        first, second = (table[f"true_{label}"].to_numpy() for label in problem.labels)
        return combine(first, second)
    truth = table[[f"true_{each}" for each in problem.exact_classes]].to_numpy(int)
    return np.where(truth.sum(axis=1) == 1, truth.argmax(axis=1), SEVERAL)


def largest_classes(table: pd.DataFrame, problem: Problem) -> NDArray[np.intp]:
    """Return the exclusive class with the largest probability; of equal ones the first."""
    return table[[f"prob_{each}" for each in problem.exact_classes]].to_numpy(float).argmax(axis=1)


def combine(first: NDArray, second: NDArray) -> NDArray[np.intp]:
    """Return 0 for neither, 1 for the first, 2 for the second, 3 for both of two 0/1 arrays."""
    return np.asarray(first, dtype=np.intp) + 2 * np.asarray(second, dtype=np.intp)


def not_scored(truth: NDArray, problem: Problem) -> NDArray[np.bool_]:
    """Return which rows leave the denominators, from their true classes (n,)."""
    out = [problem.exact_classes.index(each) for each in problem.not_scored]
    return np.isin(truth, [SEVERAL, *out])


def exact_figures(
    truth: NDArray, predicted: NDArray, subject_index: NDArray, weights: NDArray
) -> Draws:
    """Compute the figures of exact classes once per row of weights.

    `truth` and `predicted` (n,) hold indices of classes, 0 for normal. Sensitivity counts exact
    class hits: adventitious rows given their own class, over adventitious rows; a crackle called
    wheeze is a miss. Specificity is correct normals over normals, `score` their mean (ICBHI 2017:
    Rocha et al. 2019, doi:10.1088/1361-6579/ab03ea), `harmonic_score` their harmonic mean (0
    where both are 0), `challenge_score` the mean of these two (SPRSound 2022).

    Returns
    -------
    dict
        For each of `EXACT_MEASURES` an array (n_draws,); NaN where undefined.
    """
    adventitious, hit = truth > 0, truth == predicted
    sensitivity = share(adventitious & hit, adventitious, subject_index, weights)
    specificity = share(~adventitious & hit, ~adventitious, subject_index, weights)
    score, harmonic = combined(sensitivity, specificity)
    return {
        "sensitivity": sensitivity,
        "specificity": specificity,
        "score": score,
        "harmonic_score": harmonic,
        "challenge_score": (score + harmonic) / 2,
    }


def combined(sensitivity: NDArray, specificity: NDArray) -> tuple[NDArray, NDArray]:
    """Return mean and harmonic mean of two rates; NaN where one of them is."""
    total = np.asarray(sensitivity + specificity, dtype=float)
    known = np.where(np.isnan(total), np.nan, 0.0)
    harmonic = np.divide(2 * sensitivity * specificity, total, out=known, where=total > 0)
    return total / 2, harmonic


def best_blind_figures(truth: NDArray) -> dict[str, float]:
    """Return the highest score and challenge score of answers drawn by lot.

    The lot calls a row normal with one probability, for all rows alike, and otherwise the most
    frequent adventitious class of `truth` (n,), which holds indices of classes, 0 for normal.
    """
    counts = np.bincount(truth[truth > 0], minlength=1)
    most = counts.max() / counts.sum() if counts.sum() else 0.0
    specificity = np.linspace(0, 1, 1001)
    score, harmonic = combined((1 - specificity) * most, specificity)
    challenge = float(((score + harmonic) / 2).max())
    return {"score": float(score.max()), "challenge_score": challenge}
