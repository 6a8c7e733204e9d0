"""Which weights are kept: the average at the end, or those of the best validation epoch."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

import keras
import numpy as np

from cnn.averaging import WeightAverage


class Selection(Protocol):
    """What the training loop asks of a way to choose weights."""

    best_epoch: int

    def after_step(self, step: int) -> None:
        """Take in the weights after optimizer step `step`, counted from 0."""

    def to_validate(self) -> AbstractContextManager[None]:
        """Give a context in which the model has the weights that validation should judge."""

    def is_over(self, epoch: int, val_loss: float) -> bool:
        """Take in the validation loss of `epoch`; return whether to stop."""

    def finish(self) -> None:
        """Put the chosen weights into the model."""


def selection_for(settings: Mapping[str, Any], model: keras.Model) -> Selection:
    """Return what ``[training] select`` names."""
    if settings["select"] == "best_validation":
        return BestValidation(model, settings["patience"])
    return LastAveraged(model, settings["average_decay"])


class LastAveraged:
    """The moving average of the weights at the end of a fixed number of epochs."""

    def __init__(self, model: keras.Model, decay: float):
        self.best_epoch = 0
        self._average = WeightAverage(model, decay)

    def after_step(self, step: int) -> None:
        """Average."""
        self._average.update(step)

    def to_validate(self) -> AbstractContextManager[None]:
        """Judge the average: it is what will be kept."""
        return self._average.in_place()

    def is_over(self, epoch: int, val_loss: float) -> bool:
        """Never stop early."""
        self.best_epoch = epoch
        return False

    def finish(self) -> None:
        """Keep the average."""
        self._average.keep()


class BestValidation:
    """The weights of the epoch with the lowest validation loss, stopping after `patience`."""

    def __init__(self, model: keras.Model, patience: int):
        self.best_epoch = 0
        self._model, self._patience = model, patience
        self._best_loss = math.inf
        self._best: list[np.ndarray] | None = None

    def after_step(self, step: int) -> None:
        """Nothing to do."""

    def to_validate(self) -> AbstractContextManager[None]:
        """Judge the trained weights as they are."""
        return contextlib.nullcontext()

    def is_over(self, epoch: int, val_loss: float) -> bool:
        """Stop when `patience` epochs in a row were no better; without validation, never."""
        if math.isnan(val_loss):
            self.best_epoch = epoch
            return False
        if val_loss < self._best_loss:
            self._best_loss, self.best_epoch = val_loss, epoch
            self._best = self._model.get_weights()
        return epoch - self.best_epoch >= self._patience

    def finish(self) -> None:
        """Put the best epoch's weights back; without validation the last ones stay."""
        if self._best is not None:
            self._model.set_weights(self._best)
