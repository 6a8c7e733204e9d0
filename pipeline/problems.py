"""The problems: what a model can be trained for, and which data sets can serve it.

No pandas here: every command line is checked against this before anything is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline import datasets
from pipeline.errors import SettingsError


@dataclass(frozen=True)
class Problem:
    """A question put to the recordings: its name, and its labels in their fixed order."""

    name: str
    labels: tuple[str, ...]


PROBLEMS = {
    problem.name: problem
    for problem in (
        Problem("crackle_wheeze", ("crackle", "wheeze")),
        Problem("pneumonia", ("pneumonia",)),
    )
}


def problem_named(name: str) -> Problem:
    """Return the problem of that name; raises SettingsError, naming the known ones."""
    if name not in PROBLEMS:
        raise SettingsError(
            expected=f"a problem among: {', '.join(sorted(PROBLEMS))}",
            found=repr(name),
            where="--problem",
            action="name one of these problems",
        )
    return PROBLEMS[name]


def refuse_unsuited(problem: str, names: Iterable[str]) -> None:
    """Refuse data sets that have no labels for a problem.

    Raises
    ------
    SettingsError
        One of the data sets cannot serve the problem; the message lists those that can.
    """
    problem_named(problem)
    able = [each for each in datasets.known() if problem in datasets.load(each).problems]
    unable = sorted(set(names) - set(able))
    if unable:
        raise SettingsError(
            expected=f"data sets that can serve {problem}: {', '.join(able)}",
            found=f"{', '.join(unable)}, without labels for it",
            where="--datasets",
            action=f"leave out {', '.join(unable)}, or choose another problem",
        )
