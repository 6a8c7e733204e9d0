"""Tiny networks and data whose training takes a moment, and whose gradient can be written down."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from cnn.models import LOGITS, PROBABILITY
from cnn.network import training_network
from tests.ml_env.rundir import SETTINGS

SHAPE = (12, 8)
AUGMENT = {**SETTINGS["augment"], "mixup_alpha": 0.0, "n_time_masks": 0, "n_frequency_masks": 0}
RNG = np.random.default_rng(0)
CLIPS = RNG.normal(0, 1, (16, *SHAPE)).astype("float32")
LABELS = (np.arange(16) % 2).astype("float32")[:, None]
CLIPS[:, :, :4] += 2 * LABELS[:, :, None]


def settings(**changes: Any) -> dict[str, Any]:
    assert set(changes) <= set(SETTINGS["training"])
    return {**SETTINGS["training"], **changes}


class Spy(layers.Layer):
    """Notes the type that it gets its inputs in."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def call(self, x: Any) -> Any:
        self.seen.append(keras.backend.standardize_dtype(x.dtype))
        return x


def tiny_model(dropout: float = 0.2, spy: Spy | None = None) -> keras.Model:
    """A convolution, a norm, dropout and the two layers that every network ends with."""
    keras.utils.set_random_seed(0)
    inputs = layers.Input(SHAPE, name="clip")
    x = layers.Reshape((*SHAPE, 1))(inputs)
    x = layers.Conv2D(8, 3, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = spy(x) if spy else x
    x = layers.Dropout(dropout, seed=1)(layers.GlobalAveragePooling2D()(x))
    x = layers.Dense(1, name=LOGITS)(x)
    return keras.Model(inputs, layers.Activation("sigmoid", name=PROBABILITY)(x))


def linear_model(weights: np.ndarray) -> keras.Model:
    """Logits that are a sum of weighted inputs: its gradient can be written down."""
    inputs = layers.Input(SHAPE, name="clip")
    x = layers.Dense(1, name=LOGITS, use_bias=False)(layers.Flatten()(inputs))
    model = keras.Model(inputs, layers.Activation("sigmoid", name=PROBABILITY)(x))
    model.set_weights([weights[:, None].astype("float32")])
    return model


def network_of(model: keras.Model, chosen: dict[str, Any]) -> keras.Model:
    return training_network(model, np.ones((1, 2), "float32"), chosen, AUGMENT)


def stepped(
    network: keras.Model, rate: float, clips: np.ndarray = CLIPS, labels: np.ndarray = LABELS
) -> float:
    network.optimizer.learning_rate = rate
    network.reset_metrics()
    return float(network.train_on_batch({"clips": clips}, labels))


def gradient(weights: np.ndarray, clips: np.ndarray = CLIPS, labels: np.ndarray = LABELS):
    """Return that of the mean cross-entropy of `linear_model`."""
    flat = clips.reshape(len(clips), -1).astype("float64")
    p = 1 / (1 + np.exp(-flat @ weights))
    return (p - labels[:, 0]) @ flat / len(clips)


START = RNG.normal(0, 0.1, SHAPE[0] * SHAPE[1])
PLAIN_SGD = {"optimizer": "sgd", "momentum": 0.0, "weight_decay": 0.0}
RECIPES: dict[str, dict[str, Any]] = {
    "adamw": {},
    "adam": {"optimizer": "adam"},
    "sgd": {"optimizer": "sgd"},
    "sam": {"optimizer": "sam"},
    "sam_sgd": {"optimizer": "sam", "sam_around": "sgd"},
    "bfloat16": {"precision": "bfloat16"},
    "float16": {"precision": "float16"},
    "sam_float16": {"optimizer": "sam", "precision": "float16", "clip_norm": 1.0},
    "accumulated": {"accumulate": 2, "clip_norm": 1.0, "label_smoothing": 0.1},
    "focal": {"weighting": "focal", "optimizer": "sgd"},
}
