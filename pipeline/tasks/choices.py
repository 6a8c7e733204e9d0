"""What a user's choice of a split comes to: mode, fold, and the settings that still matter."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import SettingsError
from pipeline.schema import LEAVE_ONE_OUT

#: Modes that may be cut into folds.
FOLDED = ("default", "grouped", *LEAVE_ONE_OUT)


@dataclass(frozen=True)
class SplitChoice:
    """How to split.

    Attributes
    ----------
    mode : str
        One of `pipeline.schema.SPLIT_MODES`.
    fold : str
        One fold, or "".
    all_folds : bool
        Whether every fold is to be trained, and all of them reported as one result.
    settings : dict
        Section [splits] without what has no effect: it must not make another run.
    file_hash : str
        Sha256 of the csv of mode ``file``, else "".
    """

    mode: str
    fold: str
    all_folds: bool
    settings: dict[str, Any]
    file_hash: str


def choose_split(
    mode: str, fold: str, n_folds: int, split_file: str, settings: Mapping[str, Any]
) -> SplitChoice:
    """Return the choice behind ``--split``, ``--fold``, ``--folds`` and ``--split-file``.

    Raises
    ------
    SettingsError
        They contradict one another, or the fold or the file is not there.
    """
    if (fold or n_folds) and mode not in FOLDED:
        given = f"--fold {fold}" if fold else f"--folds {n_folds}"
        raise _contradiction(f"--split {mode} without folds", given)
    held_out = mode in LEAVE_ONE_OUT
    if held_out and n_folds:
        raise _contradiction(f"--split {mode}, whose folds are what it leaves out", "--folds")
    if n_folds < 0 or n_folds == 1:
        raise out_of_range("--folds", "0 (none), or 2 and more", n_folds)
    if fold or n_folds:
        mode = mode if held_out else "grouped"
    settings = dict(settings) | ({"n_folds": n_folds} if n_folds else {})
    if mode == "grouped" and fold:
        _check_number(fold, settings["n_folds"])
    return SplitChoice(
        mode=mode,
        fold=fold,
        all_folds=bool(n_folds or held_out) and not fold,
        settings=_effective(settings, mode, bool(fold or n_folds)),
        file_hash=_hash_of(mode, split_file),
    )


def out_of_range(name: str, expected: str, value: Any) -> SettingsError:
    """Return the error for a value on the command line that cannot be used."""
    return SettingsError(
        expected=f"{name}: {expected}",
        found=str(value),
        where="the command line",
        action="Change the value.",
    )


def _effective(settings: dict[str, Any], mode: str, folded: bool) -> dict[str, Any]:
    idle = {"n_folds"} if not folded or mode in LEAVE_ONE_OUT else set()
    if folded or mode in (*LEAVE_ONE_OUT, "official", "official-clean", "file"):
        idle.add("test_share")
    return {name: value for name, value in settings.items() if name not in idle}


def _check_number(fold: str, n_folds: int) -> None:
    if not fold.isdecimal() or int(fold) >= n_folds or fold != str(int(fold)):
        raise out_of_range("--fold", f"0 to {n_folds - 1} (--folds, or [splits] n_folds)", fold)


def _hash_of(mode: str, split_file: str) -> str:
    if mode != "file":
        if split_file:
            raise _contradiction("--split-file with --split file only", f"--split {mode}")
        return ""
    try:
        return hashlib.sha256(Path(split_file).expanduser().read_bytes()).hexdigest()
    except OSError as error:
        raise SettingsError(
            expected="--split-file with the path of a csv: a column side, and who is on it",
            found=f"{split_file or 'none'} ({error.strerror})",
            where="the command line",
            action="Name a file that is there; docs/splits.rst shows its form.",
        ) from None


def _contradiction(expected: str, found: str) -> SettingsError:
    return SettingsError(
        expected=expected,
        found=found,
        where="the command line",
        action="Leave one of them out; docs/splits.rst tells what goes together.",
    )
