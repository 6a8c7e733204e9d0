"""Sharpness-aware minimisation: two gradients, one step, and nothing else left behind."""

from __future__ import annotations

from unittest import mock

import numpy as np
from raising import error_of
from tiny import (
    CLIPS,
    LABELS,
    PLAIN_SGD,
    START,
    gradient,
    linear_model,
    network_of,
    settings,
    stepped,
    tiny_model,
)

from cnn.errors import JobError


def check_sam_goes_by_the_gradient_at_the_worst_place_nearby() -> None:
    for precision, tolerance in (("float32", 1e-5), ("float16", 2e-4)):
        model = linear_model(START)
        sam = settings(**{**PLAIN_SGD, "optimizer": "sam"}, sam_around="sgd", rho=0.5)
        loss = stepped(network_of(model, {**sam, "precision": precision}), 0.5)
        here = gradient(START)
        there = gradient(START + 0.5 * here / np.linalg.norm(here))
        assert np.abs(there - here).max() > 0.02  # else this would tell nothing
        found = model.get_weights()[0][:, 0]
        np.testing.assert_allclose(found, START - 0.5 * there, rtol=1e-3, atol=tolerance)
        flat = CLIPS.reshape(16, -1) @ START
        expected = np.mean(np.log1p(np.exp(-flat * (2 * LABELS[:, 0] - 1))))
        np.testing.assert_allclose(loss, expected, rtol=1e-3)  # of the start, not of the climb


def check_sam_accumulates_gradients_each_found_at_its_own_worst_place() -> None:
    model = linear_model(START)
    sam = settings(**{**PLAIN_SGD, "optimizer": "sam"}, sam_around="sgd", rho=0.5, accumulate=2)
    network = network_of(model, sam)
    expected = np.zeros_like(START)
    for rows in (slice(0, 8), slice(8, 16)):
        np.testing.assert_array_equal(model.get_weights()[0][:, 0], START.astype("float32"))
        stepped(network, 0.5, CLIPS[rows], LABELS[rows])
        here = gradient(START, CLIPS[rows], LABELS[rows])
        climbed = START + 0.5 * here / np.linalg.norm(here)
        expected += gradient(climbed, CLIPS[rows], LABELS[rows]) / 2
    found = model.get_weights()[0][:, 0]
    np.testing.assert_allclose(found, START - 0.5 * expected, rtol=1e-3, atol=1e-5)


def check_sam_leaves_seeds_and_moving_statistics_as_one_pass_does() -> None:
    after = {}
    for name in ("sgd", "sam"):
        model = tiny_model(dropout=0.5)
        changes = {"optimizer": name, "sam_around": "sgd", "rho": 3.0}
        network = network_of(model, settings(**changes))
        stepped(network, 0.0)
        after[name] = [np.array(variable) for variable in model.non_trainable_variables]
    assert len(after["sam"]) == 3  # two statistics of the norm, one seed
    for plain, twice in zip(after["sgd"], after["sam"], strict=True):
        np.testing.assert_array_equal(plain, twice)


def check_both_passes_of_sam_drop_the_same_out() -> None:
    # A climb of nearly nothing gives nearly the same gradient, if the same was dropped.
    after = {}
    for name in ("sgd", "sam"):
        model = tiny_model(dropout=0.5)
        changes = {"optimizer": name, "sam_around": "sgd", "rho": 1e-6}
        network = network_of(model, settings(**changes))
        for _ in range(3):
            stepped(network, 0.1)
        after[name] = model.get_weights()
    for plain, twice in zip(after["sgd"], after["sam"], strict=True):
        np.testing.assert_allclose(plain, twice, rtol=1e-3, atol=1e-5)


def check_sam_on_another_backend_is_an_error() -> None:
    with mock.patch("keras.backend.backend", return_value="jax"):
        message = error_of(JobError, network_of, tiny_model(), settings(optimizer="sam"))
    assert "Keras on tensorflow for optimizer = sam, found jax" in message
