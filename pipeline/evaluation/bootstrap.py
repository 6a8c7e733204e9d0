"""Percentile bootstrap intervals by subject.

Clips of one person resemble each other, so the person is what is drawn again: positive and
negative subjects separately, so that every draw has as many of each as the test side. (Efron and
Tibshirani 1993, chapters 8 and 13.) With few subjects such an interval is somewhat too narrow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.metrics import Counts, Draws, why_undefined

# Below this share of usable draws an interval would describe only the lucky ones.
_USABLE = 0.95


@dataclass(frozen=True)
class BootstrapSettings:
    """Number of draws and the share of them that an interval covers (0 to 1)."""

    n_bootstrap: int = 1000
    confidence: float = 0.95


def draw_subjects(
    positive: NDArray, subject_index: NDArray, n_draws: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw how often each subject counts, with replacement, within its class.

    Parameters
    ----------
    positive : array (n,)
        Truth of each row; a subject is positive if any of its rows is.
    subject_index : int array (n,)
        Subject of each row, 0 to n_subjects - 1.

    Returns
    -------
    array (n_draws, n_subjects)
        Counts; the sum over each class is the same in every draw.
    """
    n_subjects = int(subject_index.max(initial=-1)) + 1
    is_positive = np.bincount(subject_index, weights=positive, minlength=n_subjects) > 0
    weights = np.zeros((n_draws, n_subjects))
    for members in (np.flatnonzero(is_positive), np.flatnonzero(~is_positive)):
        if len(members):
            shares = np.full(len(members), 1 / len(members))
            weights[:, members] = rng.multinomial(len(members), shares, size=n_draws)
    return weights


def why_no_interval(measure: str, counts: Counts) -> str | None:
    """Return why no interval by subject can be given for a measure, or None."""
    undefined = why_undefined(measure, counts)
    if undefined:
        return undefined
    if measure != "specificity" and counts.n_positive_subjects < 2:
        return "an interval by subject needs at least two subjects with positives"
    if measure != "sensitivity" and counts.n_subjects_with_negative < 2:
        return "an interval by subject needs at least two subjects with negatives"
    return None


def interval(draws: NDArray, confidence: float) -> list[float] | None:
    """Return the central `confidence` share of the draws (n_draws,) as [low, high].

    None if the figure is undefined in more than a twentieth of the draws, or there are none.
    """
    usable = draws[~np.isnan(draws)]
    if not len(usable) or len(usable) < _USABLE * len(draws):
        return None
    tail = (1 - confidence) / 2
    low, high = np.quantile(usable, [tail, 1 - tail])
    return [float(low), float(high)]


def describe(
    points: Draws, draws: Draws, counts: Counts, settings: BootstrapSettings
) -> dict[str, dict]:
    """Return each measure as `{"value", "reason", "interval", "interval_reason"}`.

    `value` and `interval` are None where they cannot be given; the reasons then say why.
    """
    return {name: _describe_one(name, points, draws, counts, settings) for name in points}


def _describe_one(
    name: str, points: Draws, draws: Draws, counts: Counts, settings: BootstrapSettings
) -> dict:
    reason = why_undefined(name, counts)
    value = None if reason else float(points[name][0])
    interval_reason = why_no_interval(name, counts)
    limits = None if interval_reason else interval(draws[name], settings.confidence)
    if limits is None and interval_reason is None:
        interval_reason = "the figure is undefined in too many of the draws"
    return {
        "value": value,
        "reason": reason,
        "interval": limits,
        "interval_reason": interval_reason,
    }
