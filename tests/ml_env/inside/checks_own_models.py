"""Networks of the user's own, by dotted path."""

from __future__ import annotations

import os
from pathlib import Path
from unittest import mock

import numpy as np
from checks_models import clips_like, saved_and_opened
from raising import error_of

from cnn import models
from cnn.errors import JobError
from cnn.models import FURTHER, build_model
from cnn.models.own import VARIABLE, search_path

SOURCE = """
import keras
from keras import layers

SEEN = []


def build(input_shape, n_labels, width, dropout, **settings):
    SEEN.append({"width": width, "dropout": dropout, **settings})
    inputs = layers.Input(input_shape)
    x = layers.GlobalAveragePooling1D()(layers.Dense(8)(inputs))
    x = layers.Dense(n_labels, name="logits")(x)
    return keras.Model(inputs, layers.Activation(settings["activation"], name="probability")(x))


class Mine(layers.Dense):
    pass


def ends_in(x, last="probability", activation="sigmoid", n_labels=2, dense=layers.Dense):
    inputs = layers.Input(x)
    x = layers.GlobalAveragePooling1D()(inputs)
    x = dense(n_labels, name="logits")(x)
    return keras.Model(inputs, layers.Activation(activation, name=last)(x))


def no_model(*_, **__):
    return 3


def raises(*_, **__):
    raise RuntimeError("out of ideas")


def no_probability(shape, *_, **__):
    return ends_in(shape, last="output")


def other_activation(shape, *_, **__):
    return ends_in(shape, activation="relu")


def other_labels(shape, *_, **__):
    return ends_in(shape, n_labels=5)


def own_layer(shape, *_, **__):
    return ends_in(shape, dense=Mine)


def has_lambda(shape, *_, **__):
    inputs = layers.Input(shape)
    return keras.Model(inputs, ends_in(shape)(layers.Lambda(lambda x: 2 * x)(inputs)))


def other_signature(shape):
    return ends_in(shape)
"""
WRONG = {
    "no_model": "a keras.Model, found 'int'",
    "raises": "found RuntimeError: out of ideas",
    "no_probability": "a layer named probability",
    "other_activation": "Activation('sigmoid', name='probability')",
    "other_labels": "shape (None, 2) of output, found (None, 5)",
    "own_layer": "Keras' own layers, which open in safe mode, found Mine",
    "has_lambda": "a layer named logits",
    "other_signature": "build(input_shape, n_labels, width, dropout, **settings)",
    "missing": "no 'missing' in it",
    "SEEN": "no 'SEEN' in it",
}


def written(folder: Path, package: str) -> dict[str, str]:
    """Put the source into `folder`, and return the variable that names the folder."""
    (folder / package).mkdir()
    (folder / package / "nets.py").write_text(SOURCE)
    return {VARIABLE: str(folder)}


def check_an_own_network_gets_every_setting_and_is_saved_like_any_other(folder: Path) -> None:
    with mock.patch.dict(os.environ, written(folder, "own_good")):
        model = build_model("own_good.nets:build", (20, 8), 2, 0.5, 0.1, "softmax", depth=2.0)
        from own_good.nets import SEEN
    expected = {**FURTHER, "depth": 2.0, "width": 0.5, "dropout": 0.1, "activation": "softmax"}
    assert [expected] == SEEN
    clips = clips_like(model)
    np.testing.assert_array_equal(model(clips), saved_and_opened(model, folder)(clips))


def check_what_is_wrong_with_an_own_network_is_said(folder: Path) -> None:
    with mock.patch.dict(os.environ, written(folder, "own_wrong")):
        for function, message in WRONG.items():
            name = f"own_wrong.nets:{function}"
            told = error_of(JobError, build_model, name, (20, 8), 2, 1.0, 0.2)
            assert message in told, told
            assert name in told


def check_a_module_that_is_not_there_is_said_with_the_places_looked_at(folder: Path) -> None:
    with mock.patch.dict(os.environ, {VARIABLE: str(folder)}):
        told = error_of(JobError, build_model, "own_none.nets:build", (20, 8), 2, 1.0, 0.2)
        assert str(folder) in told
        assert str(Path.cwd()) in told
        assert search_path() == [Path.cwd(), folder]


def check_a_module_outside_these_places_is_refused(folder: Path) -> None:
    with mock.patch.dict(os.environ, {VARIABLE: str(folder)}):
        told = error_of(JobError, build_model, "keras.models:Model", (20, 8), 2, 1.0, 0.2)
    assert "a module in the working folder or on PYTHONPATH" in told


def check_only_what_looks_like_a_path_is_taken_for_one() -> None:
    models.check_model_name("my_package.models:build")
    for name in ("my_package.models", "my_package:", "../nets:build", "a b:c"):
        assert "my_package.models:build" in error_of(JobError, models.check_model_name, name)
