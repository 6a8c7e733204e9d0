"""The learning rate of a step: a warm-up, then constant, cosine, steps, or steps on a plateau."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class At:
    """Where in the training a step is.

    Attributes
    ----------
    n_after_warmup : int
        Steps since the warm-up.
    n_steps : int
        Steps from the end of the warm-up to that of the training.
    steps_per_epoch : int
    losses : tuple of float
        Validation losses of the finished epochs after the warm-up.
    """

    n_after_warmup: int
    n_steps: int
    steps_per_epoch: int
    losses: tuple[float, ...]


def rate_of(
    settings: Mapping[str, Any],
    step: int,
    n_steps: int,
    steps_per_epoch: int,
    history: Sequence[Mapping[str, Any]] = (),
) -> float:
    """Return the rate of `step`: a function of the arguments only.

    The rate rises linearly in the warm-up, which takes at most half of the training, up to
    ``learning_rate``; then it is that times the factor of the ``schedule``.

    Parameters
    ----------
    settings : mapping
        The section ``[training]``.
    step, n_steps : int
        Counted from 0 over all epochs, and how many there are.
    steps_per_epoch : int
    history : sequence of mapping
        The epochs' rows in their order, of which ``val_loss`` is read, and only by ``plateau``.
        Epochs that had not ended before `step` count for nothing, so the rate of a step is the
        same whenever it is asked for.
    """
    highest = settings["learning_rate"]
    n_warmup = min(settings["warmup_epochs"] * steps_per_epoch, n_steps // 2)
    if step < n_warmup:
        return highest * (step + 1) / n_warmup
    rows = history[-(-n_warmup // steps_per_epoch) : step // steps_per_epoch]
    losses = tuple(row["val_loss"] for row in rows)
    at = At(step - n_warmup, n_steps - n_warmup, steps_per_epoch, losses)
    return highest * SCHEDULES[settings["schedule"]](settings, at)


def _constant(settings: Mapping[str, Any], at: At) -> float:
    return 1.0


def _cosine(settings: Mapping[str, Any], at: At) -> float:
    """Half a cosine to near 0."""
    return 0.5 * (1 + math.cos(math.pi * (at.n_after_warmup / max(1, at.n_steps))))


def _step(settings: Mapping[str, Any], at: At) -> float:
    """Times ``lr_decrease`` every ``lr_step`` epochs after the warm-up."""
    n_epochs = at.n_after_warmup // at.steps_per_epoch
    return settings["lr_decrease"] ** (n_epochs // settings["lr_step"])


def _plateau(settings: Mapping[str, Any], at: At) -> float:
    """Times ``lr_decrease`` for every plateau so far."""
    return settings["lr_decrease"] ** n_plateaus(at.losses, settings["plateau_patience"])


def n_plateaus(losses: Sequence[float], patience: int) -> int:
    """Return how often `patience` epochs in a row were no better than the best one before them.

    A loss that is no number is not better.
    """
    best, n_worse, found = math.inf, 0, 0
    for loss in losses:
        if loss < best:
            best, n_worse = loss, 0
        else:
            n_worse += 1
        if n_worse == patience:
            found, n_worse = found + 1, 0
    return found


SCHEDULES: dict[str, Callable[[Mapping[str, Any], At], float]] = {
    "cosine": _cosine,
    "constant": _constant,
    "step": _step,
    "plateau": _plateau,
}
