"""Operating points, and everything else that is fitted before the test side is looked at."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.errors import EvaluationError
from pipeline.evaluation.checks import VERSION, check_predictions
from pipeline.evaluation.levels import LEVELS, level_tables
from pipeline.evaluation.trivial import fit_duration_rule
from pipeline.problems import Problem

FIXED = 0.5
# Fewer positive subjects than this cannot place a threshold: one person moves it anywhere.
MIN_POSITIVE_SUBJECTS = 5
_LARGEST = "exclusive classes are called by the largest probability"


def fit_thresholds(validation_table: pd.DataFrame, problem: Problem) -> dict:
    """Fit, per level and label, the threshold of the highest score on the validation side.

    Parameters
    ----------
    validation_table : DataFrame
        Predictions on the validation side (see `levels.join_predictions`).

    Returns
    -------
    dict
        `{level: {label: {"threshold", "score", "n_rows", "n_positive_subjects", "refused"}}}`.
        `refused` is None, or the reason why there is no threshold (`threshold` is then None). A
        row is called positive at or above its threshold. Exclusive classes have none: the class
        is the one with the largest probability.

    Raises
    ------
    EvaluationError
        If the table cannot be scored (see `checks.check_predictions`).
    """
    check_predictions(validation_table, problem)
    tables = level_tables(validation_table, problem.labels, problem.aggregation)
    return {
        level: {label: _fit_one(tables[level], label, problem) for label in problem.labels}
        for level in LEVELS
    }


def best_threshold(truth: NDArray, probability: NDArray) -> tuple[float, float]:
    """Return the threshold with the highest (se + sp) / 2, and that score.

    Candidates lie halfway between neighbouring probabilities; of equally good ones the nearest
    to 0.5 is taken. `truth` (n,) holds both classes. With one distinct probability it is 0.5.
    """
    order = np.argsort(-probability, kind="stable")
    ordered, positive = probability[order], np.asarray(truth, dtype=bool)[order]
    ends = np.flatnonzero(np.diff(ordered) < 0)
    if not len(ends):
        return FIXED, 0.5
    sensitivity = positive.cumsum()[ends] / positive.sum()
    specificity = 1 - (~positive).cumsum()[ends] / (~positive).sum()
    scores = (sensitivity + specificity) / 2
    between = (ordered[ends] + ordered[ends + 1]) / 2
    # Two neighbouring floats have nothing between them.
    cuts = np.where(between > ordered[ends + 1], between, ordered[ends])
    ties = np.flatnonzero(scores >= scores.max() - 1e-12)
    best = ties[np.argmin(np.abs(cuts[ties] - FIXED))]
    return float(cuts[best]), float(scores[best])


def choose(thresholds: Mapping, setting: str | float) -> dict[str, dict[str, float | None]]:
    """Return `{level: {label: threshold}}` for `[evaluate] threshold`.

    A level without any validation row has None with `"validation"`.

    Raises
    ------
    EvaluationError
        If the setting is unknown, or `"validation"` is asked for and was refused.
    """
    if str(setting) == str(FIXED):
        return {level: dict.fromkeys(entries, FIXED) for level, entries in thresholds.items()}
    if setting != "validation":
        raise EvaluationError(
            expected="'0.5' or 'validation'",
            found=repr(setting),
            where="[evaluate] threshold",
            action="Write one of the two in the experiment's TOML file.",
        )
    for level, entries in thresholds.items():
        for label, entry in entries.items():
            if entry["refused"] and (entry["n_rows"] or entry["refused"] == _LARGEST):
                raise _refusal(level, label, entry["refused"])
    return {
        level: {label: entry["threshold"] for label, entry in entries.items()}
        for level, entries in thresholds.items()
    }


def fit_on_training(
    train_table: pd.DataFrame, validation_table: pd.DataFrame, problem: Problem
) -> dict:
    """Return the content of a model's `evaluation.json`: all that scoring needs and must not refit.

    Parameters
    ----------
    train_table : DataFrame
        The train clips (`06_clips/train.csv`).
    validation_table : DataFrame
        The validation clips with the model's probabilities (see `levels.join_predictions`).
    problem : Problem
        What the model was trained for.

    Returns
    -------
    dict
        `kind`, `version`, `problem`, `labels`, `aggregation`, `thresholds` (see
        `fit_thresholds`) and `duration_rule` (see `trivial.fit_duration_rule`); safe for JSON.

    Raises
    ------
    EvaluationError
        If a table cannot be used.
    """
    return {
        "kind": "auscult/evaluation",
        "version": VERSION,
        "problem": problem.name,
        "labels": list(problem.labels),
        "aggregation": dict(problem.aggregation),
        "thresholds": fit_thresholds(validation_table, problem),
        "duration_rule": fit_duration_rule(train_table, problem),
    }


def _fit_one(table: pd.DataFrame, label: str, problem: Problem) -> dict:
    truth = table[f"true_{label}"].to_numpy(int)
    n_subjects = int(table.loc[truth > 0, "subject_id"].nunique())
    refused = _LARGEST if problem.exclusive else _why_refused(truth, n_subjects)
    threshold, score = None, None
    if refused is None:
        threshold, score = best_threshold(truth, table[f"prob_{label}"].to_numpy(float))
    return {
        "threshold": threshold,
        "score": score,
        "n_rows": len(table),
        "n_positive_subjects": n_subjects,
        "refused": refused,
    }


def _why_refused(truth: NDArray, n_positive_subjects: int) -> str | None:
    if not len(truth):
        return "the validation side has no rows at this level"
    if n_positive_subjects < MIN_POSITIVE_SUBJECTS:
        return (
            f"the validation side has {n_positive_subjects} positive subjects, "
            f"fewer than {MIN_POSITIVE_SUBJECTS}"
        )
    if truth.all():
        return "the validation side has no negative rows"
    return None


def _refusal(level: str, label: str, reason: str) -> EvaluationError:
    if reason == _LARGEST:
        return EvaluationError(
            expected="threshold = '0.5' for a problem with exclusive classes",
            found=f"'validation'; {reason}",
            where="[evaluate] threshold",
            action="Set threshold = '0.5'.",
        )
    return EvaluationError(
        expected=f"at least {MIN_POSITIVE_SUBJECTS} positive validation subjects to fit a "
        "threshold on",
        found=f"{reason} ({label}, {level} level)",
        where="[evaluate] threshold = 'validation'",
        action="Set threshold = '0.5', or train on more subjects.",
    )
