"""Optimizers, decay, clipping and accumulation: what each does to the weights."""

from __future__ import annotations

import numpy as np
from tiny import (
    CLIPS,
    LABELS,
    PLAIN_SGD,
    RECIPES,
    START,
    gradient,
    linear_model,
    network_of,
    settings,
    stepped,
    tiny_model,
)

from cnn.backend import weights_digest
from cnn.optimizers import optimizer_of
from cnn.schema import SETTINGS as KNOWN


def check_every_optimizer_and_precision_is_among_the_recipes() -> None:
    for key in ("optimizer", "precision", "sam_around"):
        tried = {settings(**recipe)[key] for recipe in RECIPES.values()}
        assert tried == set(KNOWN["training"][key].choices), key


def check_every_recipe_learns_and_gives_the_same_weights_twice() -> None:
    for name, recipe in RECIPES.items():
        digests = set()
        for _ in range(2):
            model = tiny_model()
            network = network_of(model, settings(**recipe))
            losses = [stepped(network, 0.1 if "sgd" in str(recipe) else 0.03) for _ in range(40)]
            assert np.mean(losses[-5:]) < 0.6 * losses[0], (name, losses)
            assert {weight.dtype for weight in model.get_weights()} <= {np.dtype("float32")}
            digests.add(weights_digest(model))
        assert len(digests) == 1, name


def check_decay_is_decoupled_and_leaves_norms_and_biases_alone() -> None:
    for name, shrinks in (("adamw", True), ("sgd", True), ("sam", True), ("adam", False)):
        model = tiny_model()
        for weight in model.trainable_variables:
            weight.assign(np.ones(weight.shape, "float32"))
        optimizer = optimizer_of(settings(optimizer=name, weight_decay=0.5))
        optimizer.learning_rate = 0.1
        variables = model.trainable_variables
        optimizer.build(variables)
        optimizer.apply([np.zeros(weight.shape, "float32") for weight in variables], variables)
        for weight in variables:
            decayed = shrinks and weight.name == "kernel"
            np.testing.assert_allclose(weight, 0.95 if decayed else 1.0, err_msg=weight.path)


def check_sgd_has_momentum() -> None:
    model = linear_model(START)
    network = network_of(model, settings(**{**PLAIN_SGD, "momentum": 0.8}))
    expected, velocity = START.astype("float32").astype("float64"), 0.0
    for _ in range(3):
        stepped(network, 0.1)
        velocity = 0.8 * velocity - 0.1 * gradient(expected)
        expected = expected + velocity
    np.testing.assert_allclose(model.get_weights()[0][:, 0], expected, rtol=1e-4, atol=1e-6)


def check_long_gradients_are_scaled_down_and_short_ones_left() -> None:
    found = gradient(START)
    norm = np.linalg.norm(found)
    for limit, factor in ((norm / 4, 0.25), (norm * 4, 1.0), (0.0, 1.0)):
        model = linear_model(START)
        stepped(network_of(model, settings(**PLAIN_SGD, clip_norm=limit)), 0.5)
        expected = START - 0.5 * factor * found
        np.testing.assert_allclose(model.get_weights()[0][:, 0], expected, rtol=1e-4, atol=1e-6)


def check_accumulated_steps_move_the_weights_once_by_their_mean_gradient() -> None:
    model = linear_model(START)
    network = network_of(model, settings(**PLAIN_SGD, accumulate=4))
    for part in range(4):
        np.testing.assert_array_equal(model.get_weights()[0][:, 0], START.astype("float32"))
        rows = slice(4 * part, 4 * part + 4)
        stepped(network, 0.5, CLIPS[rows], LABELS[rows])
    expected = START - 0.5 * gradient(START)
    np.testing.assert_allclose(model.get_weights()[0][:, 0], expected, rtol=1e-4, atol=1e-6)


def check_the_variables_hold_all_that_the_optimizer_remembers() -> None:
    # Put into a fresh network, they and the weights give the same next step to the bit.
    for name, recipe in RECIPES.items():
        digests = []
        model = tiny_model(0.0)
        network = network_of(model, settings(**recipe))
        for _ in range(3):
            stepped(network, 0.05)
        held = [np.array(variable) for variable in network.optimizer.variables]
        again = tiny_model(0.0)
        fresh = network_of(again, settings(**recipe))
        fresh.optimizer.build(fresh.trainable_variables)
        again.set_weights(model.get_weights())
        for variable, values in zip(fresh.optimizer.variables, held, strict=True):
            variable.assign(values)
        for one, of in ((network, model), (fresh, again)):
            stepped(one, 0.05)
            stepped(one, 0.05)
            digests.append(weights_digest(of))
        assert digests[0] == digests[1], name
