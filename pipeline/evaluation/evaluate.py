"""The content of `metrics.json`: every figure of a run at every level, and what to mind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from pipeline.errors import EvaluationError
from pipeline.evaluation.bootstrap import BootstrapSettings
from pipeline.evaluation.checks import check_predictions
from pipeline.evaluation.findings import find_warnings
from pipeline.evaluation.levels import LEVELS, MAIN_LEVEL, level_tables
from pipeline.evaluation.quartiles import score_quartiles
from pipeline.evaluation.scoring import score_four_class, score_label
from pipeline.evaluation.thresholds import choose
from pipeline.evaluation.trivial import FOUR_CLASS_LABELS

# Where a duration could give the truth away: the event's (only if events are what is labelled)
# and the recording's.
_QUARTILE_LEVELS = {"pneumonia": ("recording",), "crackle_wheeze": ("clip", "recording")}


def evaluate(
    predictions: pd.DataFrame,
    evaluation: Mapping,
    settings: Mapping,
    labels: Sequence[str],
    problem: str,
    rng: np.random.Generator,
) -> dict:
    """Score predictions on a test side.

    Parameters
    ----------
    predictions : DataFrame
        The content of `predictions.csv`.
    evaluation : mapping
        The model's `evaluation.json` (see `thresholds.fit_on_training`); applied unchanged.
    settings : mapping
        The `[evaluate]` section: `threshold` ("0.5" or "validation"), `n_bootstrap`,
        `confidence`.
    rng : numpy.random.Generator
        Draws the subjects of the bootstrap.

    Returns
    -------
    dict
        The content of `metrics.json`, safe for strict JSON: `main`, `levels`, `warnings`,
        `settings`. Every figure is `{"value", "reason", "interval", "interval_reason"}`.

    Raises
    ------
    EvaluationError
        If the predictions cannot be scored, the model is for other labels, or a threshold from
        validation was refused.
    """
    _check_same_labels(evaluation, labels, problem)
    check_predictions(predictions, labels)
    thresholds = choose(evaluation["thresholds"], settings["threshold"])
    boot = BootstrapSettings(int(settings["n_bootstrap"]), float(settings["confidence"]))
    tables = level_tables(predictions, labels, evaluation["aggregation"])
    levels = {}
    for level in LEVELS:
        chosen = _usable(thresholds[level], level, len(tables[level]))
        rules = evaluation["duration_rule"][level]
        levels[level] = _score_level(tables[level], labels, chosen, rules, boot, rng)
        if level in _QUARTILE_LEVELS[problem]:
            levels[level]["quartiles"] = score_quartiles(
                tables[level], labels, chosen, boot, rng, four_class="four_class" in rules
            )
    metrics = {
        "kind": "auscult/metrics",
        "version": 1,
        "problem": problem,
        "labels": list(labels),
        "settings": {
            "threshold": str(settings["threshold"]),
            "n_bootstrap": boot.n_bootstrap,
            "confidence": boot.confidence,
        },
        "aggregation": dict(evaluation["aggregation"]),
        "n_weak_clips": int((predictions["weak"] == 1).sum()),
        "main": _main(problem, labels, levels),
        "levels": levels,
    }
    return metrics | {"warnings": find_warnings(metrics, evaluation["thresholds"])}


def target_of(metrics: Mapping, level: str, target: str) -> dict:
    """Return the scores of a label, or of `"four_class"`, at a level of `metrics.json`."""
    scored = metrics["levels"][level]
    return scored["four_class"] if target == "four_class" else scored["labels"][target]


def _score_level(
    table: pd.DataFrame,
    labels: Sequence[str],
    thresholds: dict[str, float],
    rules: Mapping,
    settings: BootstrapSettings,
    rng: np.random.Generator,
) -> dict:
    scored: dict = {
        "n_rows": len(table),
        "n_subjects": int(table["subject_id"].nunique()),
        "labels": {
            label: score_label(
                table, label, thresholds[label], settings, rng, rules["labels"][label]
            )
            for label in labels
        },
    }
    if set(labels) == set(FOUR_CLASS_LABELS):
        rule = rules["four_class"]
        scored["four_class"] = score_four_class(table, thresholds, settings, rng, rule)
    return scored


def _main(problem: str, labels: Sequence[str], levels: Mapping) -> dict:
    """Name the one figure that stands on top: the subjects' AUROC, or the events' ICBHI score."""
    level, moved = MAIN_LEVEL[problem], None
    if not levels[level]["n_rows"] and levels["recording"]["n_rows"]:
        level = "recording"
        moved = "no event of the test side has a label of its own, so recordings are scored"
    four_class = "four_class" in levels[level]
    scored = levels[level]["four_class"] if four_class else levels[level]["labels"][labels[0]]
    measure = "score" if four_class else "auroc"
    return {
        "level": level,
        "target": "four_class" if four_class else labels[0],
        "measure": measure,
        "moved": moved,
        **scored["figures"][measure],
        "counts": scored["counts"],
    }


def _usable(thresholds: dict, level: str, n_rows: int) -> dict[str, float]:
    missing = [label for label, threshold in thresholds.items() if threshold is None]
    if missing and n_rows:
        raise EvaluationError(
            expected=f"a threshold for {', '.join(missing)} at {level} level",
            found="none: the model's validation side had no rows at this level",
            where="[evaluate] threshold = 'validation'",
            action="Set threshold = '0.5'.",
        )
    return {label: 0.5 if value is None else value for label, value in thresholds.items()}


def _check_same_labels(evaluation: Mapping, labels: Sequence[str], problem: str) -> None:
    if evaluation["problem"] != problem or list(evaluation["labels"]) != list(labels):
        raise EvaluationError(
            expected=f"a model for {problem} with the labels {', '.join(labels)}",
            found=f"one for {evaluation['problem']} with {', '.join(evaluation['labels'])}",
            where="evaluation.json of the model",
            action="Evaluate the model on the problem it was trained for.",
        )
