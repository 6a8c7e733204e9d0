"""Mixed precision: layers that compute in 16 bits for as long as a training step is made.

Only the step does. The layers' weights are always float32, and validation, batch statistics and
the saved model compute in float32 as well, so that a model means the same wherever it is opened.
Micikevicius et al. 2018, "Mixed Precision Training", arXiv:1710.03740.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import keras

from cnn.backend import flat_layers
from cnn.models import LOGITS

# TensorFlow 2.21's gradient of a depthwise kernel in bfloat16 on a CPU is sometimes no number, with
# finite clips and a finite loss (measured on `inverted_residual`).
NEVER = (keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D, keras.layers.SeparableConv2D)
POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16", "float16": "mixed_float16"}


def layers_of_body(network: keras.Model) -> list[keras.layers.Layer]:
    """Return the layers of a training network that may compute in 16 bits.

    These are the ones of the model in it, up to the logits and without them; augmentation is not,
    and neither are depthwise convolutions.
    """
    bodies = [layer for layer in network.layers if isinstance(layer, keras.Model)]
    found = [layer for body in bodies for layer in flat_layers(body)]
    return [layer for layer in found if layer.name != LOGITS and not isinstance(layer, NEVER)]


@contextlib.contextmanager
def computing_in(precision: str, layers: Sequence[keras.layers.Layer]) -> Iterator[None]:
    """Make the layers compute in ``[training] precision`` while a graph is made, or a call runs.

    A layer that was made with a policy of its own other than float32 keeps it.
    """
    changed = [layer for layer in layers if layer.dtype_policy.name == "float32"]
    if precision == "float32":
        changed = []
    for layer in changed:
        layer.dtype_policy = POLICIES[precision]
    try:
        yield
    finally:
        for layer in changed:
            layer.dtype_policy = "float32"
