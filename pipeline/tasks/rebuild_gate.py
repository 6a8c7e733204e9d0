"""What predicts the gate side: each model with its own settings, both on today's truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.contract import read_json, read_manifest
from pipeline.errors import ContractError, SettingsError
from pipeline.problems import problem_named
from pipeline.settings import load
from pipeline.tasks._07_train import ExistingModel, TrainNetwork
from pipeline.tasks._08_predict import PredictWithModel
from pipeline.tasks.choices import hash_of
from pipeline.tasks.evaluate_model import as_trained
from pipeline.tasks.rebuild_parts import Standing

_ELSE = "or make another one champion (RollBack)."


def predictions_on_gate(
    task: Any, model: Path, champion: str, sides: Standing
) -> dict[str, PredictWithModel]:
    """Return what predicts the gate side: with the new model, and with another champion.

    Nothing as long as nobody is on it.

    Parameters
    ----------
    task : RebuildProblem
    model : Path
        The new model's folder.
    champion : str
        The name of the champion's; "": there is none.
    sides : Standing

    Raises
    ------
    ContractError
        The champion's folder is gone or damaged.
    SettingsError
        The champion was trained for other labels.
    """
    models = {"new": model}
    if champion and champion != model.name:
        models["champion"] = task.champions.models / champion
        _refuse_gone(models["champion"])
        _refuse_other_labels(models["champion"], task.problem)
    if not sides.has_gate():
        return {}
    return {name: _prediction(task, path, sides.path) for name, path in models.items()}


def _prediction(task: Any, model: Path, split_file: Path) -> PredictWithModel:
    trained, experiment = read_json(model / "record.json"), load(task.experiment)
    problem = problem_named(task.problem)
    sections = as_trained(PredictWithModel, trained, experiment, task.datasets)
    # The truth is today's for both: words that are understood since then make no difference.
    sections["problem_settings"] = problem.content
    sections["labels_settings"] = experiment.section("labels") if problem.healthy else {}
    return PredictWithModel(
        model=str(model),
        model_salt=ExistingModel(model=str(model)).salt,
        problem=problem.name,
        datasets=task.datasets,
        split="gate-only",
        split_file=str(split_file),
        split_file_hash=hash_of(split_file),
        **task.states(),
        **sections,
    )


def _refuse_gone(champion: Path) -> None:
    try:
        read_manifest(champion, TrainNetwork.kind, checksums=True)
    except ContractError as error:
        raise ContractError(
            expected="the champion's folder, whole",
            found=error.found,
            where=error.where,
            action=f"Bring it back (PullModel, or a backup), {_ELSE}",
        ) from None


def _refuse_other_labels(champion: Path, problem: str) -> None:
    known = tuple(read_json(champion / "record.json")["settings"]["problem"]["labels"])
    labels = problem_named(problem).labels
    if known != labels:
        raise SettingsError(
            expected=f"the labels that the champion was trained for: {', '.join(known)}",
            found=", ".join(labels),
            where=problem,
            action=f"Begin a line of its own for the new ones (--line), {_ELSE}",
        )
