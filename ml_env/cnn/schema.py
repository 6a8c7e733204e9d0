"""What may stand in ``job.json``: keys, types and ranges, as tables."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

ACTIONS = ("train", "predict")
#: Activation -> labels that it takes at least: a single exclusive class would always hold.
FEWEST_LABELS = {"sigmoid": 1, "softmax": 2}


@dataclass(frozen=True)
class Key:
    """One key: its type, its range (inclusive) or its choices."""

    type: type
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()

    def accepts(self, value: Any) -> bool:
        """Return whether `value` may stand under this key; true and false are no numbers."""
        if self.choices:
            return value in self.choices
        if self.type is bool or isinstance(value, bool):
            return self.type is bool and isinstance(value, bool)
        allowed = (int, float) if self.type is float else (self.type,)
        if isinstance(value, (int, float)) and self.type in (int, float):
            return isinstance(value, allowed) and self.low <= value <= self.high
        return isinstance(value, allowed)


_WORDS = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a text",
    dict: "a table",
    list: "a list",
}


def expectation(key: Key) -> str:
    """Return in words what `key` accepts."""
    if key.choices:
        return "one of " + ", ".join(key.choices)
    limits = []
    if key.low > -math.inf:
        limits.append(f"at least {key.low:g}")
    if key.high < math.inf:
        limits.append(f"at most {key.high:g}")
    return " ".join([_WORDS[key.type], " and ".join(limits)]).strip()


def _count(low: int) -> Key:
    return Key(int, low)


_SHARE = Key(float, 0, 1)
_DEVICE = Key(str, choices=("auto", "cpu", "gpu"))
_HEAD = {"kind": Key(str), "version": Key(int), "action": Key(str), "device": _DEVICE}

REQUIRED: dict[str, dict[str, Key]] = {
    "train": {
        **_HEAD,
        "problem": Key(str),
        "labels": Key(list),
        "activation": Key(str, choices=tuple(FEWEST_LABELS)),
        "seed": Key(int, 0, 2**32 - 1),
        "window_s": Key(float, 0.01, 3600),
        "fill": Key(str, choices=("context", "zero", "tile")),
        "frontend": Key(dict),
        "settings": Key(dict),
        "inputs": Key(dict),
    },
    "predict": {**_HEAD, "inputs": Key(dict)},
}
# What a prediction is computed with stands in the model folder; a job may repeat the problem.
OPTIONAL: dict[str, dict[str, Key]] = {"train": {}, "predict": {"problem": Key(str)}}

INPUTS = {
    "train": ("train", "val", "normalisation", "packs"),
    "predict": ("model", "clips", "packs"),
}

SPECTROGRAM = {
    "sample_rate": _count(1),
    "n_fft": _count(2),
    "hop_length": _count(1),
    "n_mels": _count(1),
    "fmin": Key(float, 0),
    "fmax": Key(float, 0),
}

SETTINGS: dict[str, dict[str, Key]] = {
    "augment": {
        "mixup_alpha": Key(float, 0, 1000),
        "mixup_share": _SHARE,
        "n_time_masks": _count(0),
        "time_mask_share": _SHARE,
        "n_frequency_masks": _count(0),
        "frequency_mask_share": _SHARE,
    },
    "model": {
        "name": Key(str),
        "width": Key(float, 0.01, 100),
        "dropout": Key(float, 0, 0.99),
    },
    "training": {
        "n_epochs": _count(1),
        "batch_size": _count(1),
        "learning_rate": Key(float, 0),
        "weight_decay": Key(float, 0),
        "warmup_epochs": _count(0),
        "class_weights": Key(bool),
        "select": Key(str, choices=("last_averaged", "best_validation")),
        "average_decay": Key(float, 0, 0.999999),
        "patience": _count(1),
    },
}
