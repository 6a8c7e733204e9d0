"""`mixednet`: mixed-kernel depthwise convolutions in inverted residual blocks, made to be fast."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
from keras import layers

from cnn.models.parts import (
    as_image,
    conv,
    deepened,
    drop_rates,
    head,
    mixed_depthwise,
    norm,
    patch_stem,
    scaled,
    squeeze_excite,
    with_shortcut,
)

STEM = 24
KERNELS = (3, 5, 7)
# (fused, expansion of the first block, of further ones, channels, blocks, stride of the first)
STAGES = (
    (True, 2, 3, 24, 1, 1),
    (True, 4, 3, 48, 2, 2),
    (False, 4, 3, 96, 3, 2),
    (False, 4, 3, 208, 2, 2),
)
LAST = 448
SQUEEZE = 0.25


class Block(NamedTuple):
    """One block of the plan."""

    fused: bool
    expansion: int
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
    """Return the network: about 0.90M parameters at width 1 with one label.

    Mixed depthwise convolutions in inverted residual blocks with squeeze-excite (Tan and Le 2019,
    "MixConv: Mixed Depthwise Convolutional Kernels", arXiv:1907.09595). Where MixNet has a 3x3
    stem and depthwise blocks on large images, which a CPU is bad at, this has a patch stem and
    fused blocks (one full 3x3 convolution in place of expansion and depthwise; Tan and Le 2021,
    "EfficientNetV2", arXiv:2104.00298), and ReLU in place of swish.
    """
    inputs, x = as_image(input_shape)
    x = patch_stem(x, scaled(STEM, width))
    blocks = plan(depth)
    rates = drop_rates(stochastic_depth, len(blocks))
    for block, rate in zip(blocks, rates, strict=True):
        inside = _inside(x, block, scaled(block.n_channels, width))
        x = with_shortcut(x, inside, block.stride, rate)
    x = conv(x, scaled(LAST, width))
    return head(inputs, x, n_labels, dropout, "mixednet", activation)


def plan(depth: float) -> list[Block]:
    """Return every block."""
    return [
        Block(fused, further if number else first, n_channels, 1 if number else stride)
        for fused, first, further, n_channels, n_blocks, stride in STAGES
        for number in range(deepened(n_blocks, depth))
    ]


def _inside(x: Any, block: Block, n_channels: int) -> Any:
    """The branch of a block beside its shortcut."""
    n_inside = block.expansion * x.shape[-1]
    if block.fused:
        inside = conv(x, n_inside, kernel=3, stride=block.stride)
    else:
        inside = mixed_depthwise(conv(x, n_inside), KERNELS, block.stride)
        inside = layers.ReLU()(norm(inside))
        inside = squeeze_excite(inside, max(8, round(SQUEEZE * x.shape[-1])))
    return conv(inside, n_channels, relu=False)
