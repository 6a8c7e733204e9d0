"""A model's figure on the gate side, and what of it is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.contract import read_json
from pipeline.evaluation.bootstrap import BootstrapSettings
from pipeline.evaluation.levels import join_predictions
from pipeline.problems import Problem
from pipeline.rebuilds.decision import Decision
from pipeline.runs.figures import Scored, score
from pipeline.tables import read_table
from pipeline.training.sealing import EVALUATION


def score_on_gate(
    clips: Path, predictions: Path, model: Path, problem: Problem, settings: BootstrapSettings
) -> Scored:
    """Return the problem's main figure of a model, with its draws.

    Parameters
    ----------
    clips, predictions, model : Path
        Folders: the gate side's clips, what the model predicts for them, and the model.
    """
    truth = read_table(clips / "test.csv", problem.labels)
    if truth.empty:
        return Scored(reason="nobody with a label is on it")
    predicted = read_table(predictions / "predictions.csv", problem.labels)
    rows = join_predictions(truth, predicted, problem.labels)
    return score(rows, {"": read_json(model / EVALUATION)}, problem, settings)


def gate_told(
    new: Scored,
    champion: Scored | None,
    decision: Decision,
    margin: float,
    confidence: float,
    min_positive: int,
) -> dict[str, Any]:
    """Return what of a comparison stands in ``outcome.json``."""
    counts = new.counts or {}
    n_positive = int(counts.get("n_positive_subjects", 0))
    return {
        "measure": new.measure or None,
        "target": new.target,
        "level": new.level,
        "new": _told(new),
        "champion": champion and _told(champion),
        "difference": decision.difference,
        "limits": decision.interval,
        "margin": margin,
        "confidence": confidence,
        "n_subjects": int(counts.get("n_subjects", 0)),
        "n_positive": n_positive,
        "few": n_positive < min_positive,
    }


def _told(one: Scored) -> dict[str, Any]:
    return {"value": one.value, "reason": one.reason, "interval": one.interval}
