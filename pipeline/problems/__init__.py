"""The problems: what a model can be trained for, as declarative TOML files beside this module.

No pandas here: every command line is checked against this before anything is loaded. The form of
a file is `description.Problem`; docs/problems.rst explains how to write one.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from pipeline import datasets
from pipeline.errors import SettingsError
from pipeline.problems.description import Problem
from pipeline.problems.reading import described
from pipeline.problems.words import means_something, read_word

__all__ = ["NAMES", "Problem", "problem_named", "read_word", "refuse_unsuited", "served_by"]

FOLDER = Path(__file__).parent
#: The problems that come with the project.
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def problem_named(name_or_path: str) -> Problem:
    """Return a shipped problem by name, or the one that a user's TOML file states.

    Raises
    ------
    SettingsError
        There is no such problem, or the file cannot be used; the message says what is wrong.
    """
    if name_or_path in NAMES:
        return _read(FOLDER / f"{name_or_path}.toml")
    path = Path(name_or_path).expanduser()
    if path.suffix == ".toml" or path.is_file():
        return _own(path)
    near = difflib.get_close_matches(name_or_path, NAMES, n=1)
    raise SettingsError(
        expected=f"a problem among: {', '.join(NAMES)}; or the path of a .toml file",
        found=repr(name_or_path),
        where="--problem",
        action=f"Did you mean '{near[0]}'?" if near else "Name one of these problems.",
    )


def served_by(problem: Problem) -> list[str]:
    """Return the data sets that have labels for a problem, sorted."""
    return [name for name in datasets.known() if can_serve(problem, name)]


def can_serve(problem: Problem, dataset: str) -> bool:
    """Say whether a data set has words, in the problem's column, that mean one of its labels.

    A user's own folder may hold any words; whether they mean something is seen when it is read.
    """
    if problem.datasets and dataset not in problem.datasets:
        return False
    words = datasets.load(dataset).classes.get(problem.column)
    return words is not None and (not words or means_something(problem, words))


def refuse_unsuited(problem: Problem, names: Iterable[str]) -> None:
    """Refuse data sets that have no labels for a problem.

    Raises
    ------
    SettingsError
        One of the data sets cannot serve the problem; the message lists those that can.
    """
    unable = sorted(name for name in set(names) if not can_serve(problem, name))
    if unable:
        raise SettingsError(
            expected=f"data sets that can serve {problem.name}: {', '.join(served_by(problem))}",
            found=f"{', '.join(unable)}, without labels for it",
            where="--datasets",
            action=f"leave out {', '.join(unable)}, or choose another problem",
        )


def _own(path: Path) -> Problem:
    if not path.is_file():
        raise SettingsError(
            expected="the path of a TOML file that states a problem",
            found="no such file" if not path.exists() else "no file",
            where=str(path),
            action=f"Name a file that is there, or one of: {', '.join(NAMES)}.",
        )
    if not _NAME.fullmatch(path.stem) or path.stem in NAMES:
        raise SettingsError(
            expected="a file name of letters, digits, - and _, that is no shipped problem's",
            found=path.name,
            where=str(path.parent),
            action="Rename the file: its name becomes the problem's.",
        )
    return _read(path)


@cache
def _read(path: Path) -> Problem:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            expected="a TOML file", found=str(error), where=str(path), action="Mend that line."
        ) from None
    return described(path.stem, content, str(path))
