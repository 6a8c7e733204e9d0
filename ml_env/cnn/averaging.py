"""Exponential moving average of a model's weights."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import keras
import numpy as np

from cnn.backend import compiled


class WeightAverage:
    """Holds the average of the weights of `model`; `update` follows every optimizer step.

    Parameters
    ----------
    model : keras.Model
        Its trainable weights are averaged; `cnn.statistics` fits the statistics of batch
        normalisation to them.
    decay : float
        Share of the old average that a step keeps, once the training is old enough; before, it
        is (1 + step) / (10 + step), so that the first weights are soon forgotten.
    """

    def __init__(self, model: keras.Model, decay: float):
        self._weights, self._decay = model.trainable_variables, decay
        # From arrays: a Keras variable made from a backend's variable would be that variable.
        self._averages = [
            keras.Variable(np.array(weight), trainable=False, dtype=weight.dtype)
            for weight in self._weights
        ]
        self._assign = compiled(self._assign_all)

    def update(self, step: int) -> None:
        """Take in the weights after optimizer step `step`, counted from 0."""
        self._assign(np.float32(1 - min(self._decay, (1 + step) / (10 + step))))

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Put the averages into the model; the trained weights come back afterwards."""
        trained = [np.array(weight) for weight in self._weights]
        self.keep()
        try:
            yield
        finally:
            for weight, values in zip(self._weights, trained, strict=True):
                weight.assign(values)

    def keep(self) -> None:
        """Put the averages into the model for good."""
        for weight, average in zip(self._weights, self._averages, strict=True):
            weight.assign(np.array(average))  # a copy: some backends would share the memory

    def arrays(self) -> list[np.ndarray]:
        """Return the averages."""
        return [np.array(average) for average in self._averages]

    def restore(self, arrays: Sequence[np.ndarray]) -> None:
        """Take back what `arrays` gave."""
        for average, values in zip(self._averages, arrays, strict=True):
            average.assign(values)

    def _assign_all(self, new_share: float) -> None:
        for weight, average in zip(self._weights, self._averages, strict=True):
            average.assign(average + (weight - average) * new_share)
