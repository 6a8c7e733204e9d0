"""A ``[sweep]``: every combination of listed values, or some settings drawn by lot.

Every draw is a function of the seed and its own number: a longer list begins with the shorter
one's, so that runs which are there already are not made again.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from pipeline.errors import SettingsError
from pipeline.schema import SCHEMA
from pipeline.settings import did_you_mean

_WORDS = ("n_random", "seed", "budget")
_RANGE = {"low", "high", "log"}
#: Draws of a number keep so many digits, that a name can state them exactly.
_DIGITS = 4


def expand(table: Mapping[str, Any], where: str) -> dict[str, dict[str, Any]]:
    """Return the settings of a sweep as overrides, by a name that states them.

    Parameters
    ----------
    table : mapping
        ``"section.key"`` -> a list of values, or a range ``{low, high, log}``; ``n_random`` (how
        many to draw; without it all combinations of the lists are made), ``seed``, ``budget``.
    where : str
        What errors call the file.

    Raises
    ------
    SettingsError
        A key is not known, has no values, or a range stands in a grid.
    """
    for word in _WORDS:
        _check_number(table, word, where)
    space = dict(_flat({k: v for k, v in table.items() if k not in _WORDS}))
    if not space:
        raise _bad(where, 'lists such as "training.learning_rate" = [0.001, 0.0003]', "none")
    for key, values in space.items():
        _check_values(key, values, "n_random" in table, where)
    if "n_random" in table:
        chosen = _drawn(space, table["n_random"], table.get("seed", 0), where)
    else:
        chosen = [dict(zip(space, each, strict=True)) for each in _grid(space)]
    named = {_name(values): _nested(values) for values in chosen}
    if len(named) < len(chosen):  # nothing is left out without a word
        raise _bad(where, "values that make a name each", "two that come to the same name")
    return named


def _grid(space: Mapping[str, list]) -> Iterator[tuple]:
    return itertools.product(*({repr(v): v for v in values}.values() for values in space.values()))


def _drawn(space: Mapping[str, Any], n_wanted: int, seed: int, where: str) -> list[dict[str, Any]]:
    """Return so many different settings, each drawn from the seed and its own number."""
    found: dict[str, dict[str, Any]] = {}
    for number in range(100 * n_wanted + 100):
        rng = np.random.default_rng((seed, number))
        values = {key: _draw(key, each, rng) for key, each in space.items()}
        found.setdefault(_name(values), values)
        if len(found) == n_wanted:
            return list(found.values())
    expected = f"values that make n_random = {n_wanted} different settings"
    raise _bad(where, expected, f"{len(found)} different ones")


def _draw(key: str, values: Any, rng: np.random.Generator) -> Any:
    if isinstance(values, list):
        return values[int(rng.integers(len(values)))]
    low, high = values["low"], values["high"]
    if values.get("log", False):
        drawn = math.exp(rng.uniform(math.log(low), math.log(high)))
        return int(min(round(drawn), high)) if _is_whole(key) else _rounded(drawn)
    return int(rng.integers(low, high + 1)) if _is_whole(key) else _rounded(rng.uniform(low, high))


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _is_whole(key: str) -> bool:
    section, name = key.split(".")[0], key.split(".")[-1]
    return SCHEMA[section][name].type is int


def _flat(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted key, values): with the key in quotes or not, TOML means the same here."""
    for key, value in table.items():
        if isinstance(value, Mapping) and not (set(value) & _RANGE):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _check_values(key: str, values: Any, by_lot: bool, where: str) -> None:
    section, _, rest = key.partition(".")
    known = [f"{section}.{one}" for section, keys in SCHEMA.items() for one in keys]
    if section not in SCHEMA or rest.split(".")[-1] not in SCHEMA[section]:
        action = did_you_mean(key, (*known, *_WORDS))
        raise _bad(where, "known settings in [sweep], as section.key", f"'{key}'", action)
    if isinstance(values, list) and values:
        return
    if not isinstance(values, Mapping) or not by_lot:
        expected = f"[sweep] {key}: a list of values" + (", or {low, high}" if by_lot else "")
        action = "" if by_lot else "A range needs n_random, the number of settings to draw."
        raise _bad(where, expected, repr(values), action)
    _check_range(key, values, where)


def _check_range(key: str, values: Mapping[str, Any], where: str) -> None:
    name = f"[sweep] {key}"
    low, high = values.get("low"), values.get("high")
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (low, high))
    if set(values) - _RANGE or not numbers or not low < high:  # type: ignore[operator]
        raise _bad(where, f"{name}: {{low, high, log}} with low < high", repr(dict(values)))
    if values.get("log", False) and low <= 0:  # type: ignore[operator]
        raise _bad(where, f"{name}: low above 0 for a range by its logarithm", repr(low))
    kind = SCHEMA[key.split(".")[0]][key.split(".")[-1]]
    if kind.choices or kind.type not in (int, float):
        raise _bad(where, f"{name}: a list, since it is no number", repr(dict(values)))
    for one in (low, high):
        if not kind.accepts(one):
            raise _bad(where, f"{name}: {kind.expectation()}", repr(one))


def _check_number(table: Mapping[str, Any], word: str, where: str) -> None:
    low = 0 if word == "seed" else 1
    value = table.get(word, low)
    if isinstance(value, bool) or not isinstance(value, int) or value < low:
        raise _bad(where, f"[sweep] {word}: a whole number from {low}", repr(value))


def _name(values: Mapping[str, Any]) -> str:
    """Return a name that states the values: ``learning_rate=0.001,width=2``."""
    short = [key.split(".")[-1] for key in values]
    names = [
        last if short.count(last) == 1 else key for key, last in zip(values, short, strict=True)
    ]
    parts = [f"{name}={_word(value)}" for name, value in zip(names, values.values(), strict=True)]
    return re.sub(r"[^\w.+=,:-]", "_", ",".join(parts))


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for key, value in values.items():
        *above, last = key.split(".")
        place = nested
        for one in above:
            place = place.setdefault(one, {})
        place[last] = value
    return nested


def _bad(where: str, expected: str, found: str, action: str = "") -> SettingsError:
    return SettingsError(
        expected=expected, found=found, where=where, action=action or "See docs/runs.rst."
    )
