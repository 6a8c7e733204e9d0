"""Networks of the user's own: ``name = "my_package.models:build"`` in ``[model]``.

The function is expected as ``build(input_shape, n_labels, width, dropout, **settings)``;
`settings` holds ``activation`` and all further keys of ``[model]``. It returns a `keras.Model`
from (n_frames, n_mels) to one probability per label, whose last two layers are named ``logits``
and ``probability``, built of Keras' own layers. The file lies in the working folder or on the
user's PYTHONPATH, whose sources enter the salt of the training.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import keras

from cnn.backend import flat_layers
from cnn.errors import JobError
from cnn.models import LOGITS, PROBABILITY

#: The user's PYTHONPATH, which external_script.sh replaces by the trainer's own.
VARIABLE = "AUSCULT_PYTHONPATH"
EXPECTED = "build(input_shape, n_labels, width, dropout, **settings) -> keras.Model"


def build_own(
    input_shape: tuple[int, int], n_labels: int, activation: str, settings: Mapping[str, Any]
) -> keras.Model:
    """Return what the user's function gives, checked.

    Raises
    ------
    JobError
        The function is not found, or fails, or what it gives cannot be trained and saved.
    """
    name = settings["name"]
    function = own_function(name)
    size = (settings["width"], settings["dropout"])
    further = {k: v for k, v in settings.items() if k not in ("name", "width", "dropout")}
    try:
        model = function(input_shape, n_labels, *size, activation=activation, **further)
    except JobError:
        raise
    except Exception as error:
        first_line = (str(error).strip().splitlines() or ["no message"])[0]
        raise _error(EXPECTED, f"{type(error).__name__}: {first_line}", name) from error
    check_network(model, input_shape, n_labels, activation, name)
    return model


def own_function(name: str) -> Callable[..., Any]:
    """Return the function behind ``package.module:function``."""
    module_name, _, function_name = name.partition(":")
    module = _imported(module_name, name)
    function = getattr(module, function_name, None)
    if not callable(function):
        raise _error(f"the function {EXPECTED}", f"no '{function_name}' in it", name)
    return function


def search_path() -> list[Path]:
    """Return where own modules may lie: the working folder, then the user's PYTHONPATH."""
    named = os.environ.get(VARIABLE, "").split(os.pathsep)
    return [Path.cwd(), *(Path(folder).resolve() for folder in named if folder)]


def check_network(
    model: Any, input_shape: tuple[int, int], n_labels: int, activation: str, name: str
) -> None:
    """Raise `JobError` where a network cannot be trained, or opened without the user's code."""
    if not isinstance(model, keras.Model):
        raise _error("a keras.Model", repr(type(model).__name__), name)
    names = [layer.name for layer in model.layers]
    for wanted in (LOGITS, PROBABILITY):
        if wanted not in names:
            raise _error(f"a layer named {wanted}", ", ".join(names[-3:]), name)
    shapes = {
        "input": (model.input_shape, (None, *input_shape)),
        "output": (model.output_shape, (None, n_labels)),
        LOGITS: (model.get_layer(LOGITS).output.shape, (None, n_labels)),
    }
    for what, (found, expected) in shapes.items():
        if found != expected:
            raise _error(f"shape {expected} of {what}", str(found), name)
    found = model.get_layer(PROBABILITY).get_config().get("activation")
    if found != activation or model.layers[-1].name != PROBABILITY:
        last = f"activation {found} and {names[-1]} as the last layer"
        raise _error(f"Activation('{activation}', name='{PROBABILITY}') at the end", last, name)
    own = {type(layer).__name__ for layer in flat_layers(model) if not _is_stock(layer)}
    if own:
        raise _error("Keras' own layers, which open in safe mode", ", ".join(sorted(own)), name)


def _is_stock(layer: keras.layers.Layer) -> bool:
    is_lambda = isinstance(layer, keras.layers.Lambda)  # holds code: refused in safe mode
    return type(layer).__module__.split(".")[0] == "keras" and not is_lambda


def _imported(module_name: str, name: str) -> ModuleType:
    folders = search_path()
    # At the end: nothing of the user's takes the place of what the trainer needs.
    sys.path.extend(str(folder) for folder in folders if str(folder) not in sys.path)
    importlib.invalidate_caches()
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        shown = ", ".join(map(str, folders))
        expected = f"a module {module_name} in one of {shown}"
        raise _error(expected, f"{type(error).__name__}: {error}", name) from error
    file = Path(module.__file__ or "").resolve()
    parts = module_name.replace(".", "/")
    endings = (f"{parts}.py", f"{parts}/__init__.py")
    if file not in [(folder / ending).resolve() for folder in folders for ending in endings]:
        # Its sources would not be part of the training's salt.
        raise _error("a module in the working folder or on PYTHONPATH", str(file), name)
    return module


def _error(expected: str, found: str, name: str) -> JobError:
    return JobError(
        expected=expected,
        found=found,
        where=f"[model] name = {name}",
        action="Mend the function; docs/settings.rst, [model], says what is asked of it.",
    )
