"""The runs that one experiment file asks for: ``[[job]]`` tables, a ``[sweep]``, or one plain run.

What stands outside of these tables holds for all of them; a job overrides it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.errors import SettingsError
from pipeline.runs import sweep
from pipeline.schema import SCHEMA, SPLIT_MODES
from pipeline.settings import (
    RUN_TABLES,
    Experiment,
    did_you_mean,
    locate,
    read_content,
    resolve,
)

#: What a job may say besides settings: the parameters of RunExperiment that it overrides.
ASKED = ("problem", "datasets", "split", "folds", "fold", "seeds", "subset")
_WORDS = ("name", "description", *ASKED)
_NAME = re.compile(r"[A-Za-z0-9][\w.+=,:-]*")


@dataclass(frozen=True)
class Job:
    """One job of a file.

    Attributes
    ----------
    name : str
        What the file calls it; "" for a file that is one plain run.
    experiment : Experiment
        Its resolved settings.
    asked : dict
        Those of `ASKED` that it states itself.
    description : str
        In the user's words; no part of what is computed.
    """

    name: str
    experiment: Experiment
    asked: dict[str, Any] = field(default_factory=dict)
    description: str = ""


def jobs_of(name_or_path: str) -> list[Job]:
    """Return the jobs of an experiment file, in its order; of ``FILE#JOB`` all of the file.

    Raises
    ------
    SettingsError
        The file, or one of its jobs, holds something that cannot be used; the job is named.
    """
    path, _ = locate(name_or_path)
    content = read_content(path)
    shared = {key: value for key, value in content.items() if key not in RUN_TABLES}
    common = (shared, str(path))
    if all(table in content for table in RUN_TABLES):
        raise _bad(str(path), "[[job]] tables or a [sweep]", "both", "Leave one of them out.")
    if "sweep" in content:
        drawn = sweep.expand(_table(content["sweep"], "sweep", str(path)), str(path))
        return [_job({"name": name, **over}, [common], path) for name, over in drawn.items()]
    if "job" not in content:
        return [Job("", resolve(path.stem, [common]))]
    tables = content["job"]
    if not isinstance(tables, list) or not tables:
        raise _bad(str(path), "[[job]] tables, in double brackets", "[job]", "Write [[job]].")
    resolve(path.stem, [common])  # what all share is refused in the file's name, not in a job's
    jobs = [
        _job(_table(each, f"job {k}", str(path)), [common], path) for k, each in enumerate(tables)
    ]
    _refuse_twice([job.name for job in jobs], path)
    return jobs


def budget_of(name_or_path: str) -> int | None:
    """Return the largest number of trainings that a file's sweep may come to, if it says so."""
    content = read_content(locate(name_or_path)[0])
    return content.get("sweep", {}).get("budget")


def refuse_over_budget(budget: int | None, n_runs: int, where: str) -> None:
    """Raise SettingsError if a sweep comes to more trainings than its budget."""
    if budget is not None and n_runs > budget:
        raise _bad(
            where,
            f"at most budget = {budget} trainings",
            f"{n_runs}: every setting of the [sweep] with every seed and fold",
            "Raise the budget, leave out values, or draw some by lot with n_random.",
        )


def named(name: str, jobs: Sequence[Job]) -> Job:
    """Return the job of that name; raises SettingsError that names the nearest one."""
    for job in jobs:
        if job.name == name:
            return job
    known = [job.name for job in jobs if job.name]
    raise SettingsError(
        expected="the name of a job of that file",
        found=f"#{name}",
        where="--experiment FILE#JOB",
        action=did_you_mean(name, known) if known else "This file is one run: leave out #.",
    )


def _job(content: dict[str, Any], common: list[tuple[Any, str]], path: Path) -> Job:
    name = content.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        expected = "a name for each [[job]], of letters, digits and . _ + = , : -"
        raise _bad(str(path), expected, repr(name), 'Write name = "..." below [[job]].')
    where = f"{path}, job '{name}'"
    for key in content:
        if key not in SCHEMA and key not in _WORDS:
            action = did_you_mean(key, (*SCHEMA, *_WORDS))
            raise _bad(where, "only known sections and keys", f"'{key}'", action)
    # "subset" is both: a number of subjects to ask for, and a section with its seed.
    asked = {
        key: _asked(key, content[key], where)
        for key in ASKED
        if key in content and not (key in SCHEMA and isinstance(content[key], Mapping))
    }
    settings = {key: v for key, v in content.items() if key in SCHEMA and key not in asked}
    description = content.get("description", "")
    if not isinstance(description, str):
        raise _bad(where, "description: a text", repr(description), "Put it into quotes.")
    experiment = resolve(f"{path.stem}#{name}", [*common, (settings, where)])
    return Job(name, experiment, asked, description)


def _asked(key: str, value: Any, where: str) -> Any:
    """Return what a job asks for, as the parameters of RunExperiment take it."""
    many = key in ("datasets", "fold")
    if many and isinstance(value, list) and value:
        return ",".join(str(each) for each in value)
    if key in ("folds", "seeds", "subset"):
        low = 1 if key == "seeds" else 0
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            raise _bad(where, f"{key}: a whole number from {low}", repr(value), "Change it.")
        return value
    if not isinstance(value, (str, int) if key == "fold" else str) or isinstance(value, bool):
        expected = f"{key}: a text{' or a list of texts' if many else ''}"
        raise _bad(where, expected, repr(value), "Put it into quotes.")
    if key == "split" and value not in SPLIT_MODES:
        raise _bad(where, "a known split", repr(value), did_you_mean(str(value), SPLIT_MODES))
    return str(value)


def _table(value: Any, name: str, where: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _bad(where, f"a table [{name}]", repr(value), "See docs/runs.rst.")
    return dict(value)


def _refuse_twice(names: list[str], path: Path) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise _bad(str(path), "each job's name once", f"{twice[0]!r} twice", "Rename one.")


def _bad(where: str, expected: str, found: str, action: str) -> SettingsError:
    return SettingsError(expected=expected, found=found, where=where, action=action)
