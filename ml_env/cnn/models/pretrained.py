"""`pretrained`: a backbone of `keras.applications` that looks at the spectrogram as an image."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
from keras import layers

from cnn.backend import flat_layers
from cnn.errors import JobError
from cnn.models.parts import as_image, head

WEIGHTS = Path(__file__).resolve().parents[2] / "weights"
ADDRESS = "https://storage.googleapis.com/tensorflow/keras-applications"
SMALLEST = 32  # pixels along each axis that these backbones take
BUILT_IN_DROP = 0.2  # Keras' drop_connect_rate of EfficientNetV2

_EFFICIENT, _MOBILE, _RESNET = "efficientnet_v2", "mobilenet_v3/weights_mobilenet_v3", "resnet"
_RESNET_END = "weights_tf_dim_ordering_tf_kernels_notop.h5"
#: Name -> where ImageNet's weights without the last layer are published.
FILES = {
    "EfficientNetV2B0": f"{ADDRESS}/{_EFFICIENT}/efficientnetv2-b0_notop.h5",
    "EfficientNetV2B1": f"{ADDRESS}/{_EFFICIENT}/efficientnetv2-b1_notop.h5",
    "EfficientNetV2B2": f"{ADDRESS}/{_EFFICIENT}/efficientnetv2-b2_notop.h5",
    "EfficientNetV2B3": f"{ADDRESS}/{_EFFICIENT}/efficientnetv2-b3_notop.h5",
    "MobileNetV3Small": f"{ADDRESS}/{_MOBILE}_small_224_1.0_float_no_top_v2.h5",
    "MobileNetV3Large": f"{ADDRESS}/{_MOBILE}_large_224_1.0_float_no_top_v2.h5",
    "ResNet50": f"{ADDRESS}/{_RESNET}/resnet50_{_RESNET_END}",
    "ResNet50V2": f"{ADDRESS}/{_RESNET}/resnet50v2_{_RESNET_END}",
    "DenseNet121": f"{ADDRESS}/densenet/densenet121_{_RESNET_END}",
}
#: What is done to pixels in [0, 255], (scale, offset) by channel, as `preprocess_input` does;
#: the others hold theirs inside. All three channels are the same, so that their order is nothing.
PREPROCESSING = {
    "ResNet50": ([1.0] * 3, [-103.939, -116.779, -123.68]),
    "ResNet50V2": ([1 / 127.5] * 3, [-1.0] * 3),
    "DenseNet121": (
        [1 / (255 * sd) for sd in (0.229, 0.224, 0.225)],
        [-m / sd for m, sd in ((0.485, 0.229), (0.456, 0.224), (0.406, 0.225))],
    ),
}


def build(
    input_shape: tuple[int, int],
    n_labels: int,
    width: float = 1.0,
    dropout: float = 0.2,
    activation: str = "sigmoid",
    backbone: str = "EfficientNetV2B0",
    weights: str = "imagenet",
    stochastic_depth: float = 0.0,
) -> keras.Model:
    """Return the network: about 5.92M parameters at width 1 with one label: EfficientNetV2B0.

    A backbone made for photographs, without its last layer, and a new one: Tan and Le 2021,
    "EfficientNetV2", arXiv:2104.00298; Howard et al. 2019, "Searching for MobileNetV3",
    arXiv:1905.02244; He et al. 2016, doi:10.1109/CVPR.2016.90 and arXiv:1603.05027 (ResNet50V2);
    Huang et al. 2017, doi:10.1109/CVPR.2017.243 (DenseNet121). The normalised spectrogram becomes
    a grey picture, three standard deviations to either side from black to white.
    """
    _check_shape(input_shape, backbone)
    inputs, x = as_image(input_shape)
    x = layers.Rescaling(127.5 / 3, 127.5)(x)
    x = layers.ReLU(max_value=255.0)(x)
    x = layers.Concatenate()([x, x, x])
    if backbone in PREPROCESSING:
        x = layers.Rescaling(*PREPROCESSING[backbone])(x)
    extractor = extractor_of(backbone, tuple(x.shape[1:]), weights)
    _set_stochastic_depth(extractor, stochastic_depth)
    return head(inputs, extractor(x), n_labels, dropout, "pretrained", activation)


def extractor_of(backbone: str, shape: tuple[int, int, int], weights: str) -> keras.Model:
    """Return a backbone without its last layer; `weights` is ``imagenet`` or ``none``.

    Raises
    ------
    JobError
        The file with the weights is not there, or is not that backbone's.
    """
    path = WEIGHTS / f"{backbone}.h5"
    if weights == "imagenet" and not path.is_file():
        raise _bad_weights(backbone, "no such file")
    make = getattr(keras.applications, backbone)
    extractor = make(include_top=False, weights=None, input_shape=shape)
    if weights == "imagenet":
        try:
            extractor.load_weights(path)
        except (OSError, ValueError, KeyError) as error:
            first_line = (str(error).strip().splitlines() or ["no message"])[0]
            raise _bad_weights(backbone, f"{type(error).__name__}: {first_line}") from error
    return extractor


def extractor_in(model: keras.Model) -> keras.Model:
    """Return the backbone of a network that `build` gave: its only nested model."""
    return next(layer for layer in model.layers if isinstance(layer, keras.Model))


def trainable_at(model: keras.Model, epoch: int, settings: Mapping[str, Any]) -> list[bool]:
    """Return for every layer whether it learns in an epoch (counted from 1).

    Frozen, the backbone does not learn at all. After `thaw_epoch` epochs (0: never) all of it
    does but its batch normalisations: the new layers have learnt on ImageNet's statistics, and a
    sudden change to those of batches would throw that away.

    Parameters
    ----------
    model : keras.Model
        Any network; only what `build` gave has layers that do not learn.
    epoch : int
    settings : mapping
        The section ``[model]``.

    Returns
    -------
    list of bool
        In the order of `cnn.backend.flat_layers`.
    """
    every = flat_layers(model)
    if settings["name"] != "pretrained":
        return [layer.trainable for layer in every]  # as the network was built
    if not settings["freeze_extractor"]:
        return [True] * len(every)
    inside = {id(layer) for layer in flat_layers(extractor_in(model))}
    norm = keras.layers.BatchNormalization
    thawed = is_thawed(epoch, settings)
    return [id(layer) not in inside or (thawed and not isinstance(layer, norm)) for layer in every]


def set_trainable(model: keras.Model, flags: list[bool]) -> bool:
    """Let layers learn, or not, as `trainable_at` says; return whether that changed anything.

    A compiled step has to be made anew after a change (``make_train_function(force=True)``).
    """
    changed = False
    for layer, flag in zip(flat_layers(model), flags, strict=True):
        if layer.trainable != flag:
            layer.trainable, changed = flag, True
    return changed


def is_thawed(epoch: int, settings: Mapping[str, Any]) -> bool:
    """Return whether a frozen backbone has started to learn by this epoch (counted from 1)."""
    return bool(settings["freeze_extractor"]) and 0 < settings["thaw_epoch"] < epoch


def rate_factor(epoch: int, settings: Mapping[str, Any]) -> float:
    """Return the factor on the learning rate of an epoch: `thaw_rate` after thawing, else 1."""
    return settings["thaw_rate"] if is_thawed(epoch, settings) else 1.0


def _set_stochastic_depth(extractor: keras.Model, stochastic_depth: float) -> None:
    """Replace the built-in linear rates of EfficientNetV2 by the same to `stochastic_depth`."""
    for layer in flat_layers(extractor):
        if isinstance(layer, layers.Dropout):
            layer.rate = layer.rate * stochastic_depth / BUILT_IN_DROP


def _check_shape(input_shape: tuple[int, int], backbone: str) -> None:
    if min(input_shape) < SMALLEST:
        raise JobError(
            expected=f"clips of at least {SMALLEST} frames and {SMALLEST} bands for {backbone}",
            found=f"{input_shape[0]} frames and {input_shape[1]} bands",
            where="[clips] window_s, [spectrogram] n_mels",
            action="Use longer clips or more bands, or another network.",
        )


def _bad_weights(backbone: str, found: str) -> JobError:
    return JobError(
        expected=f"the weights of {backbone} on ImageNet",
        found=found,
        where=str(WEIGHTS / f"{backbone}.h5"),
        action=f"Fetch {FILES[backbone]} and put it there under that name, or set "
        '[model] weights = "none" to train from scratch.',
    )
