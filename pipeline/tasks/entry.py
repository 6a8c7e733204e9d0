"""The tasks that a user names on the command line."""

from __future__ import annotations

import atexit
import multiprocessing
import shlex
from pathlib import Path
from typing import Any

import luigi

from pipeline.compose import plain, settings_parameters
from pipeline.config import compute
from pipeline.contract import read_json
from pipeline.errors import SettingsError
from pipeline.schema import PROBLEMS
from pipeline.settings import Experiment, load
from pipeline.tasks._07_train import ExistingModel
from pipeline.tasks._08_evaluate import EvaluateNetwork, EvaluateOnDatasets
from pipeline.tasks.parameters import (
    SIMULATED,
    DatasetsParameter,
    OptionalWholeNumberParameter,
    WholeNumberParameter,
)
from pipeline.training import environment

ALL_ON_TEST_SIDE = {"mode": "test-only"}


class Entry(luigi.WrapperTask):
    """Base: says where the report is, whether it was made now or was there already."""

    def evaluation(self) -> Any:
        """Return the task that writes the report."""
        raise TypeError(f"{type(self).__name__} does not say which evaluation it asks for")

    def requires(self) -> Any:
        """Require the evaluation, which brings everything before it about."""
        return self.evaluation()

    def complete(self) -> bool:
        """Return whether the report is there; if not, refuse a device that is not there at once."""
        done = super().complete()
        if not done:
            environment.variables_of(compute().device)
        return done

    def run(self) -> None:
        """Print the path of the report that was just made."""
        say_last(f"Report: {self.evaluation().report}")

    def command(self) -> str:
        """Return the command line that names this task."""
        words = ["luigi", "--module", "pipeline", self.task_family]
        defaults = dict(self.get_params())
        for name, value in self.to_str_params(only_significant=True).items():
            parameter = defaults[name]
            if not parameter.has_task_value(self.task_family, name) or value != parameter.serialize(
                parameter.task_value(self.task_family, name)
            ):
                words += [f"--{name}", value]
        return shlex.join(words)


class TrainModel(Entry):
    """Train and evaluate one model: all eight stages."""

    problem = luigi.ChoiceParameter(choices=PROBLEMS, description="what is to be recognised")
    datasets = DatasetsParameter(
        default=("simulated",),
        description="data sets, comma-separated: icbhi, jordan, sprsound, simulated",
    )
    experiment = luigi.Parameter(
        default="baseline",
        description="how it is computed: baseline, demo, smoke, or the path of a TOML file",
    )
    subset = WholeNumberParameter(
        default=0, description="development sample: subjects per class and side; 0 = all"
    )
    fold = OptionalWholeNumberParameter(
        default=None, description="cross-validation fold, from 0; none = the default split"
    )
    seed = WholeNumberParameter(default=0, description="seed of the training")

    def evaluation(self) -> EvaluateNetwork:
        """Return the evaluation, with each settings section that a stage reads."""
        from pipeline.problems import refuse_unsuited

        experiment = load(self.experiment)
        refuse_unsuited(self.problem, self.datasets)
        sections = {
            name: experiment.section(parameter.section, self.problem)
            for name, parameter in settings_parameters(EvaluateNetwork)
        }
        self._check(sections["splits_settings"]["n_folds"])
        sections["simulated_settings"] = _if_simulated(self.datasets, experiment)
        # What has no effect on this run must not make another run of it.
        if not self.subset:
            sections["subset_settings"] = {}
        if self.problem != "pneumonia":
            sections["labels_settings"] = {}
        return EvaluateNetwork(
            problem=self.problem,
            datasets=self.datasets,
            fold=self.fold,
            subset=self.subset,
            seed=self.seed,
            command=self.command(),
            **sections,
        )

    def _check(self, n_folds: int) -> None:
        if self.fold is not None and not 0 <= self.fold < n_folds:
            raise _out_of_range("--fold", f"0 to {n_folds - 1} ([splits] n_folds)", self.fold)
        if not 0 <= self.seed < 2**32:
            raise _out_of_range("--seed", "a number from 0 to 4294967295", self.seed)
        if self.subset < 0:
            raise _out_of_range("--subset", "0 (all) or a number of subjects", self.subset)


class TrainPneumonia(TrainModel):
    """Train and evaluate a network that tells pneumonia from every other known diagnosis."""

    problem = "pneumonia"


class TrainCrackleWheeze(TrainModel):
    """Train and evaluate a network that hears crackles and wheezes in each respiratory event."""

    problem = "crackle_wheeze"


class EvaluateModel(Entry):
    """Score an existing model folder on data sets it has not seen."""

    model = luigi.Parameter(description="path of a model folder (07_models/...)")
    datasets = DatasetsParameter(description="data sets, comma-separated")
    experiment = luigi.Parameter(
        default="baseline", description="where [evaluate] and [simulated] are taken from"
    )

    def evaluation(self) -> EvaluateOnDatasets:
        """Return the evaluation: everything but [evaluate] is as the model was trained."""
        salt = ExistingModel(model=self.model).salt  # reads and verifies the folder first
        trained = _trained_record(self.model)
        experiment = load(self.experiment)
        sections = {
            name: trained["settings"].get(parameter.section, {})
            for name, parameter in settings_parameters(EvaluateOnDatasets)
        }
        sections["simulated_settings"] = _if_simulated(self.datasets, experiment)
        sections["evaluate_settings"] = experiment.section("evaluate")
        sections["splits_settings"] = ALL_ON_TEST_SIDE
        return EvaluateOnDatasets(
            model=self.model,
            model_salt=salt,
            problem=trained["problem"],
            datasets=self.datasets,
            command=self.command(),
            **{name: plain(section) for name, section in sections.items()},
        )


def _if_simulated(datasets: tuple[str, ...], experiment: Experiment) -> dict[str, Any]:
    """Return [simulated], or nothing where no simulated recording takes part."""
    return experiment.section(SIMULATED) if SIMULATED in datasets else {}


def _trained_record(model: str) -> dict[str, Any]:
    return read_json(Path(model) / "record.json")


def _out_of_range(name: str, expected: str, value: Any) -> SettingsError:
    return SettingsError(
        expected=f"{name}: {expected}",
        found=str(value),
        where="the command line",
        action="Change the value.",
    )


@luigi.Task.event_handler(luigi.Event.DEPENDENCY_PRESENT)
def say_what_is_there(task: luigi.Task) -> None:
    """Tell the user that a complete run was left as it is, and where its report lies."""
    if isinstance(task, Entry):
        say_last(f"Nothing to do: everything is there already.\nReport: {task.evaluation().report}")


@luigi.Task.event_handler(luigi.Event.START)
def end_with_luigi(task: luigi.Task) -> None:
    """With ``--workers 2`` tasks run in forks, which Luigi would leave behind when it is killed."""
    from pipeline.processes import tie_to_parent

    tie_to_parent()


def say_last(text: str) -> None:
    """Print when the process ends, below Luigi's own log; in a worker's fork, at once."""
    if multiprocessing.parent_process() is None:
        atexit.register(print, text, flush=True)
    else:
        print(text, flush=True)
