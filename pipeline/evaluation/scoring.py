"""Scores of one table at one level: a label's figures, and the four-class figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.evaluation.bootstrap import BootstrapSettings, describe, draw_subjects
from pipeline.evaluation.curves import curves
from pipeline.evaluation.metrics import (
    FOUR_CLASSES,
    Counts,
    Draws,
    confusion,
    count_rows,
    figures,
    four_class_figures,
    four_classes,
    subject_indices,
)
from pipeline.evaluation.trivial import apply_duration_rule, apply_four_class_rule


class Scorer:
    """Rows of one table with their truth, and the same draws of subjects for all that is compared.

    Parameters
    ----------
    table : DataFrame
        One of `levels.level_tables`.
    positive : array (n,)
        What makes a subject positive when subjects are drawn: the label, or anything abnormal.
    """

    def __init__(
        self,
        table: pd.DataFrame,
        positive: NDArray,
        settings: BootstrapSettings,
        rng: np.random.Generator,
    ):
        names, self.subject_index = subject_indices(table["subject_id"].tolist())
        self.settings = settings
        self.counts: Counts = count_rows(positive, self.subject_index)
        self.once = np.ones((1, len(names)))
        self.draws = draw_subjects(positive, self.subject_index, settings.n_bootstrap, rng)

    def compute(self, measure: Callable[..., Draws], *arrays: NDArray) -> tuple[Draws, Draws]:
        """Return the figures themselves and their draws."""
        point = measure(*arrays, self.subject_index, self.once)
        return point, measure(*arrays, self.subject_index, self.draws)

    def describe(self, computed: tuple[Draws, Draws]) -> dict[str, dict]:
        """Return figures with intervals and reasons, as in `bootstrap.describe`."""
        return describe(*computed, self.counts, self.settings)

    def difference(self, ours: tuple[Draws, Draws], theirs: tuple[Draws, Draws]) -> dict:
        """Return ours minus theirs, paired draw by draw."""
        point, draws = (
            {name: a[name] - b[name] for name in a} for a, b in zip(ours, theirs, strict=True)
        )
        return self.describe((point, draws))


def score_label(
    table: pd.DataFrame,
    label: str,
    threshold: float,
    settings: BootstrapSettings,
    rng: np.random.Generator,
    rule: dict | None = None,
) -> dict:
    """Score one label of one level's table.

    Returns
    -------
    dict
        `threshold`, `counts`, `figures`, `confusion` ([[TN, FP], [FN, TP]]), `curves` and
        `trivial` (only if `rule`, the duration rule of this label, is given).
    """
    truth = table[f"true_{label}"].to_numpy(int)
    probability = table[f"prob_{label}"].to_numpy(float)
    scorer = Scorer(table, truth, settings, rng)
    model = scorer.compute(figures, truth, probability, probability >= threshold)
    scored: dict[str, Any] = {
        "threshold": threshold,
        "counts": asdict(scorer.counts),
        "figures": scorer.describe(model),
        "confusion": confusion(truth, probability >= threshold, 2),
        "curves": curves(truth, probability) if len(truth) else None,
        "constant": bool(len(truth) > 1 and np.ptp(probability) == 0),
    }
    if rule is not None:
        normal = scorer.compute(figures, truth, np.zeros(len(truth)), np.zeros(len(truth)))
        beside = {"rule": rule, "reason": rule["reason"]}
        if rule["reason"] is None:
            predicted, ranking = apply_duration_rule(rule, table["duration_s"].to_numpy(float))
            duration = scorer.compute(figures, truth, ranking, predicted)
            beside |= _compared(scorer, model, duration)
        scored["trivial"] = {
            "always_normal": {"figures": scorer.describe(normal)},
            "duration": beside,
        }
    return scored


def score_four_class(
    table: pd.DataFrame,
    thresholds: dict[str, float],
    settings: BootstrapSettings,
    rng: np.random.Generator,
    rule: dict | None = None,
) -> dict:
    """Score normal / crackle / wheeze / both by exact class hits (see `four_class_figures`).

    A subject is positive, and counted so, if any of its rows is abnormal.
    """
    truth = four_classes(table["true_crackle"].to_numpy(), table["true_wheeze"].to_numpy())
    predicted = four_classes(
        *(table[f"prob_{label}"].to_numpy() >= thresholds[label] for label in ("crackle", "wheeze"))
    )
    scorer = Scorer(table, truth > 0, settings, rng)
    model = scorer.compute(four_class_figures, truth, predicted)
    scored: dict[str, Any] = {
        "classes": list(FOUR_CLASSES),
        "counts": asdict(scorer.counts),
        "figures": scorer.describe(model),
        "confusion": confusion(truth, predicted, 4),
    }
    if rule is not None:
        normal = scorer.compute(four_class_figures, truth, np.zeros_like(truth))
        beside = {"rule": rule, "reason": rule["reason"]}
        if rule["reason"] is None:
            guessed = apply_four_class_rule(rule, table["duration_s"].to_numpy(float))
            duration = scorer.compute(four_class_figures, truth, guessed)
            beside |= _compared(scorer, model, duration)
        scored["trivial"] = {
            "always_normal": {"figures": scorer.describe(normal)},
            "duration": beside,
        }
    return scored


def _compared(scorer: Scorer, model: tuple[Draws, Draws], duration: tuple[Draws, Draws]) -> dict:
    return {
        "figures": scorer.describe(duration),
        "difference": scorer.difference(model, duration),
    }
