"""`cnn6`: the smallest of the PANNs, for comparison with published from-scratch results."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from cnn.models import LOGITS, PROBABILITY
from cnn.models.parts import as_image, conv, deepened, scaled

CHANNELS = (64, 128, 256, 512)
KERNEL = 5


def build(
    input_shape: tuple[int, int],
    n_labels: int,
    width: float = 1.0,
    dropout: float = 0.2,
    activation: str = "sigmoid",
    depth: float = 1.0,
) -> keras.Model:
    """Return the network: about 4.57M parameters at width 1 with one label.

    Cnn6 of Kong et al. 2020, "PANNs: Large-Scale Pretrained Audio Neural Networks for Audio
    Pattern Recognition", doi:10.1109/TASLP.2020.3030497: four blocks of a 5x5 convolution, batch
    normalisation, ReLU and averaging over 2x2; the mean over frequency, then maximum plus mean
    over time; a dense layer, and the one that gives the labels.

    Adapted to this project: the input is normalised already, so that there is no normalisation of
    it; odd sizes are padded before averaging; every dropout, after each block and before both
    dense layers, has the share `dropout` (there: 0.2 and 0.5). `depth` is a factor on the
    convolutions of a block. There are no shortcuts, and full resolution makes it slow.
    """
    inputs, x = as_image(input_shape)
    for n_channels in CHANNELS:
        for _ in range(deepened(1, depth)):
            x = conv(x, scaled(n_channels, width), KERNEL)
        x = layers.AveragePooling2D(2, padding="same")(x)
        x = layers.Dropout(dropout)(x)
    x = _over_time(ops.mean(x, axis=2))
    x = layers.Dropout(dropout)(x)
    x = layers.Dense(x.shape[-1], activation="relu", kernel_initializer="he_normal")(x)
    x = layers.Dropout(dropout)(x)
    x = layers.Dense(n_labels, name=LOGITS)(x)
    return keras.Model(inputs, layers.Activation(activation, name=PROBABILITY)(x), name="cnn6")


def _over_time(x: Any) -> Any:
    """Maximum plus mean of (b, t, channels)."""
    return layers.Add()([layers.GlobalMaxPooling1D()(x), layers.GlobalAveragePooling1D()(x)])
