"""What a salt is made of, and what made it change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import luigi

from pipeline.compose import SaltedTask
from pipeline.contract import read_manifest
from pipeline.errors import ContractError, InputsNotReady, SettingsError
from pipeline.salts import canonical, differences
from pipeline.settings import did_you_mean
from pipeline.tasks.entry import Entry, TrainCrackleWheeze, TrainModel, TrainPneumonia

EXPLAINED = {cls.__name__: cls for cls in (TrainModel, TrainPneumonia, TrainCrackleWheeze)}


class ExplainSalt(TrainModel):
    """Say which parts make up each salt of a run, and what differs from the newest output.

    Nothing is run and nothing is written. Takes the parameters of the task it explains.
    """

    task = luigi.Parameter(description="TrainPneumonia, TrainCrackleWheeze or TrainModel")
    problem = luigi.Parameter(default="", description="needed for --task TrainModel only")

    def complete(self) -> bool:
        """Return whether the explanation was printed."""
        return bool(self.__dict__.get("_printed"))

    def requires(self) -> list[luigi.Task]:
        """Nothing: a salt is explained from what is on disk."""
        return []

    def run(self) -> None:
        """Print the explanation, first stage first."""
        for line in explain(self.explained().evaluation()):
            print(line)
        self.__dict__["_printed"] = True

    def explained(self) -> Entry:
        """Return the task to explain."""
        if self.task not in EXPLAINED:
            raise SettingsError(
                expected="--task with the name of a training task",
                found=self.task,
                where="the command line",
                action=did_you_mean(self.task, EXPLAINED),
            )
        return self.clone(EXPLAINED[self.task])


def explain(task: SaltedTask) -> Iterator[str]:
    """Yield the lines that explain `task` and everything before it."""
    for one in in_flow_order(task):
        yield from _explain_one(one)


def in_flow_order(task: SaltedTask) -> list[SaltedTask]:
    """Return `task` and all salted tasks before it, inputs first, each once."""
    found: dict[str, SaltedTask] = {}

    def visit(one: Any) -> None:
        if isinstance(one, SaltedTask) and one.task_id not in found:
            for _, required in one.named_inputs():
                visit(required)
            found[one.task_id] = one

    visit(task)
    return list(found.values())


def _explain_one(task: SaltedTask) -> Iterator[str]:
    try:
        record, path = task.record(), task.output().path
    except InputsNotReady as error:
        yield f"{task.task_family}: {_verb(task)}; first it needs {error.expected}"
        yield from (f"    also {line}" for line in _own_differences(task))
        return
    state = "is there" if task.complete() else _why(task, record)
    yield f"{task.task_family} {path.name}: {state}"
    yield f"    version {record['version']}"
    for group in ("parameters", "settings", "inputs"):
        yield from (f"    {group[:-1]} {k} = {_show(v)}" for k, v in record[group].items())


def _why(task: SaltedTask, record: dict[str, Any]) -> str:
    newest = _newest_record(task)
    if newest is None:
        return f"{_verb(task)} because there is no output yet"
    return f"{_verb(task)} because " + "; ".join(differences(newest, record))


def _own_differences(task: SaltedTask) -> list[str]:
    """Return what differs from the newest output beside the inputs, which are not there yet."""
    newest = _newest_record(task)
    if newest is None:
        return []
    return differences({**newest, "inputs": {}}, {**task.own_record(), "inputs": {}})


def _verb(task: SaltedTask) -> str:
    return "would retrain" if task.task_family == "TrainNetwork" else "would run"


def _newest_record(task: SaltedTask) -> dict[str, Any] | None:
    """Return the record of the newest whole output of the same task."""
    for path in type(task).output.siblings(task):
        record = _record_of(path, task)
        if record is not None:
            return record
    return None


def _record_of(path: Path, task: SaltedTask) -> dict[str, Any] | None:
    try:
        manifest = read_manifest(path, task.kind)
    except ContractError:
        return None
    record = manifest.get("lineage", {}).get(manifest.get("salt"))
    return record if record and record["task"] == task.task_family else None


def _show(value: Any) -> str:
    return value if isinstance(value, str) else canonical(value)
