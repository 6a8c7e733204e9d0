"""The job that the training environment gets, from resolved settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import frontend
from pipeline.problems import Problem

TRAINER_SECTIONS = ("augment", "model", "training")


def training_job(
    problem: Problem, seed: int, settings: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the entries of ``job.json`` for a training (docs/contract.rst).

    Parameters
    ----------
    problem : Problem
    seed : int
        Seed of everything random in the training.
    settings : mapping
        Every section by name.
    """
    return {
        "problem": problem.name,
        "labels": list(problem.labels),
        "activation": problem.activation,
        "seed": seed,
        "window_s": settings["clips"]["window_s"],
        "fill": settings["clips"]["fill"],
        "frontend": {"version": frontend.VERSION, "spectrogram": dict(settings["spectrogram"])},
        "settings": {name: dict(settings[name]) for name in TRAINER_SECTIONS},
    }
