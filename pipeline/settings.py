"""Experiment files: reading, checking and resolving them.

An experiment is a TOML file that names what differs from ``baseline.toml``. What may stand in it,
and in which range, is written in one table, ``pipeline/schema.py``.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.errors import SettingsError
from pipeline.problems import NAMES, Problem, problem_named
from pipeline.schema import PER_PROBLEM, SCHEMA

FOLDER = Path(__file__).parent / "experiments"
DEFAULT = "baseline"


@dataclass(frozen=True)
class Experiment:
    """The resolved settings of one experiment file.

    Parameters
    ----------
    name : str
        The file's name without its ending.
    sections : dict of dict
        Every section with every key; problem tables such as ``[clips.pneumonia]`` are still apart.
    """

    name: str
    sections: dict[str, dict[str, Any]]

    def section(self, name: str, problem: Problem | None = None) -> dict[str, Any]:
        """Return one section, with the tables of a problem's level and of itself merged in.

        Labels of subjects hold for whole recordings: they share the table ``recording``.
        """
        values = self.sections[name]
        shared = {k: v for k, v in values.items() if not isinstance(v, dict)}
        if problem is None:
            return shared
        by_level = values.get("recording" if problem.windowed else "event", {})
        return shared | by_level | values.get(problem.name, {})


def load(name_or_path: str) -> Experiment:
    """Return the experiment of that name, or at that path.

    Raises
    ------
    SettingsError
        If there is no such experiment, it is not valid TOML, or a key or value is not known;
        the message names the nearest known word.
    """
    path = _find(name_or_path)
    own = _read(path)
    sections = _merge(_without_shadows(_defaults(), own), own)
    _check_together(sections, path)
    return Experiment(path.stem, sections)


def names() -> list[str]:
    """Return the names of the experiments that come with the project."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``Did you mean 'x'?`` and the known words, as one or two sentences."""
    known = sorted(known)
    near = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.5)
    hint = f"Did you mean '{near[0]}'? " if near else ""
    return f"{hint}Known here: {', '.join(known)}."


@cache
def _defaults() -> dict[str, dict[str, Any]]:
    return _read(FOLDER / f"{DEFAULT}.toml")


def _find(name_or_path: str) -> Path:
    shipped = FOLDER / f"{name_or_path}.toml"
    if shipped.is_file():
        return shipped
    path = Path(name_or_path).expanduser()
    if path.is_file():
        return path
    raise SettingsError(
        expected="the name of an experiment, or the path of a TOML file",
        found=f"--experiment {name_or_path}",
        where=str(FOLDER),
        action=did_you_mean(name_or_path, names()),
    )


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            expected="a TOML file", found=str(error), where=str(path), action="Mend that line."
        ) from None
    for section, values in content.items():
        _check_section(section, values, path)
    return {section: _typed(section, values) for section, values in content.items()}


def _typed(section: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return `values` in their key's type, so that 20 and 20.0 give the same salt."""
    return {
        key: _typed(section, value) if isinstance(value, dict) else SCHEMA[section][key].type(value)
        for key, value in values.items()
    }


def _check_section(section: str, values: Any, path: Path) -> None:
    if section not in SCHEMA:
        raise _unknown(f"section [{section}]", section, SCHEMA, path)
    if not isinstance(values, dict):
        raise _bad(f"[{section}]", "a table of keys", values, path)
    for key, value in values.items():
        if isinstance(value, dict) and section in PER_PROBLEM:
            _check_problem_table(section, key, value, path)
        elif key not in SCHEMA[section]:
            raise _unknown(f"key '{key}' in [{section}]", key, SCHEMA[section], path)
        else:
            _check_value(f"[{section}] {key}", SCHEMA[section][key], value, path)


def _check_problem_table(section: str, problem: str, values: dict[str, Any], path: Path) -> None:
    if problem not in PER_PROBLEM[section]:
        raise _unknown(f"section [{section}.{problem}]", problem, PER_PROBLEM[section], path)
    for key, value in values.items():
        if key not in SCHEMA[section]:
            raise _unknown(f"key '{key}' in [{section}.{problem}]", key, SCHEMA[section], path)
        _check_value(f"[{section}.{problem}] {key}", SCHEMA[section][key], value, path)


def _check_value(name: str, key: Any, value: Any, path: Path) -> None:
    if not key.accepts(value):
        raise _bad(name, key.expectation(), value, path)


def _check_together(sections: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """Refuse values that are each allowed but contradict one another."""
    spectrogram, splits = sections["spectrogram"], sections["splits"]
    nyquist = spectrogram["sample_rate"] / 2
    if not spectrogram["fmin"] < spectrogram["fmax"] <= nyquist:
        raise _bad(
            "[spectrogram] fmin, fmax",
            f"fmin < fmax <= half the sample rate ({nyquist:g} Hz)",
            (spectrogram["fmin"], spectrogram["fmax"]),
            path,
        )
    if spectrogram["hop_length"] > spectrogram["n_fft"]:
        raise _bad("[spectrogram] hop_length", "at most n_fft", spectrogram["hop_length"], path)
    if spectrogram["n_fft"] % 2:
        raise _bad("[spectrogram] n_fft", "an even number", spectrogram["n_fft"], path)
    for problem in map(problem_named, NAMES):
        experiment = Experiment(path.stem, dict(sections))  # type: ignore[arg-type]
        clips = experiment.section("clips", problem)
        if clips["step_s"] > clips["window_s"]:
            name = f"[clips] step_s for {problem.name}"
            raise _bad(name, "at most window_s", clips["step_s"], path)
    if splits["test_share"] + splits["val_share"] >= 1:
        shares = (splits["test_share"], splits["val_share"])
        raise _bad("[splits] test_share + val_share", "less than 1", shares, path)


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def _without_shadows(
    base: Mapping[str, Mapping[str, Any]], own: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return `base` without the problems' keys that the user sets for all problems at once."""
    kept: dict[str, Any] = dict(base)
    for section in PER_PROBLEM:
        shared = [k for k, v in own.get(section, {}).items() if not isinstance(v, dict)]
        kept[section] = {
            key: {k: v for k, v in value.items() if k not in shared}
            if isinstance(value, dict)
            else value
            for key, value in base[section].items()
        }
    return kept


def _unknown(what: str, word: str, known: Iterable[str], path: Path) -> SettingsError:
    return SettingsError(
        expected="only known sections and keys",
        found=f"the {what}",
        where=str(path),
        action=did_you_mean(word, known),
    )


def _bad(name: str, expected: str, value: Any, path: Path) -> SettingsError:
    return SettingsError(
        expected=f"{name}: {expected}",
        found=repr(value),
        where=str(path),
        action="Change the value; docs/settings.rst lists every key with its unit and range.",
    )
