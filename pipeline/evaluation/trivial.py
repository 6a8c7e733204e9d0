"""What a rule on duration alone scores: the row every figure has to beat.

Annotators box an adventitious sound tightly and a normal breath whole, so the length of an event
gives its class away (on SPRSound such a rule scores 76). The rule is fitted on the train side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.evaluation.checks import check_predictions
from pipeline.evaluation.classes import not_scored, true_classes
from pipeline.evaluation.levels import LEVELS, exact_levels, level_tables, with_truth_columns
from pipeline.problems import Problem


def fit_duration_rule(train_table: pd.DataFrame, problem: Problem) -> dict:
    """Fit the best rule on duration alone, per level and label, on the train side only.

    Parameters
    ----------
    train_table : DataFrame
        The train clips (`06_clips/train.csv`); no probabilities are needed. Clip level takes the
        event's duration, recording and subject level the mean duration of the recordings.

    Returns
    -------
    dict
        Per level `{"labels": {label: {"cutoff_s", "positive": "shorter"|"longer", "score",
        "reason"}}}` and, where there are exact classes, `"classes": {"cutoff_s", "shorter":
        class, "longer": class, "score", "reason"}`: the one cut-off, and the class called on
        either side of it, that maximise (sensitivity + specificity) / 2 of exact hits; rows of
        classes that are not scored do not count. `shorter` includes the cut-off. `reason` is
        None, or says why there is no rule (then the rest is None).

    Raises
    ------
    EvaluationError
        If the table cannot be used (see `checks.check_predictions`).
    """
    table = with_truth_columns(train_table, problem.labels)
    check_predictions(table, problem, probabilities=False)
    # How probabilities would be combined does not matter: a rule on duration has none.
    tables = level_tables(table, problem.labels, {"recording": "max", "subject": "max"})
    return {level: _fit_level(tables[level], level, problem) for level in LEVELS}


def apply_duration_rule(rule: Mapping, duration_s: NDArray) -> tuple[NDArray, NDArray]:
    """Return predicted (n,) bool and ranking (n,), which grows with how likely a row is positive.

    `rule` is one label's entry whose `reason` is None; `duration_s` (n,) in seconds.
    """
    duration = np.asarray(duration_s, dtype=float)
    if rule["positive"] == "shorter":
        return duration <= rule["cutoff_s"], -duration
    return duration > rule["cutoff_s"], duration


def apply_class_rule(
    rule: Mapping, duration_s: NDArray, classes: Sequence[str]
) -> NDArray[np.intp]:
    """Return the index into `classes` that a rule for exact classes gives each row (n,)."""
    shorter, longer = (classes.index(rule[side]) for side in ("shorter", "longer"))
    return np.where(np.asarray(duration_s, float) <= rule["cutoff_s"], shorter, longer)


def _fit_level(table: pd.DataFrame, level: str, problem: Problem) -> dict:
    duration = table["duration_s"].to_numpy(float)
    rules: dict = {
        "labels": {
            label: _fit_label(duration, table[f"true_{label}"].to_numpy(int))
            for label in problem.labels
        }
    }
    if level in exact_levels(problem):
        truth = true_classes(table, problem)
        kept = ~not_scored(truth, problem)
        rules["classes"] = _fit_classes(duration[kept], truth[kept], problem.exact_classes)
    return rules


def _fit_label(duration: NDArray, truth: NDArray) -> dict:
    reason = _why_no_rule(duration, truth > 0)
    if reason:
        return {"cutoff_s": None, "positive": None, "score": None, "reason": reason}
    cutoffs, counts = _below(duration, truth, 2)
    n_negative, n_positive = np.bincount(truth, minlength=2)
    shorter = (counts[:, 1] / n_positive + 1 - counts[:, 0] / n_negative) / 2
    best = int(np.argmax(np.maximum(shorter, 1 - shorter)))
    positive = "shorter" if shorter[best] >= 0.5 else "longer"
    score = max(shorter[best], 1 - shorter[best])
    return _rule(cutoffs[best], score, positive=positive)


def _fit_classes(duration: NDArray, truth: NDArray, classes: Sequence[str]) -> dict:
    reason = _why_no_rule(duration, truth > 0)
    if reason:
        return {"cutoff_s": None, "shorter": None, "longer": None, "score": None, "reason": reason}
    n_classes = len(classes)
    cutoffs, below = _below(duration, truth, n_classes)
    totals = np.bincount(truth, minlength=n_classes)
    n_of = np.array([totals[0], *[totals[1:].sum()] * (n_classes - 1)])
    # One contiguous row per class: their sums are the scores of pairs of classes.
    gain_below = np.ascontiguousarray((below / n_of / 2).T)
    gain_above = np.ascontiguousarray(((totals - below) / n_of / 2).T)
    best_of = {
        pair: float((gain_below[pair[0]] + gain_above[pair[1]]).max())
        for pair in permutations(range(n_classes), 2)
    }
    pair = max(best_of, key=best_of.__getitem__)
    best = int(np.argmax(gain_below[pair[0]] + gain_above[pair[1]]))
    shorter, longer = (classes[index] for index in pair)
    return _rule(cutoffs[best], best_of[pair], shorter=shorter, longer=longer)


def _rule(cutoff_s: float, score: float, **sides: str) -> dict:
    return {"cutoff_s": float(cutoff_s), **sides, "score": float(score), "reason": None}


def _why_no_rule(duration: NDArray, positive: NDArray) -> str | None:
    if not len(duration):
        return "the train side has no rows at this level"
    if positive.all() or not positive.any():
        return "the train side has only one class"
    if duration.min() == duration.max():
        return "all durations on the train side are equal"
    return None


def _below(duration: NDArray, classes: NDArray, n_classes: int) -> tuple[NDArray, NDArray]:
    """Return cut-offs between distinct durations and the rows of each class at or below them."""
    order = np.argsort(duration, kind="stable")
    ordered = duration[order]
    ends = np.flatnonzero(np.diff(ordered) > 0)
    one_hot = np.eye(n_classes, dtype=np.int64)[classes[order]]
    return (ordered[ends] + ordered[ends + 1]) / 2, one_hot.cumsum(axis=0)[ends]
