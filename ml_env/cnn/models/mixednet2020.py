"""`mixednet2020`: the small mixed-kernel network that predecessors of this project used."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from cnn.models.parts import as_image, deepened, head, mixed_depthwise, norm, scaled

CHANNELS = (8, 16, 32, 64, 128)
KERNELS = (3, 5, 7)


def build(
    input_shape: tuple[int, int],
    n_labels: int,
    width: float = 1.0,
    dropout: float = 0.2,
    activation: str = "sigmoid",
    depth: float = 1.0,
) -> keras.Model:
    """Return the network: about 0.11M parameters at width 1 with one label.

    Five blocks of 3x3 convolution, depthwise convolution with kernels 3, 5 and 7 on a third of
    the channels each (Tan and Le 2019, arXiv:1907.09595), averaging over 2x2 and batch
    normalisation; then the global average and the activation. It starts at full resolution, which
    makes it slow on a CPU in spite of its size. There are no shortcuts; with
    `depth` the two convolutions of a block come several times, normalised in between.
    """
    inputs, x = as_image(input_shape)
    for n_channels in CHANNELS:
        x = _block(x, scaled(n_channels, width), deepened(1, depth))
    return head(inputs, x, n_labels, dropout, "mixednet2020", activation)


def _block(x: Any, n_channels: int, n_times: int) -> Any:
    for number in range(n_times):
        x = norm(x) if number else x
        x = layers.Conv2D(n_channels, 3, padding="same", kernel_initializer="he_normal")(x)
        x = layers.ReLU()(x)
        x = layers.ReLU()(mixed_depthwise(x, KERNELS))
    x = layers.AveragePooling2D(2, padding="same")(x)
    return norm(x)
