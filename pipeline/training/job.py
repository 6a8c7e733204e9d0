"""The job that the training environment gets, from resolved settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import frontend
from pipeline.problems import PROBLEMS

TRAINER_SECTIONS = ("augment", "model", "training")


def training_job(
    problem: str, seed: int, settings: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the entries of ``job.json`` for a training (docs/contract.rst).

    Parameters
    ----------
    problem : str
        ``pneumonia`` or ``crackle_wheeze``.
    seed : int
        Seed of everything random in the training.
    settings : mapping
        Every section by name.
    """
    return {
        "problem": problem,
        "labels": list(PROBLEMS[problem].labels),
        "activation": "sigmoid",
        "seed": seed,
        "window_s": settings["clips"]["window_s"],
        "fill": settings["clips"]["fill"],
        "frontend": {"version": frontend.VERSION, "spectrogram": dict(settings["spectrogram"])},
        "settings": {name: dict(settings[name]) for name in TRAINER_SECTIONS},
    }
