"""Backbones: their pictures, their weights, and what learns when."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import h5py
import keras
import numpy as np
from checks_models import clips_like, path_rates, saved_and_opened, small
from keras.src.legacy.saving import legacy_h5_format
from raising import error_of

from cnn.backend import flat_layers
from cnn.errors import JobError
from cnn.models import pretrained
from cnn.models.pretrained import (
    FILES,
    PREPROCESSING,
    extractor_in,
    rate_factor,
    set_trainable,
    trainable_at,
)
from cnn.schema import BACKBONES

NAMES = {"name": "pretrained", "freeze_extractor": True, "thaw_epoch": 2, "thaw_rate": 0.1}


def check_every_backbone_that_may_be_asked_for_is_there() -> None:
    assert tuple(FILES) == BACKBONES
    assert all(hasattr(keras.applications, name) for name in BACKBONES)


def check_backbones_are_saved_and_opened_in_safe_mode(folder: Path) -> None:
    for name in ("EfficientNetV2B0", "ResNet50"):
        further = {"stochastic_depth": 0.1} if name.startswith("Efficient") else {}
        model = small("pretrained", backbone=name, **further)
        opened = saved_and_opened(model, folder)
        clips = clips_like(model, 2)
        np.testing.assert_array_equal(np.array(model(clips)), np.array(opened(clips)))


def picture_in(model: keras.Model, value: float) -> np.ndarray:
    """What a backbone gets for a clip of one value, in each channel."""
    before = extractor_in(model)._inbound_nodes[-1].input_tensors[0]
    clip = np.full((1, *model.input_shape[1:]), value, dtype="float32")
    found = np.array(keras.Model(model.inputs, before)(clip))
    return found[0, 0, 0]


def check_a_spectrogram_is_a_grey_picture_with_the_backbones_own_preprocessing() -> None:
    pixels = {-9.0: 0.0, -3.0: 0.0, 0.0: 127.5, 3.0: 255.0, 9.0: 255.0}
    plain = small("pretrained")
    module = {"ResNet50": "resnet", "ResNet50V2": "resnet_v2", "DenseNet121": "densenet"}
    assert set(module) == set(PREPROCESSING)
    models = {name: small("pretrained", backbone=name) for name in module}
    for value, pixel in pixels.items():
        np.testing.assert_allclose(picture_in(plain, value), [pixel] * 3, atol=1e-4)
        for name, model in models.items():
            preprocess = getattr(keras.applications, module[name]).preprocess_input
            expected = preprocess(np.full((1, 1, 1, 3), pixel, dtype="float32"))[0, 0, 0]
            np.testing.assert_allclose(picture_in(model, value), expected, atol=1e-4)


def check_stochastic_depth_replaces_the_built_in_one() -> None:
    model = small("pretrained", backbone="EfficientNetV2B0", stochastic_depth=0.4)
    every = {layer.name: layer for layer in flat_layers(model)}
    rates = [every[name].rate for name in sorted(every) if name.endswith("_drop")]
    assert len(rates) == 15
    assert 0.3 < rates[-1] < 0.4
    assert rates == sorted(rates)
    assert set(path_rates(small("pretrained", backbone="EfficientNetV2B0"))) == {0}


def check_weights_come_from_a_file_and_a_missing_or_wrong_one_is_named(folder: Path) -> None:
    with mock.patch.object(pretrained, "WEIGHTS", folder):
        arguments = ("MobileNetV3Small", (45, 40, 3), "imagenet")
        told = error_of(JobError, pretrained.extractor_of, *arguments)
        assert str(folder / "MobileNetV3Small.h5") in told
        assert FILES["MobileNetV3Small"] in told
        (folder / "MobileNetV3Small.h5").write_bytes(b"no weights")
        assert "found OSError" in error_of(JobError, pretrained.extractor_of, *arguments)
        published(folder / "ResNet50.h5", "MobileNetV3Small")
        wrong = ("ResNet50", (45, 40, 3), "imagenet")
        assert "found ValueError" in error_of(JobError, pretrained.extractor_of, *wrong)
        source = published(folder / "MobileNetV3Small.h5", "MobileNetV3Small")
        found = extractor_in(small("pretrained", weights="imagenet"))
    for here, there in zip(found.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(here, there)


def published(path: Path, backbone: str) -> keras.Model:
    """Write weights in the form in which ImageNet's are published."""
    model = getattr(keras.applications, backbone)(include_top=False, weights=None)
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)
    return model


def check_clips_that_are_too_small_are_an_error() -> None:
    def build() -> None:
        small("pretrained", shape=(31, 40))

    assert "at least 32 frames" in error_of(JobError, build)


def learning(model: keras.Model) -> set[str]:
    """Kinds of layers of the backbone that learn."""
    leaves = [layer for layer in flat_layers(extractor_in(model)) if layer.trainable_variables]
    return {type(layer).__name__ for layer in leaves}


def check_a_frozen_backbone_learns_after_the_epoch_of_thawing_but_for_its_norms() -> None:
    model = small("pretrained")
    for epoch, kinds in ((1, set()), (2, set()), (3, {"Conv2D", "DepthwiseConv2D"})):
        changed = set_trainable(model, trainable_at(model, epoch, NAMES))
        assert changed == (epoch != 2)
        assert learning(model) == kinds, epoch
        assert model.get_layer("logits").trainable_variables
    never = {**NAMES, "thaw_epoch": 0}
    assert trainable_at(model, 1000, never) == trainable_at(model, 1, NAMES)
    assert all(trainable_at(model, 1, {**NAMES, "freeze_extractor": False}))
    assert all(trainable_at(small("resnet"), 1, {**NAMES, "name": "resnet"}))


def check_the_rate_falls_with_thawing() -> None:
    assert [rate_factor(epoch, NAMES) for epoch in (1, 2, 3, 4)] == [1, 1, 0.1, 0.1]
    assert rate_factor(4, {**NAMES, "freeze_extractor": False}) == 1
    assert rate_factor(4, {**NAMES, "thaw_epoch": 0}) == 1


def check_freezing_keeps_every_bit_and_thawing_goes_on_with_the_same_optimizer() -> None:
    model = small("pretrained", 1)
    clips, labels = clips_like(model, 4), np.array([[0], [1], [0], [1]])
    model.compile(keras.optimizers.AdamW(1e-3), "binary_crossentropy", jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    extractor = extractor_in(model)
    start = extractor.get_weights()
    n_changed = []
    for epoch in (1, 2, 3):
        if set_trainable(model, trainable_at(model, epoch, NAMES)):
            model.make_train_function(force=True)
        model.train_on_batch(clips, labels)
        now = extractor.get_weights()
        pairs = zip(start, now, strict=True)
        n_changed.append(sum(bool((before != after).any()) for before, after in pairs))
    assert n_changed[:2] == [0, 0]
    assert n_changed[2] > 20
    moving = [layer for layer in flat_layers(extractor) if hasattr(layer, "moving_mean")]
    assert all((np.array(layer.moving_mean) == 0).all() for layer in moving)
