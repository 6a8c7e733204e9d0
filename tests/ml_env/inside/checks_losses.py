"""Focal loss and label smoothing, against NumPy in double precision."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from cnn.loss import (
    log_of_the_others,
    weighted_categorical_cross_entropy,
    weighted_cross_entropy,
    with_smoothed_labels,
)
from cnn.models import LOGITS, PROBABILITY
from cnn.outputs import training_loss
from tests.ml_env.rundir import SETTINGS

RNG = np.random.default_rng(0)
LOGITS_OF = RNG.normal(0, 3, (7, 3)).astype("float32")
SOFT = RNG.random((7, 3)).astype("float32")
SHARES = RNG.dirichlet((1, 1, 1), 7).astype("float32")
ONES = {"sigmoid": np.ones((3, 2), "float32"), "softmax": np.ones(3, "float32")}


def sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits.astype("float64")))


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits.astype("float64"))
    return powers / powers.sum(axis=-1, keepdims=True)


def focal_of_labels(labels: np.ndarray, logits: np.ndarray, gamma: float) -> np.ndarray:
    p = sigmoid(logits)
    as_1 = labels * (1 - p) ** gamma * np.log(p)
    return -(as_1 + (1 - labels) * p**gamma * np.log(1 - p)).mean(axis=1)


def focal_of_classes(labels: np.ndarray, logits: np.ndarray, gamma: float) -> np.ndarray:
    p = softmax(logits)
    return -(labels * (1 - p) ** gamma * np.log(p)).sum(axis=1)


def gradient_at(loss: Any, labels: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Return the gradient of the loss by the logits, as a step of rate 1 shows it."""
    model = keras.Sequential([layers.Input((1,)), layers.Dense(logits.shape[1], use_bias=False)])
    model.layers[0].set_weights([logits])
    model.compile(keras.optimizers.SGD(1.0), loss)
    model.train_on_batch(np.ones((1, 1), "float32"), labels)
    return logits - model.layers[0].get_weights()[0]


def check_the_focal_loss_of_independent_labels() -> None:
    for gamma in (0.5, 1.0, 2.0, 5.0):
        found = np.array(weighted_cross_entropy(ONES["sigmoid"], gamma)(SOFT, LOGITS_OF))
        np.testing.assert_allclose(found, focal_of_labels(SOFT, LOGITS_OF, gamma), rtol=1e-4)


def check_the_focal_loss_of_exclusive_classes() -> None:
    for gamma in (0.5, 1.0, 2.0, 5.0):
        loss = weighted_categorical_cross_entropy(ONES["softmax"], gamma)
        found = np.array(loss(SHARES, LOGITS_OF))
        np.testing.assert_allclose(found, focal_of_classes(SHARES, LOGITS_OF, gamma), rtol=1e-4)


def check_two_exclusive_classes_have_the_focal_loss_of_one_label() -> None:
    logits, labels = LOGITS_OF[:, :1], (SOFT[:, :1] > 0.5).astype("float32")
    one = weighted_cross_entropy(ONES["sigmoid"][:1], 2.0)(labels, logits)
    pair = np.concatenate([1 - labels, labels], axis=1)
    of_pair = np.concatenate([np.zeros_like(logits), logits], axis=1)
    two = weighted_categorical_cross_entropy(np.ones(2, "float32"), 2.0)(pair, of_pair)
    np.testing.assert_allclose(np.array(one), np.array(two), rtol=1e-4, atol=1e-9)


def check_a_focus_of_zero_is_cross_entropy_to_the_bit() -> None:
    for made, labels in (
        (weighted_cross_entropy, SOFT),
        (weighted_categorical_cross_entropy, SHARES),
    ):
        weights = ONES["sigmoid"] if made is weighted_cross_entropy else ONES["softmax"]
        plain, focal = (np.array(made(weights, *g)(labels, LOGITS_OF)) for g in ((), (0.0,)))
        np.testing.assert_array_equal(plain, focal)


def check_the_focal_loss_and_its_gradient_stay_finite_at_certain_logits() -> None:
    far = np.array([[200.0, -200.0, 0.0]], "float32")
    for gamma in (0.3, 1.0, 2.0):
        losses = (
            weighted_cross_entropy(ONES["sigmoid"], gamma),
            weighted_categorical_cross_entropy(ONES["softmax"], gamma),
        )
        for loss in losses:
            for labels in (np.eye(3, dtype="float32")[[0]], np.eye(3, dtype="float32")[[1]]):
                assert np.isfinite(np.array(loss(labels, far))).all()
                assert np.isfinite(gradient_at(loss, labels, far)).all()


def check_the_share_of_the_other_classes_does_not_round_to_zero() -> None:
    found = np.array(log_of_the_others(np.array([[60.0, 0.0, 0.0]], "float32"), 3))
    np.testing.assert_allclose(found[0, 0], np.log(2) - 60, rtol=1e-6)


def check_smoothed_labels_are_drawn_to_the_even_share() -> None:
    hard = np.eye(3, dtype="float32")[[0, 2, 1, 1, 0, 2, 2]]
    plain = weighted_categorical_cross_entropy(ONES["softmax"])
    found = np.array(with_smoothed_labels(plain, 0.3, 3)(hard, LOGITS_OF))
    expected = -((0.7 * hard + 0.1) * np.log(softmax(LOGITS_OF))).sum(axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    plain = weighted_cross_entropy(ONES["sigmoid"])
    found = np.array(with_smoothed_labels(plain, 0.2)(hard, LOGITS_OF))
    expected = np.array(plain(0.8 * hard + 0.1, LOGITS_OF))
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert with_smoothed_labels(plain, 0.0) is plain


def check_the_settings_choose_the_loss() -> None:
    for activation, labels in (("sigmoid", SOFT), ("softmax", SHARES)):
        inputs = layers.Input((4,))
        logits = layers.Dense(3, name=LOGITS)(inputs)
        last = layers.Activation(activation, name=PROBABILITY)(logits)
        model = keras.Model(inputs, last)
        weights = 2 * ONES[activation]

        def loss_of(model=model, weights=weights, labels=labels, **changes: Any) -> np.ndarray:
            settings = {**SETTINGS["training"], **changes}
            return np.array(training_loss(model, weights, settings)(labels, LOGITS_OF))

        focal = focal_of_labels if activation == "sigmoid" else focal_of_classes
        np.testing.assert_allclose(loss_of(), 2 * focal(labels, LOGITS_OF, 0.0), rtol=1e-4)
        expected = 2 * focal(labels, LOGITS_OF, 3.0)
        np.testing.assert_allclose(loss_of(weighting="focal", gamma=3.0), expected, rtol=1e-4)
        even = 0.5 if activation == "sigmoid" else 1 / 3
        expected = 2 * focal(0.9 * labels + 0.1 * even, LOGITS_OF, 0.0)
        np.testing.assert_allclose(loss_of(label_smoothing=0.1), expected, rtol=1e-4)
