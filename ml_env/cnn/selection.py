"""Which weights are kept: the average at the end, or those of the best validation epoch."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import keras
import numpy as np

from cnn.averaging import WeightAverage
from cnn.metrics import monitored
from cnn.swa import NoAverage, average_of


class Selection(Protocol):
    """What the training loop asks of a way to choose weights."""

    best_epoch: int

    def after_step(self, step: int) -> None:
        """Take in the weights after optimizer step `step`, counted from 0."""

    def to_validate(self) -> AbstractContextManager[None]:
        """Give a context in which the model has the weights that validation should judge."""

    def is_over(self, row: Mapping[str, Any]) -> bool:
        """Take in an epoch's row of the history; return whether to stop."""

    def finish(self) -> None:
        """Put the chosen weights into the model."""

    def arrays(self) -> list[np.ndarray]:
        """Return every array that it holds, for a checkpoint."""

    def facts(self) -> dict[str, Any]:
        """Return every number that it holds, for a checkpoint."""

    def restore(self, arrays: Sequence[np.ndarray], facts: Mapping[str, Any]) -> None:
        """Take back what `arrays` and `facts` gave."""

    def be_patient_from(self, epoch: int) -> None:
        """Count epochs without gain from `epoch`, where a finished training is extended."""


def selection_for(
    settings: Mapping[str, Any], model: keras.Model, steps_per_epoch: int
) -> Selection:
    """Return what ``[training] select`` names."""
    if settings["select"] == "best_validation":
        return BestValidation(model, settings["patience"], settings["monitor"])
    return LastAveraged(average_of(settings, model, steps_per_epoch))


class LastAveraged:
    """The average of the weights, as it is at the end of a fixed number of epochs."""

    def __init__(self, average: WeightAverage | NoAverage):
        self.best_epoch = 0
        self._average = average

    def after_step(self, step: int) -> None:
        """Average."""
        self._average.update(step)

    def to_validate(self) -> AbstractContextManager[None]:
        """Judge the average: it is what will be kept."""
        return self._average.in_place()

    def is_over(self, row: Mapping[str, Any]) -> bool:
        """Never stop early."""
        self.best_epoch = row["epoch"]
        return False

    def finish(self) -> None:
        """Keep the average."""
        self._average.keep()

    def arrays(self) -> list[np.ndarray]:
        """Return the averages."""
        return self._average.arrays()

    def facts(self) -> dict[str, Any]:
        """Return the epoch."""
        return {"best_epoch": self.best_epoch}

    def restore(self, arrays: Sequence[np.ndarray], facts: Mapping[str, Any]) -> None:
        """Take the averages back."""
        self._average.restore(arrays)
        self.best_epoch = facts["best_epoch"]

    def be_patient_from(self, epoch: int) -> None:
        """Nothing to do."""


class BestValidation:
    """The weights of the best epoch by what `monitor` names, stopping after `patience`."""

    def __init__(self, model: keras.Model, patience: int, monitor: str = "val_loss"):
        self.best_epoch = 0
        self._model, self._patience, self._monitor = model, patience, monitor
        self._least_cost = math.inf  # of what is better when higher: its negative
        self._best: list[np.ndarray] | None = None
        self._patient_from = 0

    def after_step(self, step: int) -> None:
        """Nothing to do."""

    def to_validate(self) -> AbstractContextManager[None]:
        """Judge the trained weights as they are."""
        return contextlib.nullcontext()

    def is_over(self, row: Mapping[str, Any]) -> bool:
        """Stop when `patience` epochs in a row were no better; with nothing to judge by, never."""
        epoch, (value, higher_is_better) = row["epoch"], monitored(row, self._monitor)
        if math.isnan(value):
            self.best_epoch = epoch
            return False
        cost = -value if higher_is_better else value
        if cost < self._least_cost:
            self._least_cost, self.best_epoch = cost, epoch
            self._best = self._model.get_weights()
        return epoch - max(self.best_epoch, self._patient_from) >= self._patience

    def finish(self) -> None:
        """Put the best epoch's weights back; without validation the last ones stay."""
        if self._best is not None:
            self._model.set_weights(self._best)

    def arrays(self) -> list[np.ndarray]:
        """Return the best epoch's weights, once there are any."""
        return self._best or []

    def facts(self) -> dict[str, Any]:
        """Return the best epoch and its cost; None before there is one."""
        return {
            "best_epoch": self.best_epoch,
            "least_cost": self._least_cost if self._best else None,
            "patient_from": self._patient_from,
        }

    def restore(self, arrays: Sequence[np.ndarray], facts: Mapping[str, Any]) -> None:
        """Take the best epoch back."""
        self._best = list(arrays) or None
        self._least_cost = facts["least_cost"] if self._best else math.inf
        self.best_epoch, self._patient_from = facts["best_epoch"], facts["patient_from"]

    def be_patient_from(self, epoch: int) -> None:
        """A training that stopped early would else stop again at once."""
        self._patient_from = epoch
