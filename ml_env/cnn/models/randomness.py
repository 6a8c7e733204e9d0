"""Random layers switched off for a while, where the rest of a network runs as in training."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import keras

from cnn.backend import flat_layers

STRENGTHS = ("rate", "stddev")  # what Keras' random layers call it; 0 is off


@contextlib.contextmanager
def without_drops(model: keras.Model) -> Iterator[None]:
    """Switch off dropout, stochastic depth and noise in all layers of `model`.

    Statistics of batch normalisation are fitted with ``training=True``, but for predictions,
    which drop nothing: a branch that is left out for some clips and scaled up for the others
    keeps its mean and not its variance. A compiled function must be traced inside.
    """
    random = [layer for layer in flat_layers(model) if hasattr(layer, "seed_generator")]
    found = [(layer, name) for layer in random for name in STRENGTHS if hasattr(layer, name)]
    before = [getattr(layer, name) for layer, name in found]
    for layer, name in found:
        setattr(layer, name, 0.0)
    try:
        yield
    finally:
        for (layer, name), strength in zip(found, before, strict=True):
            setattr(layer, name, strength)
