"""The optimizers by name, each with clipping, gradient accumulation and decoupled decay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras

from cnn.optimizers_sam import Sam

NOT_DECAYED = ["bias", "gamma", "beta"]  # decaying norms and biases only fights the data


def optimizer_of(settings: Mapping[str, Any]) -> keras.optimizers.Optimizer:
    """Return a new optimizer as the section ``[training]`` describes it.

    Its `learning_rate` is to be set before every step (`cnn.schedule.rate_of`), and all that it
    remembers stands in its `variables`. With ``precision = "float16"`` it scales the loss, so that
    small gradients do not vanish, and leaves out the steps whose gradients are no numbers.
    """
    name = settings["optimizer"]
    optimizer = BASES[settings["sam_around"] if name == "sam" else name](settings)
    optimizer.exclude_from_weight_decay(var_names=NOT_DECAYED)
    if settings["precision"] == "float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    return Sam(optimizer, settings["rho"]) if name == "sam" else optimizer


def _shared(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what every optimizer gets.

    With accumulation Keras clips the mean gradient of the accumulated steps, and counts one step.
    """
    accumulate = settings["accumulate"]
    return {
        "global_clipnorm": float(settings["clip_norm"]) or None,
        "gradient_accumulation_steps": accumulate if accumulate > 1 else None,
    }


def _adamw(settings: Mapping[str, Any]) -> keras.optimizers.Optimizer:
    """Loshchilov & Hutter 2019, "Decoupled Weight Decay Regularization", arXiv:1711.05101."""
    return keras.optimizers.AdamW(weight_decay=settings["weight_decay"], **_shared(settings))


def _adam(settings: Mapping[str, Any]) -> keras.optimizers.Optimizer:
    """Without decay; Kingma & Ba 2015, arXiv:1412.6980."""
    return keras.optimizers.Adam(**_shared(settings))


def _sgd(settings: Mapping[str, Any]) -> keras.optimizers.Optimizer:
    """With momentum, and decoupled decay as AdamW has it."""
    momentum = float(settings["momentum"])
    decay = settings["weight_decay"]
    return keras.optimizers.SGD(momentum=momentum, weight_decay=decay, **_shared(settings))


BASES: dict[str, Callable[[Mapping[str, Any]], keras.optimizers.Optimizer]] = {
    "adamw": _adamw,
    "adam": _adam,
    "sgd": _sgd,
}
