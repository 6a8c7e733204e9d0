"""The layout of MixNet-S, which `mixednet` is measured against.

Tan and Le 2019, "MixConv: Mixed Depthwise Convolutional Kernels", arXiv:1907.09595; the blocks are
those of the authors' code (``mixnet_builder.py``). Channels are scaled down and the last
convolution is sized so that the number of parameters is the one asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from cnn.models.parts import as_image, head, mixed_depthwise, norm, scaled

STEM = 16
# (kernels, expansion, channels, stride, squeeze-excite share, blocks)
STAGES: tuple[tuple[Sequence[int], int, int, int, float, int], ...] = (
    ((3,), 1, 16, 1, 0.0, 1),
    ((3,), 6, 24, 2, 0.0, 1),
    ((3,), 3, 24, 1, 0.0, 1),
    ((3, 5, 7), 6, 40, 2, 0.5, 1),
    ((3, 5), 6, 40, 1, 0.5, 3),
    ((3, 5, 7), 6, 80, 2, 0.25, 1),
    ((3, 5), 6, 80, 1, 0.25, 2),
    ((3, 5, 7), 6, 120, 1, 0.5, 1),
    ((3, 5, 7, 9), 3, 120, 1, 0.5, 2),
    ((3, 5, 7, 9, 11), 6, 200, 2, 0.5, 1),
    ((3, 5, 7, 9), 6, 200, 1, 0.5, 2),
)


def reference(input_shape: tuple[int, int], n_parameters: int, width: float = 0.5) -> keras.Model:
    """Return the reference with `n_parameters` parameters, give or take a part in a hundred.

    Raises
    ------
    ValueError
        The blocks alone have more.
    """
    without = _built(input_shape, width, 8).count_params()
    per_channel = (_built(input_shape, width, 16).count_params() - without) / 8
    n_last = 8 + round((n_parameters - without) / per_channel)
    if n_last < 8:
        raise ValueError(f"at width {width:g} the reference has at least {without} parameters.")
    return _built(input_shape, width, n_last)


def _built(input_shape: tuple[int, int], width: float, n_last: int) -> keras.Model:
    inputs, x = as_image(input_shape)
    x = _swish(layers.Conv2D(scaled(STEM, width), 3, 2, padding="same", use_bias=False)(x))
    for kernels, expansion, n_channels, stride, squeeze, n_blocks in STAGES:
        for block in range(n_blocks):
            step = stride if block == 0 else 1
            x = _block(x, kernels, expansion, scaled(n_channels, width), step, squeeze)
    x = _swish(layers.Conv2D(n_last, 1, use_bias=False)(x))
    return head(inputs, x, 1, 0.2, "mixnet_s_layout")


def _block(
    x: Any, kernels: Sequence[int], expansion: int, n_channels: int, stride: int, squeeze: float
) -> Any:
    inside, n_in = x, x.shape[-1]
    if expansion > 1:
        inside = _swish(layers.Conv2D(n_in * expansion, 1, use_bias=False)(inside))
    inside = _swish(mixed_depthwise(inside, kernels, stride))
    if squeeze:
        inside = _squeeze_excite(inside, max(1, int(n_in * squeeze)))
    inside = norm(layers.Conv2D(n_channels, 1, use_bias=False)(inside))
    return layers.Add()([x, inside]) if stride == 1 and n_in == n_channels else inside


def _squeeze_excite(x: Any, n_squeezed: int) -> Any:
    gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
    gate = layers.Conv2D(n_squeezed, 1, activation="swish")(gate)
    gate = layers.Conv2D(x.shape[-1], 1, activation="sigmoid")(gate)
    return layers.Multiply()([x, gate])


def _swish(x: Any) -> Any:
    return layers.Activation("swish")(norm(x))
