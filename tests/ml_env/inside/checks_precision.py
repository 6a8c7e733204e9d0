"""Mixed precision: where it computes in 16 bits, and what becomes of a step without numbers."""

from __future__ import annotations

import itertools

import keras
import numpy as np
from keras import layers
from tiny import AUGMENT, CLIPS, Spy, network_of, settings, stepped, tiny_model

from cnn.models import LOGITS, PROBABILITY, build_model
from cnn.network import training_network
from cnn.precision import computing_in, layers_of_body


def check_only_the_step_computes_in_16_bits_and_the_logits_never_do() -> None:
    for precision in ("bfloat16", "float16"):
        spy = Spy()
        model = tiny_model(spy=spy)
        network = network_of(model, settings(precision=precision))
        spy.seen.clear()
        stepped(network, 0.01)
        assert set(spy.seen) == {precision}
        spy.seen.clear()
        model(CLIPS)
        network({"clips": CLIPS})
        assert set(spy.seen) == {"float32"}
        assert {layer.dtype_policy.name for layer in model.layers} == {"float32"}
        body = {layer.name for layer in layers_of_body(network)}
        inside = {layer.name for layer in model.layers} - {LOGITS, PROBABILITY}
        assert body == inside  # neither the logits nor the augmentation
        with computing_in(precision, layers_of_body(network)):
            logits = network({"clips": CLIPS})
        assert keras.backend.standardize_dtype(logits.dtype) == "float32"


def check_a_layer_with_a_policy_of_its_own_keeps_it() -> None:
    own, plain = layers.Dense(1, dtype="float64"), layers.Dense(1)
    with computing_in("bfloat16", [own, plain]):
        assert (own.compute_dtype, plain.compute_dtype) == ("float64", "bfloat16")
    with computing_in("float32", [own, plain]):
        assert (own.compute_dtype, plain.compute_dtype) == ("float64", "float32")


def check_depthwise_convolutions_stay_in_32_bits() -> None:
    model = build_model("mixednet2020", (32, 32), 1, 0.25, 0.0)
    network = training_network(model, np.ones((1, 2), "float32"), settings(), AUGMENT)
    depthwise = [layer for layer in model.layers if isinstance(layer, layers.DepthwiseConv2D)]
    body = layers_of_body(network)
    assert depthwise
    assert not [layer for layer in depthwise if layer in body]
    assert [layer for layer in body if type(layer) is layers.Conv2D]


def check_sixteen_bits_give_nearly_the_same_loss_but_not_the_same() -> None:
    losses = {
        precision: stepped(network_of(tiny_model(0.0), settings(precision=precision)), 0.0)
        for precision in ("float32", "bfloat16", "float16")
    }
    for one, other in itertools.combinations(losses.values(), 2):
        assert one != other
        np.testing.assert_allclose(one, other, rtol=0.02)


def check_a_step_without_numbers_is_left_out_and_the_scale_halved() -> None:
    for name in ("sgd", "sam"):
        model = tiny_model()
        network = network_of(model, settings(optimizer=name, precision="float16"))
        stepped(network, 0.1)
        before = [np.array(variable) for variable in model.trainable_variables]
        scaling = network.optimizer.inner if name == "sam" else network.optimizer
        scaling.dynamic_scale.assign(3e38)
        stepped(network, 0.1)
        for weight, kept in zip(model.trainable_variables, before, strict=True):
            np.testing.assert_array_equal(weight, kept)
        np.testing.assert_allclose(scaling.dynamic_scale, 1.5e38, rtol=1e-6)
