"""Figures within quartiles of duration: what is left when length cannot give the class away."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from pipeline.evaluation.bootstrap import BootstrapSettings
from pipeline.evaluation.levels import exact_levels
from pipeline.evaluation.scoring import score_classes, score_label
from pipeline.problems import Problem


def split_by_duration(table: pd.DataFrame) -> list[dict]:
    """Split a level's table at the quartiles of its durations.

    Returns
    -------
    list of dict
        `from_s`, `to_s` and `table`; fewer than four where durations coincide, none for an
        empty table. A duration equal to a quartile belongs to the lower part.
    """
    duration = table["duration_s"].to_numpy(float)
    if not len(duration):
        return []
    edges = np.unique(np.quantile(duration, [0, 0.25, 0.5, 0.75, 1]))
    if len(edges) == 1:
        return [{"from_s": float(edges[0]), "to_s": float(edges[0]), "table": table}]
    part = np.clip(np.searchsorted(edges, duration, side="left") - 1, 0, None)
    return [
        {"from_s": float(low), "to_s": float(high), "table": table[part == index]}
        for index, (low, high) in enumerate(pairwise(edges))
    ]


def score_quartiles(
    table: pd.DataFrame,
    level: str,
    problem: Problem,
    settings: BootstrapSettings,
    rng: np.random.Generator,
) -> list[dict]:
    """Score each quartile of duration: `from_s`, `to_s`, `labels` and `classes`.

    Each entry of `labels`, and `classes` where rows have exact ones, holds `counts` and `figures`
    (see `scoring`). Exclusive classes are scored as one question there, not each on its own.
    """
    return [
        {
            "from_s": part["from_s"],
            "to_s": part["to_s"],
            **_score_part(part["table"], level, problem, settings, rng),
        }
        for part in split_by_duration(table)
    ]


def _score_part(
    table: pd.DataFrame,
    level: str,
    problem: Problem,
    settings: BootstrapSettings,
    rng: np.random.Generator,
) -> dict:
    exact = level in exact_levels(problem)
    labels = () if exact and problem.exclusive else problem.labels
    ones = {label: score_label(table, label, settings, rng) for label in labels}
    scored: dict = {"labels": {label: _short(one) for label, one in ones.items()}}
    if exact:
        scored["classes"] = _short(score_classes(table, problem, settings, rng))
    return scored


def _short(scored: dict) -> dict:
    return {name: scored[name] for name in ("counts", "figures")}
