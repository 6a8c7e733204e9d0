"""The network in training: augmentation, the model's body up to its logits, loss and optimizer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from cnn.augment_ops import Augment, augment_inputs
from cnn.errors import JobError
from cnn.models import LOGITS
from cnn.optimizers import optimizer_of
from cnn.optimizers_sam import Sam
from cnn.outputs import training_loss
from cnn.precision import computing_in, layers_of_body

TWO_PASSES = ("tensorflow",)  # backends whose step changes variables in place, and was tried


def training_network(
    model: keras.Model,
    weights: np.ndarray,
    settings: Mapping[str, Any],
    augment: Mapping[str, Any],
    normalisation: Any = None,
) -> keras.Model:
    """Return the network that is trained; it shares every weight with `model`.

    Parameters
    ----------
    model : keras.Model
        The inference network; its layer `LOGITS` comes before the activation.
    weights : ndarray
        Class weights of the loss, `cnn.weighting.Weights.loss`.
    settings, augment : mapping
        The sections ``[training]`` and ``[augment]``.
    normalisation : optional
        As `cnn.augment_ops.Augment` takes it.

    Returns
    -------
    keras.Model
        Inputs by name: clips and the arrays of a `cnn.augment.Draw`; output: logits.

    Raises
    ------
    JobError
        SAM is asked for with a backend that it is not written for.
    """
    _check_backend(settings["optimizer"])
    shape = tuple(model.input_shape[1:])
    logits = keras.Model(model.inputs, model.get_layer(LOGITS).output)
    inputs = {"clips": layers.Input(shape, name="clips"), **augment_inputs(augment, shape)}
    network = TrainingNetwork(inputs, logits(Augment(augment, shape, normalisation)(inputs)))
    network.precision = settings["precision"]
    # XLA is several times slower for depthwise convolutions on a CPU (measured). The optimizer
    # scales the loss itself where that is needed.
    network.compile(
        optimizer_of(settings),
        training_loss(model, weights, settings),
        jit_compile=False,
        auto_scale_loss=False,
    )
    return network


class TrainingNetwork(keras.Model):
    """A functional network with a step in mixed precision and, with SAM, of two passes."""

    precision = "float32"

    def train_step(self, *arguments: Any) -> Any:
        """Take one step; the arguments are the backend's."""
        with computing_in(self.precision, layers_of_body(self)):
            if isinstance(self.optimizer, Sam):
                return self._two_passes(*arguments)
            return super().train_step(*arguments)

    def _two_passes(self, data: Any) -> Any:
        """Climb with one gradient, step with the one found there; return the first pass' figures.

        The second pass drops out what the first one dropped, since it starts from the same seeds.
        It leaves nothing behind in seeds, moving statistics and figures: those of the place that
        was climbed to are of no use later.
        """
        remembered = [*self.non_trainable_variables, *self.metrics_variables]
        start = [ops.copy(variable) for variable in remembered]
        with self.optimizer.climbing():
            figures = super().train_step(data)
        after_one = [ops.copy(variable) for variable in remembered]
        _assign(remembered, start)
        super().train_step(data)
        _assign(remembered, after_one)
        return figures


def _assign(variables: list[keras.Variable], values: list[Any]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _check_backend(optimizer: str) -> None:
    backend = keras.backend.backend()
    if optimizer == "sam" and backend not in TWO_PASSES:
        raise JobError(
            expected=f"Keras on {' or '.join(TWO_PASSES)} for optimizer = sam",
            found=backend,
            where="[training] optimizer",
            action="Use adamw, or another KERAS_BACKEND.",
        )
