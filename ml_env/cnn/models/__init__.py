"""The networks by name: ``build_model("resnet", input_shape, n_labels, width, dropout)``.

Every network takes normalised dB frames (n_frames, n_mels), gives one probability per label, and
is built of stock Keras layers only, so that plain Keras opens a saved model in safe mode.
"""

from __future__ import annotations

import difflib
import importlib
from typing import TYPE_CHECKING

from cnn.errors import JobError

if TYPE_CHECKING:
    import keras

MODEL_NAMES = ("resnet", "mixednet", "mixednet2020")
LOGITS = "logits"  # the layer before the last: training uses it for a loss that cannot overflow
PROBABILITY = "probability"  # the last layer: the activation


def build_model(
    name: str,
    input_shape: tuple[int, int],
    n_labels: int,
    width: float,
    dropout: float,
    activation: str = "sigmoid",
) -> keras.Model:
    """Return an untrained network.

    Parameters
    ----------
    name : str
        One of `MODEL_NAMES`.
    input_shape : (int, int)
        (n_frames, n_mels) of a clip.
    n_labels : int
    width : float
        Factor on the number of channels of every layer; 1 is the documented size.
    dropout : float
        Share of the pooled features dropped while training, in [0, 1).
    activation : "sigmoid" or "softmax"
        Independent labels, or exclusive classes, whose probabilities sum to 1.

    Raises
    ------
    JobError
        There is no network of that name.
    """
    check_model_name(name)
    module = importlib.import_module(f"cnn.models.{name}")
    return module.build(input_shape, n_labels, width, dropout, activation)


def check_model_name(name: str) -> None:
    """Raise `JobError`, with the nearest name, where `name` is no network."""
    if name in MODEL_NAMES:
        return
    near = difflib.get_close_matches(str(name), MODEL_NAMES, n=1)
    raise JobError(
        expected=f"a model name out of {', '.join(MODEL_NAMES)}",
        found=repr(name),
        where="[model] name",
        action=f"Did you mean {near[0]!r}?" if near else "Choose one of these names.",
    )
