"""What may stand in an experiment file: one table of sections and keys.

``docs/settings.rst`` is checked against this table, and ``baseline.toml`` holds every default.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pipeline import problems

PROBLEMS = problems.NAMES

#: Keys of earlier versions, and what is written instead.
RENAMED = {
    ("training", "class_weights"): 'Write weighting = "loss" for true, "as_is" for false.',
    ("splits", "mode"): "Say --split on the command line (docs/splits.rst).",
}

#: Ways to split, ``--split``; `pipeline.splits.MODES` has two more that no user asks for.
#: The two that hold out one thing after the other make each of them a fold.
BY_DATASET, BY_DEVICE = "leave-one-dataset-out", "leave-one-device-out"
LEAVE_ONE_OUT = (BY_DATASET, BY_DEVICE)
#: Those whose subjects are dealt to numbered folds.
DEALT = ("grouped", "official-train")
SPLIT_MODES: tuple[str, ...] = (
    "default",
    "official",
    "official-clean",
    "official-train",
    "grouped",
)
SPLIT_MODES += (*LEAVE_ONE_OUT, "file")

#: Sections that may have one table per level of labels and per problem: ``[clips.event]``,
#: ``[clips.pneumonia]``. The more special one wins.
LEVELS = ("event", "recording")
PER_PROBLEM = {"clips": (*LEVELS, *PROBLEMS)}


AUGMENTATIONS = (
    "warp",
    "noise",
    "filter",
    "gain",
    "roll",
    "mixup",
    "time_masks",
    "frequency_masks",
)


#: What ``[variants]`` may do to a waveform, as in ``pipeline.audio.waveform_functions``.
WAVEFORM_FUNCTIONS = (
    "shift_pitch",
    "stretch_time",
    "change_level",
    "add_noise",
    "filter_band",
    "clip_softly",
    "shift_time",
)

#: A network of the user's own, as in ``ml_env/cnn/models``.
OWN_NETWORK = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


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
        if self.type is list:
            return isinstance(value, list) and self._is_choice(value)
        if self.choices:
            return not isinstance(value, bool) and str(value) in self.choices
        if self.type is bool or isinstance(value, bool):
            return self.type is bool and isinstance(value, bool)
        allowed = (int, float) if self.type is float else (self.type,)
        return isinstance(value, allowed) and self._in_range(value)

    def expectation(self) -> str:
        """Return in words what is accepted."""
        choices = ", ".join(f'"{choice}"' for choice in self.choices)
        if self.type is list:
            return f"a list of {choices}, each at most once"
        if self.choices:
            return f"one of {choices}"
        word = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}
        limits = []
        if self.low is not None:
            limits.append(f"at least {self.low:g}")
        if self.high is not None:
            limits.append(f"at most {self.high:g}")
        return " ".join([word[self.type], " and ".join(limits)]).strip()

    def _is_choice(self, values: list[Any]) -> bool:
        known = all(value in self.choices for value in values)
        return known and len(set(values)) == len(values)

    def _in_range(self, value: Any) -> bool:
        if self.type is str:
            return True
        # A comparison with NaN is False, so NaN is refused wherever there is a limit.
        above = self.low is None or value >= self.low
        return above and (self.high is None or value <= self.high)


#: Networks by name, as in ``ml_env/cnn/models``, and the backbones of ``pretrained``.
NETWORKS = ("resnet", "mixednet", "mixednet2020", "inverted_residual", "cnn6", "pretrained")
BACKBONES = tuple(f"EfficientNetV2B{number}" for number in range(4))
BACKBONES += ("MobileNetV3Small", "MobileNetV3Large", "ResNet50", "ResNet50V2", "DenseNet121")


@dataclass(frozen=True)
class Network(Key):
    """A network by name, or the user's own by its dotted path: ``my_package.models:build``."""

    def accepts(self, value: Any) -> bool:
        """Return whether `value` is one of the choices, or looks like such a path."""
        is_path = isinstance(value, str) and OWN_NETWORK.fullmatch(value)
        return super().accepts(value) or bool(is_path)

    def expectation(self) -> str:
        """Return in words what is accepted."""
        return f'{super().expectation()}, or a path such as "my_package.models:build"'


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
        "hard_folds": Key(bool, "whether a fold holds who was recorded alike"),
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
        "fill": _choice(
            "what surrounds a span shorter than the window", "context", "dimmed", "zero", "tile"
        ),
        "level": _choice("what is taken off a clip's level first", "recording", "none"),
        "window_s": _number("length of what the model sees, in seconds", 0.1, 600),
        "step_s": _number("step between windows in seconds", 0.05, 600),
    },
    "variants": {
        "n_variants": _whole("waveform variants of each chosen train clip; 0: none", 0, 1000),
        "quantity": _number("share of the clips with that label that get variants", 0, 1),
        "label": Key(str, "label of the clips that get variants, or all"),
        "no_pad": Key(bool, "leave out clips that are shorter than the window"),
        "minval": _number("smallest share of the blend of chains", 0, 1),
        "maxval": _number("largest share of the blend of chains", 0, 1),
        "functions": Key(list, "what chains are made of", choices=WAVEFORM_FUNCTIONS),
        "n_chains": _whole("chains in a blend", 1, 20),
        "depth": _whole("functions in a chain at most", 1, 20),
        "alpha": _number("Dirichlet(alpha, ...) of the chains' weights", 0.01, 100),
        "context_s": _number("audio kept on each side of the window, in seconds", 0, 60),
        "seed": _whole("seed of the variants", 0),
    },
    "augment": {
        "order": Key(list, "augmentations in the order of their use", choices=AUGMENTATIONS),
        "mixup_alpha": _number("Beta(alpha, alpha) of mixup; 0 turns it off", 0, 10),
        "mixup_share": _number("share of a batch's clips that are mixed", 0, 1),
        "mixup_quantity": _number("share of the first label set's clips that are mixed", 0, 1),
        "mixup_label_one": Key(str, "label set of the clips that are mixed"),
        "mixup_label_two": Key(str, "label set of the clips that they are mixed with"),
        "mixup_min": _number("smallest share of the clip itself", 0, 1),
        "mixup_max": _number("largest share of the clip itself", 0, 1),
        "mixup_no_pad": Key(bool, "leave clips out of mixup that are shorter than the window"),
        "masked_share": _number("share of the clips that are masked", 0, 1),
        "n_time_masks": _whole("masks along time per clip", 0, 20),
        "time_mask_share": _number("largest mask, as a share of the clip's frames", 0, 1),
        "n_frequency_masks": _whole("masks along frequency per clip", 0, 20),
        "frequency_mask_share": _number("largest mask, as a share of the mel bands", 0, 1),
        "roll_share": _number("share of the clips that are rolled in time", 0, 1),
        "roll_max": _number("farthest roll, as a share of the clip's frames", 0, 1),
        "warp_share": _number("share of the clips whose frequencies are warped", 0, 1),
        "warp_max": _number("largest change of the frequencies, as a share", 0, 0.5),
        "gain_share": _number("share of the clips whose level is changed", 0, 1),
        "gain_db": _number("largest change of the level", 0, 40),
        "noise_share": _number("share of the clips with added noise", 0, 1),
        "noise_snr_min_db": _number("least ratio of signal to noise", -20, 80),
        "noise_snr_max_db": _number("greatest ratio of signal to noise", -20, 80),
        "noise_colour": _choice("spectrum of the noise", "white", "train"),
        "filter_share": _number("share of the clips that are filtered", 0, 1),
        "filter_db": _number("largest change of a mel band", 0, 40),
        "jitter_share": _number("share of the clips whose window is shifted", 0, 1),
        "jitter_s": _number("farthest shift of the window, in seconds", 0, 600),
    },
    "model": {
        "name": Network(str, "architecture", choices=NETWORKS),
        "width": _number("factor on the number of channels", 0.1, 8),
        "depth": _number("factor on the number of blocks", 0.25, 4),
        "dropout": _number("dropout before the last layer", 0, 0.95),
        "stochastic_depth": _number("share of clips for which the last block is left out", 0, 0.9),
        "backbone": _choice("backbone of pretrained", *BACKBONES),
        "weights": _choice("what the backbone starts from", "imagenet", "none"),
        "freeze_extractor": Key(bool, "let only the new last layer learn"),
        "thaw_epoch": _whole("epochs after which a frozen backbone learns, too", 0, 100_000),
        "thaw_rate": _number("factor on the learning rate after thawing", 1e-6, 1),
    },
    "training": {
        "n_epochs": _whole("passes over the train side", 1, 100_000),
        "batch_size": _whole("clips per step", 1, 65_536),
        "accumulate": _whole("steps whose mean gradient moves the weights once", 1, 65_536),
        "precision": _choice("of the training step", "float32", "bfloat16", "float16"),
        "optimizer": _choice("how weights follow gradients", "adamw", "adam", "sgd", "sam"),
        "learning_rate": _number("highest learning rate", 1e-8, 10),
        "weight_decay": _number("decoupled weight decay of adamw and sgd", 0, 1),
        "momentum": _number("momentum of sgd", 0, 0.9999),
        "sam_around": _choice("the optimizer that sam is put around", "adamw", "sgd"),
        "rho": _number("how far sam looks for a worse place", 0, 10),
        "clip_norm": _number("largest norm of all gradients together; 0: no limit", 0, 1e6),
        "schedule": _choice("how the rate falls", "cosine", "constant", "step", "plateau"),
        "warmup_epochs": _whole("epochs of linear warm-up", 0, 1000),
        "lr_step": _whole("epochs between two decreases of the rate (step)", 1, 100_000),
        "lr_decrease": _number("factor on the rate (step, plateau)", 1e-6, 1),
        "plateau_patience": _whole("epochs without a better validation loss", 1, 100_000),
        "weighting": _choice(
            "against imbalance", "as_is", "loss", "sampler", "focal", "effective_number"
        ),
        "gamma": _number("focus of the focal loss on what is still wrong", 0, 10),
        "beta": _number("of the effective number of clips", 0, 0.99999),
        "label_smoothing": _number("share of a label that is dealt out evenly", 0, 0.9),
        "select": _choice("which weights are kept", "last_averaged", "best_validation"),
        "average": _choice("how weights are averaged (last_averaged)", "ema", "swa", "none"),
        "average_decay": _number("decay per step of the averaged weights (ema)", 0, 0.99999),
        "swa_start": _number("share of the epochs before the average begins (swa)", 0, 0.99),
        "monitor": _choice("what makes an epoch the best", "val_loss", "val_auroc", "loss"),
        "patience": _whole("epochs without a better one before stopping", 1, 100_000),
        "keep_weights": Key(bool, "keep the weights of every epoch, to predict with later"),
        "keep_states": _whole("epochs between two states to extend from; 0: the last", 0, 100_000),
    },
    "evaluate": {
        "threshold": _choice(
            "where a probability becomes a positive", "0.5", "validation", "sensitivity"
        ),
        "min_sensitivity": _number(
            "least sensitivity on the validation side (threshold = sensitivity)", 0, 1
        ),
        "n_bootstrap": _whole("resamples of the bootstrap", 100, 100_000),
        "confidence": _number("confidence of the intervals", 0.5, 0.999),
        "min_positive_subjects": _whole(
            "positive subjects per side below which a report warns at its top", 0
        ),
        "min_group_subjects": _whole(
            "subjects with positive, and with negative rows, below which a group says nothing", 0
        ),
        "n_examples": _whole("clips shown per label and kind of outcome; 0: none", 0, 20),
    },
}
