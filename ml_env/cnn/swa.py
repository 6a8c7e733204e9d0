"""The average that ``[training] average`` names: over steps, over ends of epochs, or none."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from cnn.averaging import WeightAverage


class MovingAverage(WeightAverage):
    """The moving average over the steps that move the weights.

    Parameters
    ----------
    model : keras.Model
    decay : float
        As `WeightAverage` takes it.
    accumulate : int
        Steps from one move of the weights to the next.
    """

    def __init__(self, model: keras.Model, decay: float, accumulate: int):
        super().__init__(model, decay)
        self._accumulate = accumulate

    def update(self, step: int) -> None:
        """Take in the weights after step `step`, counted from 0, if it has moved them."""
        n_moves, n_left = divmod(step + 1, self._accumulate)
        if not n_left:
            super().update(n_moves - 1)


class StochasticAverage(WeightAverage):
    """The plain mean of the weights at the ends of the last epochs.

    Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima", arXiv:1803.05407. Until these
    epochs begin, the average is the weights at the end of the last epoch.

    Parameters
    ----------
    model : keras.Model
    first_epoch : int
        The first epoch that counts, from 0.
    steps_per_epoch : int
    """

    def __init__(self, model: keras.Model, first_epoch: int, steps_per_epoch: int):
        super().__init__(model, decay=0.0)
        self._first_epoch, self._steps_per_epoch = first_epoch, steps_per_epoch

    def update(self, step: int) -> None:
        """Take in the weights after step `step`, counted from 0; only ends of epochs count."""
        epoch, number = divmod(step, self._steps_per_epoch)
        if number == self._steps_per_epoch - 1:
            self._assign(np.float32(1 / max(1, epoch - self._first_epoch + 1)))


class NoAverage:
    """In the place of an average: the weights as they are."""

    def update(self, step: int) -> None:
        """Do nothing."""

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Leave the weights in the model."""
        yield

    def keep(self) -> None:
        """Leave the weights in the model."""

    def arrays(self) -> list[np.ndarray]:
        """Return nothing: there is nothing to go on from."""
        return []

    def restore(self, arrays: Sequence[np.ndarray]) -> None:
        """Take back nothing."""


def average_of(
    settings: Mapping[str, Any], model: keras.Model, steps_per_epoch: int
) -> WeightAverage | NoAverage:
    """Return what ``[training] average`` names: ``ema``, ``swa`` or ``none``.

    Parameters
    ----------
    settings : mapping
        The section ``[training]``.
    model : keras.Model
    steps_per_epoch : int
    """
    if settings["average"] == "swa":
        first_epoch = int(settings["swa_start"] * settings["n_epochs"])
        return StochasticAverage(model, first_epoch, steps_per_epoch)
    if settings["average"] == "none":
        return NoAverage()
    return MovingAverage(model, settings["average_decay"], settings["accumulate"])
