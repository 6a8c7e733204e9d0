"""Score a model that is there already: trained here, pulled, or from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import luigi

from pipeline.compose import plain, settings_parameters
from pipeline.contract import read_json
from pipeline.problems import Problem, problem_named, refuse_unsuited
from pipeline.schema import PROBLEMS
from pipeline.settings import Experiment, load
from pipeline.tasks._07_train import ExistingModel
from pipeline.tasks._08_evaluate import EvaluateOnDatasets
from pipeline.tasks.entry import EvaluationEntry, if_simulated, where_from
from pipeline.tasks.parameters import DatasetsParameter, OnSources


class EvaluateModel(OnSources, EvaluationEntry):
    """Score an existing model folder on data sets it has not seen."""

    model = luigi.Parameter(description="path of a model folder (07_models/...)")
    datasets = DatasetsParameter(description="data sets, comma-separated")
    experiment = luigi.Parameter(
        default="baseline", description="where [evaluate] and [simulated] are taken from"
    )

    def evaluation(self) -> EvaluateOnDatasets:
        """Return the evaluation: everything but [evaluate] is as the model was trained."""
        salt = ExistingModel(model=self.model).salt  # reads and verifies the folder first
        trained = read_json(Path(self.model) / "record.json")
        experiment = load(self.experiment)
        sections = as_trained(EvaluateOnDatasets, trained, experiment, self.datasets)
        sections["evaluate_settings"] = experiment.section("evaluate")
        sections["figures_settings"] = _figures_of(trained)
        refuse_unsuited(Problem.of(plain(sections["problem_settings"])), self.datasets)
        return EvaluateOnDatasets(
            model=self.model,
            model_salt=salt,
            problem=trained["problem"],
            datasets=self.datasets,
            split="test-only",
            command=self.command(),
            **where_from(self),
            **{name: plain(section) for name, section in sections.items()},
        )


def as_trained(
    task_class: type[luigi.Task],
    trained: Mapping[str, Any],
    experiment: Experiment,
    datasets: tuple[str, ...],
) -> dict[str, Any]:
    """Return the sections that a task takes to give data to a model as it was trained on others.

    Parameters
    ----------
    trained : mapping
        The model's record.json.
    experiment : Experiment
        Where [simulated] and [limits] come from.
    """
    sections = {
        name: trained["settings"].get(parameter.section, {})
        for name, parameter in settings_parameters(task_class)
    }
    sections["simulated_settings"] = if_simulated(datasets, experiment)
    sections["limits_settings"] = experiment.section("limits")
    return {**sections, "splits_settings": {}}


def _figures_of(trained: Mapping[str, Any]) -> dict[str, Any]:
    """Return how the problem is reported: today's way for a shipped one, else the model's."""
    content = trained["settings"]["problem"]
    if trained["problem"] in PROBLEMS and problem_named(trained["problem"]).content == content:
        return problem_named(trained["problem"]).figures
    return trained["settings"]["figures"]
