"""Figures within quartiles of duration: what is left when length cannot give the class away."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from pipeline.evaluation.bootstrap import BootstrapSettings
from pipeline.evaluation.scoring import score_four_class, score_label


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
    labels: Sequence[str],
    thresholds: dict[str, float],
    settings: BootstrapSettings,
    rng: np.random.Generator,
    *,
    four_class: bool,
) -> list[dict]:
    """Score each quartile of duration: `from_s`, `to_s`, `labels` and, if asked, `four_class`.

    Each label's entry holds `counts` and `figures`; see `scoring.score_label`.
    """
    return [
        _score_part(part, labels, thresholds, settings, rng, four_class)
        for part in split_by_duration(table)
    ]


def _score_part(
    part: dict,
    labels: Sequence[str],
    thresholds: dict[str, float],
    settings: BootstrapSettings,
    rng: np.random.Generator,
    four_class: bool,
) -> dict:
    table = part["table"]
    scored = {"from_s": part["from_s"], "to_s": part["to_s"], "labels": {}}
    for label in labels:
        one = score_label(table, label, thresholds[label], settings, rng)
        scored["labels"][label] = {name: one[name] for name in ("counts", "figures")}
    if four_class:
        one = score_four_class(table, thresholds, settings, rng)
        scored["four_class"] = {name: one[name] for name in ("counts", "figures")}
    return scored
