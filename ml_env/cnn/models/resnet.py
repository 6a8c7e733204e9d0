"""`resnet`: a small residual network on 4x4 patches of the spectrogram."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from cnn.models.parts import (
    as_image,
    conv,
    deepened,
    drop_path,
    drop_rates,
    head,
    patch_stem,
    scaled,
)

# (channels, blocks) of a stage; every stage but the first halves both axes.
STAGES = ((32, 1), (64, 1), (128, 2))


def build(
    input_shape: tuple[int, int],
    n_labels: int,
    width: float = 1.0,
    dropout: float = 0.2,
    activation: str = "sigmoid",
    depth: float = 1.0,
    stochastic_depth: float = 0.0,
) -> keras.Model:
    """Return the network: about 0.60M parameters at width 1 with one label.

    Residual blocks of two 3x3 convolutions (He et al. 2016, "Deep Residual Learning for Image
    Recognition", doi:10.1109/CVPR.2016.90), shortcuts that shrink by averaging (He et al. 2019,
    "Bag of Tricks", doi:10.1109/CVPR.2019.00065), and a stem of non-overlapping patches, which
    looks at every pixel once and leaves all further work to a sixteenth of them.
    """
    inputs, x = as_image(input_shape)
    x = patch_stem(x, scaled(STAGES[0][0], width))
    blocks = plan(depth)
    rates = drop_rates(stochastic_depth, len(blocks))
    for (n_channels, stride), rate in zip(blocks, rates, strict=True):
        x = _residual(x, scaled(n_channels, width), stride, rate)
    return head(inputs, x, n_labels, dropout, "resnet", activation)


def plan(depth: float) -> list[tuple[int, int]]:
    """Return (channels, stride) of every block."""
    return [
        (n_channels, 2 if stage > 0 and block == 0 else 1)
        for stage, (n_channels, n_blocks) in enumerate(STAGES)
        for block in range(deepened(n_blocks, depth))
    ]


def _residual(x: Any, n_channels: int, stride: int, drop_rate: float) -> Any:
    shortcut = x
    if stride > 1:
        shortcut = layers.AveragePooling2D(stride, padding="same")(shortcut)
    if shortcut.shape[-1] != n_channels:
        shortcut = conv(shortcut, n_channels, relu=False)
    x = conv(x, n_channels, kernel=3, stride=stride)
    x = drop_path(conv(x, n_channels, kernel=3, relu=False), drop_rate)
    return layers.ReLU()(layers.Add()([x, shortcut]))
