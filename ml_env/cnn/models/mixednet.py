"""`mixednet`: mixed-kernel depthwise convolutions in inverted residual blocks, made to be fast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from cnn.models.parts import (
    as_image,
    conv,
    head,
    mixed_depthwise,
    norm,
    patch_stem,
    scaled,
    squeeze_excite,
)

STEM = 24
# (expansion, channels, stride)
FUSED = ((2, 24, 1), (4, 48, 2), (3, 48, 1))
# (kernels, expansion, channels, stride)
MIXED = (
    ((3, 5, 7), 4, 96, 2),
    ((3, 5, 7), 3, 96, 1),
    ((3, 5, 7), 3, 96, 1),
    ((3, 5, 7), 4, 208, 2),
    ((3, 5, 7), 3, 208, 1),
)
LAST = 448
SQUEEZE = 0.25


def build(
    input_shape: tuple[int, int],
    n_labels: int,
    width: float = 1.0,
    dropout: float = 0.2,
    activation: str = "sigmoid",
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
    for expansion, n_channels, stride in FUSED:
        x = _fused(x, expansion, scaled(n_channels, width), stride)
    for kernels, expansion, n_channels, stride in MIXED:
        x = _inverted_residual(x, kernels, expansion, scaled(n_channels, width), stride)
    x = conv(x, scaled(LAST, width))
    return head(inputs, x, n_labels, dropout, "mixednet", activation)


def _fused(x: Any, expansion: int, n_channels: int, stride: int) -> Any:
    inside = conv(x, expansion * x.shape[-1], kernel=3, stride=stride)
    return _with_shortcut(x, conv(inside, n_channels, relu=False), stride)


def _inverted_residual(
    x: Any, kernels: Sequence[int], expansion: int, n_channels: int, stride: int
) -> Any:
    inside = conv(x, expansion * x.shape[-1])
    inside = mixed_depthwise(inside, kernels, stride)
    inside = layers.ReLU()(norm(inside))
    inside = squeeze_excite(inside, max(8, round(SQUEEZE * x.shape[-1])))
    return _with_shortcut(x, conv(inside, n_channels, relu=False), stride)


def _with_shortcut(x: Any, inside: Any, stride: int) -> Any:
    same = stride == 1 and x.shape[-1] == inside.shape[-1]
    return layers.Add()([x, inside]) if same else inside
