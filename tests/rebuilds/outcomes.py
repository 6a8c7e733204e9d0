"""An outcome of a rebuild, as its note is made from it."""

from __future__ import annotations

import copy
from typing import Any

_COUNTS = {"recordings": 1200, "subjects": 300, "new": 4, "gone": 3, "changed": 2, "relabelled": 1}
OUTCOME: dict[str, Any] = {
    "date": "2026-11-20",
    "line": "pneumonia",
    "problem": "pneumonia",
    "event": "promoted",
    "why": "It is not worse by more than 0.05.",
    "model": "pneumonia-bbbbbbbbbbbb",
    "champion_before": "pneumonia-aaaaaaaaaaaa",
    "champion": "pneumonia-bbbbbbbbbbbb",
    "changes": {
        "first": False,
        "datasets": {"folder-clinic": _COUNTS},
        "new_subjects": {"train": 2, "test": 0, "gate": 1, "val": 0},
        "named": {
            "new": ["folder-clinic/n1"],
            "gone": ["folder-clinic/g1"],
            "changed": [],
            "relabelled": ["folder-clinic/r1"],
        },
    },
    "sides": {"train": 180, "test": 60, "gate": 40, "val": 20},
    "n_left_out": 2,
    "gate": {
        "measure": "auroc",
        "target": "pneumonia",
        "level": "subject",
        "new": {"value": 0.8, "reason": None, "interval": [0.7, 0.9]},
        "champion": {"value": 0.75, "reason": None, "interval": [0.62, 0.86]},
        "difference": 0.05,
        "limits": [-0.01, 0.11],
        "margin": 0.05,
        "confidence": 0.95,
        "n_subjects": 40,
        "n_positive": 12,
        "few": False,
    },
    "test": {"measure": "auroc", "value": 0.78, "reason": None, "interval": [0.7, 0.85], "uses": 3},
    "command": "luigi --module pipeline TrainModel --problem pneumonia",
    "places": {
        "champion": "/home/me/data/07_models/pneumonia-bbbbbbbbbbbb",
        "report": "/home/me/data/08_reports/pneumonia-cccccccccccc/report.html",
    },
    "links": {"report": "../../../08_reports/pneumonia-cccccccccccc/report.html"},
}


def outcome(**changed: Any) -> dict[str, Any]:
    """Return the outcome with some of its entries changed; ``gate__few=True`` is one within."""
    made = copy.deepcopy(OUTCOME)
    for name, value in changed.items():
        *parents, key = name.split("__")
        place = made
        for parent in parents:
            place = place[parent]
        place[key] = value
    return made
