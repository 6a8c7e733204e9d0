"""Every number that a training holds between two epochs, as plain arrays and back."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from cnn.checkpoint import State
from cnn.errors import ContractError
from cnn.selection import Selection

GROUPS = ("network", "optimizer", "selection")


def arrays_of(network: keras.Model, selection: Selection) -> dict[str, np.ndarray]:
    """Return all arrays by name: ``network.0000`` ..., ``optimizer.0000`` ..., ``selection...``.

    The network's hold weights, statistics of batch normalisation and the seeds of random layers;
    the optimizer's all it keeps, such as moments, gathered gradients and the count of steps.
    """
    groups = {
        "network": _values(network.variables),
        "optimizer": _values(network.optimizer.variables),
        "selection": selection.arrays(),
    }
    return {
        f"{group}.{number:04d}": values
        for group, found in groups.items()
        for number, values in enumerate(found)
    }


def put_back(state: State, network: keras.Model, selection: Selection) -> None:
    """Give network, optimizer and selection what `arrays_of` took from others like them.

    Raises
    ------
    ContractError
        The arrays are those of another network.
    """
    arrays = {group: _of_group(state, group) for group in GROUPS}
    if not network.optimizer.built:
        network.optimizer.build(network.trainable_variables)
    _assign(network.variables, arrays["network"], "network")
    _assign(network.optimizer.variables, arrays["optimizer"], "optimizer")
    selection.restore(arrays["selection"], state.facts["selection"])


def _values(variables: Sequence[keras.Variable]) -> list[np.ndarray]:
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


def _of_group(state: State, group: str) -> list[np.ndarray]:
    return [state.arrays[name] for name in sorted(state.arrays) if name.startswith(f"{group}.")]


def _assign(variables: Sequence[keras.Variable], arrays: list[np.ndarray], group: str) -> None:
    wanted = [tuple(variable.shape) for variable in variables]
    found = [array.shape for array in arrays]
    if wanted != found:
        raise ContractError(
            expected=f"a state whose {group} has {len(wanted)} arrays of this network's shapes",
            found=f"{len(found)} arrays, or other shapes",
            where="the checkpoint",
            action="Train anew: remove the folder checkpoints of the run directory.",
        )
    for variable, values in zip(variables, arrays, strict=True):
        variable.assign(values)
