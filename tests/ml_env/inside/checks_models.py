"""The networks: sizes, shapes, stock layers, stochastic depth."""

from __future__ import annotations

import importlib
import itertools
import re
from pathlib import Path

import keras
import numpy as np
from raising import error_of

from cnn import models
from cnn.backend import flat_layers, reseed_dropout
from cnn.errors import JobError
from cnn.models import LOGITS, MODEL_NAMES, PROBABILITY, build_model
from cnn.models.parts import drop_path
from cnn.models.randomness import without_drops
from cnn.outputs import OUTPUTS, outputs_of
from cnn.schema import FEWEST_LABELS

CLIP = (315, 128)
SCALED = [name for name in MODEL_NAMES if name != "pretrained"]  # a backbone has its own size
WITH_SHORTCUTS = ("resnet", "mixednet", "inverted_residual")
SMALL = {"backbone": "MobileNetV3Small", "weights": "none"}


def small(name: str, n_labels: int = 2, activation: str = "sigmoid", **settings) -> keras.Model:
    """A network that is quick to make and to run."""
    width = settings.pop("width", 1.0 if name == "pretrained" else 0.25)
    shape = settings.pop("shape", (45, 40))
    return build_model(name, shape, n_labels, width, 0.2, activation, **{**SMALL, **settings})


def clips_like(model: keras.Model, n: int = 3) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 2, (n, *model.input_shape[1:])).astype("float32")


def saved_and_opened(model: keras.Model, folder: Path) -> keras.Model:
    model.save(folder / "model.keras")
    return keras.saving.load_model(folder / "model.keras", safe_mode=True)


def check_sizes_are_those_of_the_docstrings() -> None:
    for name in MODEL_NAMES:
        n_parameters = build_model(name, CLIP, 1, 1.0, 0.2, weights="none").count_params()
        told = importlib.import_module(f"cnn.models.{name}").build.__doc__
        stated = float(re.search(r"about ([\d.]+)M parameters", told).group(1))
        assert round(n_parameters / 1e6, 2) == stated, (name, n_parameters, stated)
        assert re.search(r"doi:10\.|arXiv:\d", told), name


def check_every_network_gives_a_probability_per_label_for_any_clip_length() -> None:
    shapes = ((45, 64, 2), (3, 8, 1))
    for name, (n_frames, n_mels, n_labels) in itertools.product(MODEL_NAMES, shapes):
        if name == "pretrained" and n_frames < 32:
            continue
        model = small(name, n_labels, shape=(n_frames, n_mels))
        found = np.array(model(clips_like(model)))
        assert found.shape == (3, n_labels)
        assert ((found > 0) & (found < 1)).all()


def check_probabilities_of_exclusive_classes_sum_to_one_and_are_the_softmax_of_the_logits() -> None:
    for name in MODEL_NAMES:
        model = small(name, 4, "softmax")
        clips = clips_like(model)
        found = np.array(model(clips))
        np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
        logits = np.array(keras.Model(model.inputs, model.get_layer(LOGITS).output)(clips))
        powers = np.exp(logits.astype("float64"))
        np.testing.assert_allclose(found, powers / powers.sum(axis=1, keepdims=True), rtol=1e-5)


def check_a_network_tells_its_activation_after_it_was_saved(folder: Path) -> None:
    assert set(OUTPUTS) == set(FEWEST_LABELS)
    for activation, outputs in OUTPUTS.items():
        model = small("resnet", 2, activation)
        assert outputs_of(model) is outputs
        opened = saved_and_opened(model, folder)
        assert opened.get_layer(PROBABILITY).get_config()["activation"] == activation
        assert outputs_of(opened) is outputs


def check_width_scales_the_channels() -> None:
    for name in SCALED:
        sizes = [build_model(name, CLIP, 1, width, 0.0).count_params() for width in (1, 2)]
        assert 3 < sizes[1] / sizes[0] < 5, (name, sizes)


def check_depth_scales_the_blocks_and_any_size_gives_probabilities() -> None:
    for name in SCALED:
        model = build_model(name, CLIP, 1, 0.5, 0.0, depth=1.0)
        sizes = [model.count_params()]
        sizes += [small(name, 1, depth=depth, width=0.5).count_params() for depth in (0.25, 2, 4)]
        assert sizes[1] <= sizes[0] < sizes[2] < sizes[3], (name, sizes)
        for width, depth in ((0.1, 4), (2, 0.25), (0.1, 0.25)):
            model = small(name, width=width, depth=depth)
            assert np.isfinite(np.array(model(clips_like(model)))).all(), (name, width, depth)


def check_plain_keras_opens_a_saved_network_in_safe_mode(folder: Path) -> None:
    for name, activation in itertools.product(MODEL_NAMES, OUTPUTS):
        further = {"stochastic_depth": 0.3} if name in WITH_SHORTCUTS else {}
        model = small(name, 2, activation, **further)
        classes = {type(layer).__module__.split(".")[0] for layer in flat_layers(model)}
        assert classes == {"keras"}, classes
        opened = saved_and_opened(model, folder)
        clips = clips_like(model)
        np.testing.assert_array_equal(np.array(model(clips)), np.array(opened(clips)))


def check_every_network_learns_which_half_of_the_bands_is_loud() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(16) % 2
    clips = rng.normal(0, 0.3, (16, 45, 40)).astype("float32")
    clips[labels == 1, :, :20] += 1
    clips[labels == 0, :, 20:] += 1
    for name in MODEL_NAMES:
        keras.utils.set_random_seed(0)
        model = small(name, 1, depth=1.0 if name == "pretrained" else 0.25)
        # Augmentation apart, what `cnn.network` does.
        model.compile(keras.optimizers.AdamW(3e-3), "binary_crossentropy", jit_compile=False)
        losses = []
        for _ in range(10):
            model.reset_metrics()  # else Keras gives the mean over all steps so far
            losses.append(float(model.train_on_batch(clips, labels[:, None])))
        assert losses[-1] < 0.3 * losses[0], (name, losses)


def check_a_dropped_path_is_left_out_for_whole_clips_and_scaled_up_for_the_others() -> None:
    inputs = keras.layers.Input((5, 4, 3))
    model = keras.Model(inputs, drop_path(inputs, 0.25))
    reseed_dropout(model, seed=0, epoch=1)
    ones = np.ones((400, 5, 4, 3), dtype="float32")
    found = np.array(model(ones, training=True))
    per_clip = found[:, 0, 0, 0]
    np.testing.assert_array_equal(found, per_clip[:, None, None, None] * ones)
    assert set(per_clip.round(5)) == {0.0, np.float32(1 / 0.75).round(5)}
    assert 0.15 < (per_clip == 0).mean() < 0.35
    np.testing.assert_array_equal(np.array(model(ones)), ones)


def path_rates(model: keras.Model) -> list[float]:
    kinds = [layer for layer in flat_layers(model) if isinstance(layer, keras.layers.Dropout)]
    return [layer.rate for layer in kinds if layer.noise_shape is not None]


def check_stochastic_depth_rises_to_the_last_block_and_adds_no_layer_at_zero() -> None:
    for name in WITH_SHORTCUTS:
        assert path_rates(small(name)) == []
        rates = path_rates(small(name, stochastic_depth=0.4, depth=2))
        assert len(rates) > 3
        assert rates == sorted(rates)
        assert np.isclose(rates[-1], 0.4), (name, rates)
    assert np.allclose(path_rates(small("resnet", stochastic_depth=0.4)), [0.1, 0.2, 0.3, 0.4])


def same_weights(name: str, *settings: dict) -> list[keras.Model]:
    """Networks that differ in what has no weights; layers of one name have the same ones."""
    models = []
    for one in settings:
        keras.utils.clear_session()  # names count from the start again
        models.append(small(name, **one))
    first = {variable.path: variable for variable in models[0].weights}
    for model in models[1:]:
        assert {variable.path for variable in model.weights} == set(first)
        for variable in model.weights:
            variable.assign(first[variable.path])
    return models


def check_stochastic_depth_changes_nothing_outside_training() -> None:
    for name in WITH_SHORTCUTS:
        plain, dropping = same_weights(name, {}, {"stochastic_depth": 0.9})
        clips = clips_like(plain)
        np.testing.assert_array_equal(np.array(plain(clips)), np.array(dropping(clips)))
        one, other = (np.array(dropping(clips, training=True)) for _ in range(2))
        assert (one != other).any(), name


def check_statistics_can_be_fitted_with_nothing_dropped() -> None:
    model = small("resnet", stochastic_depth=0.9)
    clips = clips_like(model)
    rates = path_rates(model)
    seeds = [v.numpy() for v in model.variables if "seed" in v.path]
    with without_drops(model):
        one, other = (np.array(model(clips, training=True)) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(seeds, [v.numpy() for v in model.variables if "seed" in v.path])
    assert path_rates(model) == rates
    assert model.layers[-3].rate == 0.2


def check_an_unknown_name_gets_the_nearest() -> None:
    for name, message in (("resnett", "Did you mean 'resnet'"), ("vit", "Choose one of these")):
        assert message in error_of(JobError, build_model, name, CLIP, 1, 1.0, 0.2)


def check_settings_that_contradict_one_another_are_named() -> None:
    plain = {"name": "resnet", "width": 1.0, "dropout": 0.2}
    own = {**plain, "name": "nets:build"}
    backbone = {**plain, "name": "pretrained", "freeze_extractor": True}
    for settings in (plain, own, backbone, {**backbone, "thaw_epoch": 3, "stochastic_depth": 0.1}):
        models.check_model(settings)
    wrong = {
        "stochastic_depth = 0 with cnn6": {**plain, "name": "cnn6", "stochastic_depth": 0.1},
        "stochastic_depth = 0 with pretrained (ResNet50)": {
            **backbone,
            "backbone": "ResNet50",
            "stochastic_depth": 0.1,
        },
        "width = 1 with pretrained": {**backbone, "width": 0.5},
        "depth = 1 with pretrained": {**backbone, "depth": 2.0},
        "freeze_extractor = false with resnet": {**plain, "freeze_extractor": True},
        "thaw_epoch = 0 with pretrained": {**backbone, "freeze_extractor": False, "thaw_epoch": 2},
    }
    for message, settings in wrong.items():
        assert message in error_of(JobError, models.check_model, settings), message
