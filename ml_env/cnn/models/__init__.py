"""The networks by name: ``build_model("resnet", input_shape, n_labels, width, dropout)``.

Every network takes normalised dB frames (n_frames, n_mels), gives one probability per label, and
is built of stock Keras layers only, so that plain Keras opens a saved model in safe mode.
"""

from __future__ import annotations

import difflib
import importlib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cnn.errors import JobError

if TYPE_CHECKING:
    import keras

#: Each is a module beside this one.
MODEL_NAMES = (
    "resnet",
    "mixednet",
    "mixednet2020",
    "inverted_residual",
    "cnn6",
    "pretrained",
)
#: A network of the user's own: ``my_package.models:build``.
OWN = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
LOGITS = "logits"  # the layer before the last: training uses it for a loss that cannot overflow
PROBABILITY = "probability"  # the last layer: the activation

#: The further keys of ``[model]``, with which a network is what it was before there were any.
FURTHER: dict[str, Any] = {
    "depth": 1.0,
    "stochastic_depth": 0.0,
    "backbone": "EfficientNetV2B0",
    "weights": "imagenet",
    "freeze_extractor": False,
    "thaw_epoch": 0,
    "thaw_rate": 0.1,
}
#: Which of them a network is built with, where it is not the first two.
TAKEN = {
    "mixednet2020": ("depth",),
    "cnn6": ("depth",),
    "pretrained": ("stochastic_depth", "backbone", "weights"),
}


def build_model(
    name: str,
    input_shape: tuple[int, int],
    n_labels: int,
    width: float,
    dropout: float,
    activation: str = "sigmoid",
    **further: Any,
) -> keras.Model:
    """Return an untrained network.

    Parameters
    ----------
    name : str
        One of `MODEL_NAMES`, or the dotted path of the user's own function.
    input_shape : (int, int)
        (n_frames, n_mels) of a clip.
    n_labels : int
    width : float
        Factor on the number of channels of every layer; 1 is the documented size.
    dropout : float
        Share of the pooled features dropped while training, in [0, 1).
    activation : "sigmoid" or "softmax"
        Independent labels, or exclusive classes, whose probabilities sum to 1.
    **further
        Other keys of ``[model]``, see `FURTHER`.

    Raises
    ------
    JobError
        There is no network of that name, its settings contradict one another, the weights of a
        backbone are not there, or the user's own function does not give what is expected.
    """
    settings = {"name": name, "width": width, "dropout": dropout, **FURTHER, **further}
    check_model(settings)
    if OWN.fullmatch(name):
        from cnn.models.own import build_own

        return build_own(input_shape, n_labels, activation, settings)
    taken = {key: settings[key] for key in TAKEN.get(name, ("depth", "stochastic_depth"))}
    module = importlib.import_module(f"cnn.models.{name}")
    return module.build(input_shape, n_labels, width, dropout, activation, **taken)


def check_model_name(name: str) -> None:
    """Raise `JobError`, with the nearest name, where `name` is neither a network nor a path."""
    if name in MODEL_NAMES or OWN.fullmatch(str(name)):
        return
    near = difflib.get_close_matches(str(name), MODEL_NAMES, n=1)
    raise JobError(
        expected=f"a model name out of {', '.join(MODEL_NAMES)}, or my_package.models:build",
        found=repr(name),
        where="[model] name",
        action=f"Did you mean {near[0]!r}?" if near else "Choose one of these names.",
    )


def check_model(settings: Mapping[str, Any]) -> None:
    """Raise `JobError` where the section ``[model]`` contradicts itself; needs no Keras."""
    check_model_name(settings["name"])
    settings = {**FURTHER, **settings}
    name, is_own = settings["name"], bool(OWN.fullmatch(settings["name"]))
    taken = FURTHER if is_own else TAKEN.get(name, ("depth", "stochastic_depth"))
    if settings["stochastic_depth"] and not _drops_paths(settings, taken):
        _contradiction("stochastic_depth", 0, settings, "it has no shortcuts that could stay")
    if name == "pretrained":
        for key in ("width", "depth"):
            if settings[key] != 1:
                _contradiction(key, 1, settings, "a ready backbone has its size")
    elif settings["freeze_extractor"]:
        _contradiction("freeze_extractor", "false", settings, "only pretrained has an extractor")
    if settings["thaw_epoch"] and not settings["freeze_extractor"]:
        _contradiction("thaw_epoch", 0, settings, "nothing is frozen (freeze_extractor)")


def _drops_paths(settings: Mapping[str, Any], taken: Any) -> bool:
    if settings["name"] == "pretrained":
        return settings["backbone"].startswith("EfficientNetV2")  # the only ones that can
    return "stochastic_depth" in taken


def _contradiction(key: str, expected: Any, settings: Mapping[str, Any], why: str) -> None:
    name = settings["name"]
    if name == "pretrained":
        name += f" ({settings['backbone']})"
    raise JobError(
        expected=f"[model] {key} = {expected} with {name}: {why}",
        found=repr(settings[key]),
        where=f"[model] {key}",
        action="Change one of the two.",
    )
