"""What may stand in an experiment file: one table of sections and keys.

``docs/settings.rst`` is checked against this table, and ``baseline.toml`` holds every default.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline import problems

PROBLEMS = problems.NAMES

#: Ways to split, ``--split``; `pipeline.splits.MODES` has one more that no user asks for.
#: The two that hold out one thing after the other make each of them a fold.
BY_DATASET, BY_DEVICE = "leave-one-dataset-out", "leave-one-device-out"
LEAVE_ONE_OUT = (BY_DATASET, BY_DEVICE)
SPLIT_MODES = ("default", "official", "official-clean", "grouped", *LEAVE_ONE_OUT, "file")

#: Sections that may have one table per level of labels and per problem: ``[clips.event]``,
#: ``[clips.pneumonia]``. The more special one wins.
LEVELS = ("event", "recording")
PER_PROBLEM = {"clips": (*LEVELS, *PROBLEMS)}


@dataclass(frozen=True)
class Key:
    """One key: its type, its range (inclusive) or its choices, and what it means."""

    type: type
    meaning: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    def accepts(self, value: Any) -> bool:
        """Return whether `value` may stand under this key."""
        if self.choices:
            return not isinstance(value, bool) and str(value) in self.choices
        if self.type is bool or isinstance(value, bool):
            return self.type is bool and isinstance(value, bool)
        allowed = (int, float) if self.type is float else (self.type,)
        return isinstance(value, allowed) and self._in_range(value)

    def expectation(self) -> str:
        """Return in words what is accepted."""
        if self.choices:
            return "one of " + ", ".join(f'"{choice}"' for choice in self.choices)
        word = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}
        limits = []
        if self.low is not None:
            limits.append(f"at least {self.low:g}")
        if self.high is not None:
            limits.append(f"at most {self.high:g}")
        return " ".join([word[self.type], " and ".join(limits)]).strip()

    def _in_range(self, value: Any) -> bool:
        if self.type is str:
            return True
        # A comparison with NaN is False, so NaN is refused wherever there is a limit.
        above = self.low is None or value >= self.low
        return above and (self.high is None or value <= self.high)


def _whole(meaning: str, low: int, high: int = 2**31 - 1) -> Key:
    return Key(int, meaning, low, high)


def _number(meaning: str, low: float, high: float) -> Key:
    return Key(float, meaning, low, high)


def _choice(meaning: str, *choices: str) -> Key:
    return Key(str, meaning, choices=choices)


SCHEMA: dict[str, dict[str, Key]] = {
    "simulated": {
        "n_subjects": _whole("subjects of the simulated cohort", 2, 100_000),
        "n_recordings": _whole("recordings per subject", 1, 1000),
        "duration_s": _number("mean length of a recording in seconds", 5, 600),
        "seed": _whole("seed of the cohort", 0),
    },
    "labels": {
        "negatives": _choice("which diagnoses are negative for pneumonia", "all", "healthy"),
    },
    "splits": {
        "n_folds": _whole("number of cross-validation folds", 2, 100),
        "test_share": _number("share of subjects on the test side", 0.05, 0.9),
        "val_share": _number("share of the train subjects kept for validation", 0.0, 0.9),
        "seed": _whole("seed of the split", 0),
    },
    "limits": {
        "max_left_out_share": _number(
            "largest share of a data set's recordings that may have to be left out", 0, 1
        ),
    },
    "subset": {"seed": _whole("seed of the development sample", 0)},
    "spectrogram": {
        "sample_rate": _whole("rate in Hz to which recordings are resampled", 1000, 192_000),
        "n_fft": _whole("window of the Fourier transform, in samples", 16, 65_536),
        "hop_length": _whole("step between frames, in samples", 1, 65_536),
        "n_mels": _whole("number of mel bands", 8, 1024),
        "fmin": _number("lower edge of the lowest band in Hz", 0, 96_000),
        "fmax": _number("upper edge of the highest band in Hz", 1, 96_000),
    },
    "clips": {
        "fill": _choice("what surrounds a span shorter than the window", "context", "zero", "tile"),
        "level": _choice("what is taken off a clip's level first", "recording", "none"),
        "window_s": _number("length of what the model sees, in seconds", 0.1, 600),
        "step_s": _number("step between windows in seconds", 0.05, 600),
    },
    "augment": {
        "mixup_alpha": _number("Beta(alpha, alpha) of mixup; 0 turns it off", 0, 10),
        "mixup_share": _number("share of a batch's clips that are mixed", 0, 1),
        "n_time_masks": _whole("masks along time per clip", 0, 20),
        "time_mask_share": _number("largest mask, as a share of the clip's frames", 0, 1),
        "n_frequency_masks": _whole("masks along frequency per clip", 0, 20),
        "frequency_mask_share": _number("largest mask, as a share of the mel bands", 0, 1),
    },
    "model": {
        "name": _choice("architecture", "resnet", "mixednet", "mixednet2020"),
        "width": _number("factor on the number of channels", 0.1, 8),
        "dropout": _number("dropout before the last layer", 0, 0.95),
    },
    "training": {
        "n_epochs": _whole("passes over the train side", 1, 100_000),
        "batch_size": _whole("clips per step", 1, 65_536),
        "learning_rate": _number("highest learning rate of the cosine schedule", 1e-8, 10),
        "weight_decay": _number("decoupled weight decay of AdamW", 0, 1),
        "warmup_epochs": _whole("epochs of linear warm-up", 0, 1000),
        "class_weights": Key(bool, "weight the loss by class, fitted on the train side"),
        "select": _choice("which weights are kept", "last_averaged", "best_validation"),
        "average_decay": _number("decay per step of the averaged weights", 0, 0.99999),
        "patience": _whole("epochs without a better validation loss before stopping", 1, 100_000),
    },
    "evaluate": {
        "threshold": _choice("where a probability becomes a positive", "0.5", "validation"),
        "n_bootstrap": _whole("resamples of the bootstrap", 100, 100_000),
        "confidence": _number("confidence of the intervals", 0.5, 0.999),
        "min_positive_subjects": _whole(
            "positive subjects per side below which a report warns at its top", 0
        ),
    },
}
