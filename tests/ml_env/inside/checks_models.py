"""The networks: sizes, shapes, stock layers."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import keras
import numpy as np
from raising import error_of

from cnn.errors import JobError
from cnn.models import LOGITS, MODEL_NAMES, PROBABILITY, build_model
from cnn.outputs import OUTPUTS, outputs_of
from cnn.schema import FEWEST_LABELS

CLIP = (315, 128)
ABOUT = {"resnet": 0.6e6, "mixednet": 0.9e6, "mixednet2020": 0.1e6}


def check_sizes_are_those_of_the_docstrings() -> None:
    for name in MODEL_NAMES:
        model = build_model(name, CLIP, 1, 1.0, 0.2)
        n_parameters = model.count_params()
        assert abs(n_parameters / ABOUT[name] - 1) < 0.1, (name, n_parameters)
        module = __import__(f"cnn.models.{name}", fromlist=["build"])
        stated = float(re.search(r"about ([\d.]+)M parameters", module.build.__doc__).group(1))
        assert round(n_parameters / 1e6, 2) == stated, (name, n_parameters, stated)


def check_every_network_gives_a_probability_per_label_for_any_clip_length() -> None:
    for name in MODEL_NAMES:
        for n_frames, n_mels, n_labels in ((45, 64, 2), (3, 8, 1)):
            model = build_model(name, (n_frames, n_mels), n_labels, 0.25, 0.2)
            found = np.array(model(np.random.rand(3, n_frames, n_mels).astype("float32")))
            assert found.shape == (3, n_labels)
            assert ((found > 0) & (found < 1)).all()


def check_probabilities_of_exclusive_classes_sum_to_one_and_are_the_softmax_of_the_logits() -> None:
    for name in MODEL_NAMES:
        model = build_model(name, (45, 64), 4, 0.25, 0.2, "softmax")
        clips = 5 * np.random.rand(3, 45, 64).astype("float32")
        found = np.array(model(clips))
        np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
        logits = np.array(keras.Model(model.inputs, model.get_layer(LOGITS).output)(clips))
        powers = np.exp(logits.astype("float64"))
        np.testing.assert_allclose(found, powers / powers.sum(axis=1, keepdims=True), rtol=1e-5)


def check_a_network_tells_its_activation_after_it_was_saved(folder: Path) -> None:
    assert set(OUTPUTS) == set(FEWEST_LABELS)
    for activation, outputs in OUTPUTS.items():
        model = build_model("resnet", (40, 32), 2, 0.25, 0.2, activation)
        assert outputs_of(model) is outputs
        model.save(folder / "model.keras")
        opened = keras.saving.load_model(folder / "model.keras", safe_mode=True)
        assert opened.get_layer(PROBABILITY).get_config()["activation"] == activation
        assert outputs_of(opened) is outputs


def check_width_scales_the_channels() -> None:
    for name in MODEL_NAMES:
        sizes = [build_model(name, CLIP, 1, width, 0.0).count_params() for width in (1, 2)]
        assert 3 < sizes[1] / sizes[0] < 5, (name, sizes)


def check_plain_keras_opens_a_saved_network_in_safe_mode(folder: Path) -> None:
    for name, activation in itertools.product(MODEL_NAMES, OUTPUTS):
        model = build_model(name, (40, 32), 2, 0.5, 0.2, activation)
        classes = {type(layer).__module__.split(".")[0] for layer in model.layers}
        assert classes == {"keras"}, classes
        model.save(folder / "model.keras")
        opened = keras.saving.load_model(folder / "model.keras", safe_mode=True)
        clips = np.random.rand(2, 40, 32).astype("float32")
        np.testing.assert_array_equal(np.array(model(clips)), np.array(opened(clips)))


def check_an_unknown_name_gets_the_nearest() -> None:
    for name, message in (("resnett", "Did you mean 'resnet'"), ("vit", "Choose one of these")):
        assert message in error_of(JobError, build_model, name, CLIP, 1, 1.0, 0.2)
