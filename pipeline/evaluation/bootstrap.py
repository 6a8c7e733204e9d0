"""Percentile bootstrap intervals by subject.

Clips of one person resemble each other, so the person is what is drawn again: positive and
negative subjects separately, so that every draw has as many of each as the test side. (Efron and
Tibshirani 1993, chapters 8 and 13.) With few subjects such an interval is somewhat too narrow.

Where every draw gives the same figure, the draws say nothing of its spread. A rate of 0 or 1 then
has the exact interval of `exact_limits`; any other figure has none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.metrics import Counts, Draws, why_undefined

_WORN_OUT = "every draw of subjects gives the same figure, which does not make it certain"
BY_DEFINITION = "it is so by definition"
# Draws that differ by less differ by rounding.
_ROUNDING = 1e-12
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


def exact_limits(value: float, n_subjects: int, confidence: float) -> list[float]:
    """Return the exact interval of a rate of 0 or 1 that `n_subjects` subjects count for.

    It is the one of Clopper and Pearson (1934, doi:10.1093/biomet/26.4.404) for none or all of
    `n_subjects`. Per clip or recording the rows of a subject hang together, and subjects are
    counted all the same: that all rows of n subjects are called rightly is never likelier than
    that one row of each is, which has probability rate ** n. So the interval is conservative, the
    more so the less the rows of a subject hang together. For AUROC see `subjects_behind`.
    """
    tail = ((1 - confidence) / 2) ** (1 / n_subjects)
    return [tail, 1.0] if value == 1 else [0.0, 1 - tail]


def subjects_behind(measure: str, counts: Counts) -> int | None:
    """Return how many subjects, or pairs of them, count for a rate; None for other measures.

    AUROC is the share of pairs of a positive and a negative row that stand in the right order.
    What counts for it are pairs that share no subject: all pairs are right never likelier than
    these are.
    """
    if measure == "sensitivity":
        return counts.n_positive_subjects
    if measure == "specificity":
        return counts.n_subjects_with_negative
    if measure == "auroc":
        both = counts.n_positive_subjects, counts.n_subjects_with_negative
        return min(*both, counts.n_subjects // 2)
    return None


def describe(
    points: Draws,
    draws: Draws,
    counts: Counts,
    settings: BootstrapSettings,
    *,
    observed: bool = True,
    width_reason: str = _WORN_OUT,
) -> dict[str, dict]:
    """Return each measure as `{"value", "reason", "interval", "interval_reason"}`.

    `value` and `interval` are None where they cannot be given; the reasons then say why. An
    interval always has a width. `observed` says whether rates were counted (they are no
    differences, nor so by definition): only then they have exact intervals where they are 0 or 1.
    `width_reason` is what is said where all draws are alike.
    """
    described = {}
    for name in points:
        reason = why_undefined(name, counts)
        value = None if reason else float(points[name][0])
        if observed and value in (0.0, 1.0) and subjects_behind(name, counts):
            limits, interval_reason = _exact(name, value, counts, settings)
        else:
            limits, interval_reason = _drawn(name, draws[name], counts, settings, width_reason)
        described[name] = {
            "value": value,
            "reason": reason,
            "interval": limits,
            "interval_reason": interval_reason,
        }
    return described


def _exact(
    name: str, value: float, counts: Counts, settings: BootstrapSettings
) -> tuple[list[float] | None, str | None]:
    refused = why_no_interval(name, counts)
    if refused:
        return None, refused
    n_subjects = subjects_behind(name, counts) or 1
    return exact_limits(value, n_subjects, settings.confidence), None


def _drawn(
    name: str, draws: NDArray, counts: Counts, settings: BootstrapSettings, width_reason: str
) -> tuple[list[float] | None, str | None]:
    refused = why_no_interval(name, counts)
    limits = None if refused else interval(draws, settings.confidence)
    if limits is None:
        return None, refused or "the figure is undefined in too many of the draws"
    if np.nanmax(draws) - np.nanmin(draws) <= _ROUNDING:
        return None, width_reason
    return limits, None
