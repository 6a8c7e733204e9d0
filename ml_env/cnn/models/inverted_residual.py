"""`inverted_residual`: inception towers, then inverted residual blocks of 32 to 512 channels."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
from keras import layers

from cnn.models.parts import as_image, conv, deepened, drop_rates, head, norm, scaled, with_shortcut

TOWERS = (1, 3, 5, 7)  # kernels of the first convolution of each tower
TOWER = 8  # channels of one
EXPANSION = 4
# (channels, blocks) of a stage; every stage but the first halves both axes.
STAGES = ((32, 1), (64, 2), (128, 2), (256, 2), (512, 1))


class Block(NamedTuple):
    """One block of the plan."""

    n_channels: int
    stride: int


def build(
    input_shape: tuple[int, int],
    n_labels: int,
    width: float = 1.0,
    dropout: float = 0.2,
    activation: str = "sigmoid",
    depth: float = 1.0,
    stochastic_depth: float = 0.0,
) -> keras.Model:
    """Return the network: about 1.82M parameters at width 1 with one label.

    Towers side by side look at the spectrogram with kernels of four sizes (Szegedy et al. 2015,
    "Going Deeper with Convolutions", doi:10.1109/CVPR.2015.7298594). They halve both axes twice,
    since full resolution is what costs most. Then come inverted residuals: a 1x1 convolution to
    four times the channels, a 3x3 depthwise one, and a 1x1 one without activation (Sandler et al.
    2018, "MobileNetV2", doi:10.1109/CVPR.2018.00474).
    """
    inputs, x = as_image(input_shape)
    x = _towers(x, scaled(TOWER, width))
    blocks = plan(depth)
    rates = drop_rates(stochastic_depth, len(blocks))
    for block, rate in zip(blocks, rates, strict=True):
        inside = _inside(x, scaled(block.n_channels, width), block.stride)
        x = with_shortcut(x, inside, block.stride, rate)
    return head(inputs, layers.ReLU()(x), n_labels, dropout, "inverted_residual", activation)


def plan(depth: float) -> list[Block]:
    """Return every block."""
    return [
        Block(n_channels, 2 if stage > 0 and number == 0 else 1)
        for stage, (n_channels, n_blocks) in enumerate(STAGES)
        for number in range(deepened(n_blocks, depth))
    ]


def _towers(x: Any, n_channels: int) -> Any:
    """Two convolutions of stride 2 for each kernel size, side by side."""
    parts = [conv(x, n_channels, kernel, stride=2) for kernel in TOWERS]
    return layers.Concatenate()([conv(part, n_channels, kernel=3, stride=2) for part in parts])


def _inside(x: Any, n_channels: int, stride: int) -> Any:
    """The branch of a block beside its shortcut."""
    inside = conv(x, EXPANSION * x.shape[-1])
    inside = layers.DepthwiseConv2D(3, stride, padding="same", use_bias=False)(inside)
    return conv(layers.ReLU()(norm(inside)), n_channels, relu=False)
