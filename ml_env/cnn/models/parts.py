"""What the networks are put together from; functions from tensor to tensor, (b, t, f, channels)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from cnn.models import LOGITS, PROBABILITY


def scaled(n_channels: int, width: float) -> int:
    """Return `n_channels` times `width`, a multiple of 8 (what vector units like), at least 8."""
    return max(8, 8 * round(n_channels * width / 8))


def deepened(n_blocks: int, depth: float) -> int:
    """Return `n_blocks` times `depth`, rounded half up, at least 1."""
    return max(1, math.floor(n_blocks * depth + 0.5))


def drop_rates(stochastic_depth: float, n_blocks: int) -> list[float]:
    """Return the share of clips for which each block is left out: linear, up to the last one's.

    Huang et al. 2016, "Deep Networks with Stochastic Depth", doi:10.1007/978-3-319-46493-0_39.
    """
    return [stochastic_depth * number / n_blocks for number in range(1, n_blocks + 1)]


def drop_path(x: Any, rate: float) -> Any:
    """Set `x` to 0 for a share `rate` of the clips of a batch and scale it up for the others.

    To be applied to a residual branch. It is Keras' own dropout with one draw per clip, so that a
    saved network needs no code of ours; at rate 0 there is no layer at all.
    """
    return layers.Dropout(rate, noise_shape=(None, 1, 1, 1))(x) if rate else x


def as_image(input_shape: tuple[int, int]) -> tuple[Any, Any]:
    """Return the input (b, n_frames, n_mels) and the same with one channel."""
    inputs = layers.Input(input_shape, name="clip")
    return inputs, layers.Reshape((*input_shape, 1), name="image")(inputs)


def norm(x: Any) -> Any:
    """Batch normalisation; `cnn.statistics` fits what it needs for predictions."""
    return layers.BatchNormalization()(x)


def conv(x: Any, n_channels: int, kernel: int = 1, stride: int = 1, relu: bool = True) -> Any:
    """Convolution without bias, batch normalisation and, with `relu`, a ReLU."""
    x = layers.Conv2D(
        n_channels, kernel, stride, padding="same", use_bias=False, kernel_initializer="he_normal"
    )(x)
    return layers.ReLU()(norm(x)) if relu else norm(x)


def patch_stem(x: Any, n_channels: int, patch: int = 4) -> Any:
    """Non-overlapping `patch` x `patch` squares, each turned into `n_channels` numbers."""
    return conv(x, n_channels, kernel=patch, stride=patch)


def mixed_depthwise(x: Any, kernels: Sequence[int], stride: int = 1) -> Any:
    """MixConv: the channels in as many groups as `kernels`, each with its own kernel size."""
    sizes = split_channels(x.shape[-1], len(kernels))
    parts, first = [], 0
    for kernel, size in zip(kernels, sizes, strict=True):
        part = x[..., first : first + size]
        parts.append(layers.DepthwiseConv2D(kernel, stride, padding="same", use_bias=False)(part))
        first += size
    return layers.Concatenate()(parts)


def split_channels(n_channels: int, n_groups: int) -> list[int]:
    """Return the sizes of nearly equal groups; what is left over goes to the first one."""
    sizes = [n_channels // n_groups] * n_groups
    sizes[0] += n_channels - sum(sizes)
    return sizes


def squeeze_excite(x: Any, n_squeezed: int) -> Any:
    """Scale every channel by a gate in (0, 1) that depends on the mean of all channels."""
    gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
    gate = layers.Conv2D(n_squeezed, 1, activation="relu")(gate)
    gate = layers.Conv2D(x.shape[-1], 1, activation="sigmoid")(gate)
    return layers.Multiply()([x, gate])


def with_shortcut(x: Any, inside: Any, stride: int, drop_rate: float = 0.0) -> Any:
    """Add `x` to `inside`, which `drop_path` may leave out, where both have the same shape."""
    same = stride == 1 and x.shape[-1] == inside.shape[-1]
    return layers.Add()([x, drop_path(inside, drop_rate)]) if same else inside


def head(
    inputs: Any, x: Any, n_labels: int, dropout: float, name: str, activation: str = "sigmoid"
) -> keras.Model:
    """Global average, dropout, one probability per label; returns the whole network."""
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(dropout)(x)
    x = layers.Dense(n_labels, name=LOGITS)(x)
    return keras.Model(inputs, layers.Activation(activation, name=PROBABILITY)(x), name=name)
