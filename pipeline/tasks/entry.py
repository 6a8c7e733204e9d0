"""The tasks that a user names on the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import luigi

from pipeline import datasets as registry
from pipeline.compose import ShortName, settings_parameters
from pipeline.config import compute, paths
from pipeline.problems import problem_named, refuse_unsuited
from pipeline.schema import PROBLEMS, SPLIT_MODES
from pipeline.settings import Experiment, load
from pipeline.tasks._02_inspect import WriteInspection
from pipeline.tasks._07_train import check_extension
from pipeline.tasks._08_evaluate import EvaluateNetwork
from pipeline.tasks._08_evaluate_folds import EvaluateFolds
from pipeline.tasks._08_oracle import oracle_of
from pipeline.tasks.choices import (
    choose_split,
    out_of_range,
    refuse_ignored,
    refuse_other_than_job,
)
from pipeline.tasks.command import command_line
from pipeline.tasks.last_words import say_last
from pipeline.tasks.naming import have_name, models_of, name_models
from pipeline.tasks.parameters import (
    SIMULATED,
    DatasetsParameter,
    FoldParameter,
    OnSources,
    SplitParameter,
    WholeNumberParameter,
)
from pipeline.tasks.resources import allow_trainings
from pipeline.tasks.slurm_where import OnCluster, submissions
from pipeline.tasks.states import refuse_idle_snapshot
from pipeline.training import environment
from pipeline.variants import check_label


class Entry(ShortName, luigi.WrapperTask):
    """Base: says what was made and where it is, whether it was made now or was there already."""

    def goal(self) -> Any:
        """Return the task that makes what is asked for."""
        raise TypeError(f"{type(self).__name__} does not say what it asks for")

    def shown(self) -> str:
        """Return the last lines for the user."""
        raise TypeError(f"{type(self).__name__} does not say what it shows")

    def requires(self) -> Any:
        """Require the goal, which brings everything before it about."""
        return self.goal()

    def run(self) -> None:
        """Say where it is."""
        say_last(self.shown())

    def command(self) -> str:
        """Return the command line that names this task."""
        return command_line(self)


class EvaluationEntry(Entry):
    """Base of what ends with a report."""

    with_oracle = luigi.BoolParameter(
        default=False,
        significant=False,
        description="show what the best epoch by the test side would score: a use of that side, "
        "and no choice is made by it",
    )

    def goal(self) -> Any:
        """Return the evaluation, or the oracle that comes after it."""
        evaluation = self.evaluation()
        return oracle_of(evaluation) if self.with_oracle else evaluation

    def evaluation(self) -> Any:
        """Return the task that writes the report."""
        raise TypeError(f"{type(self).__name__} does not say which evaluation it asks for")

    def complete(self) -> bool:
        """Return whether the report is there; if not, refuse a device that is not there at once."""
        done = super().complete()
        if not done:
            environment.variables_of(compute().device)
        return done

    def shown(self) -> str:
        """Return what the doctor found, and the path of the report."""
        evaluation = self.evaluation()
        lines = [f"Data ({', '.join(evaluation.datasets)}): {evaluation.inspection.summary()}"]
        if self.with_oracle:
            lines.append(f"Report with oracle: {self.goal().report}")
        return "\n".join([*lines, f"Report: {evaluation.report}"])


class TrainModel(OnCluster, OnSources, EvaluationEntry):
    """Train and evaluate one model, or one per fold: all eight stages."""

    problem = luigi.Parameter(
        description=f"what is to be recognised: {', '.join(PROBLEMS)}, or the path of a TOML file"
    )
    datasets = DatasetsParameter(
        default=("simulated",),
        description="data sets, comma-separated: "
        f"{', '.join(registry.known())}, or folder-NAME for more folders of your own",
    )
    experiment = luigi.Parameter(
        default="baseline",
        description="how it is computed: baseline, demo, smoke, or the path of a TOML file",
    )
    split = SplitParameter(
        default="default",
        description=f"who is tested on: {', '.join(SPLIT_MODES)}. default is the publisher's split "
        "without the subjects on both sides where it can serve, and elsewhere a split by subject; "
        "see docs/splits.rst",
    )
    split_file = luigi.Parameter(
        default="", description="the csv of --split file: a column side, and who is on it"
    )
    folds = WholeNumberParameter(
        default=0, description="train on all of so many folds, and report once over all subjects"
    )
    fold = FoldParameter(
        default="",
        description="one fold only: a number from 0, or the data set or device left out",
    )
    subset = WholeNumberParameter(
        default=0, description="development sample: subjects per class and side; 0 = all"
    )
    seed = WholeNumberParameter(default=0, description="seed of the training")
    extend_epochs = WholeNumberParameter(
        default=0, description="go on with the finished run for so many epochs, as a new run"
    )
    from_epoch = WholeNumberParameter(
        default=0,
        description="the epoch to go on from, if [training] keep_states kept it; 0 = the last",
    )
    description = luigi.Parameter(
        default="", significant=False, description="kept and shown; no effect on the run"
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        allow_trainings()

    def evaluation(self) -> EvaluateNetwork | EvaluateFolds:
        """Return the evaluation, with each settings section that a stage reads."""
        refuse_ignored(sys.argv, self.datasets, paths().folder)
        experiment, problem = load(self.experiment), problem_named(self.problem)
        asked = {"problem": self.problem, "datasets": ",".join(self.datasets)}
        refuse_other_than_job(
            self.experiment, {**asked, "split": self.split, "subset": self.subset}
        )
        refuse_unsuited(problem, self.datasets)
        splits = experiment.section("splits")
        choice = choose_split(
            self.split, self.fold, self.folds, self.split_file, splits, self.datasets
        )
        self._check()
        sections = {
            name: experiment.section(parameter.section, problem)
            for name, parameter in settings_parameters(EvaluateNetwork)
            if parameter.section in experiment.sections
        }
        sections["problem_settings"] = problem.content
        sections["figures_settings"] = problem.figures
        sections["splits_settings"] = choice.settings
        sections["simulated_settings"] = if_simulated(self.datasets, experiment)
        # What has no effect on this run must not make another run of it.
        if not self.subset:
            sections["subset_settings"] = {}
        if not problem.healthy:
            sections["labels_settings"] = {}
        if not sections["variants_settings"]["n_variants"]:
            sections["variants_settings"] = {}
        else:
            check_label(sections["variants_settings"], problem.labels)
        return (EvaluateFolds if choice.all_folds else EvaluateNetwork)(
            problem=problem.name,
            datasets=self.datasets,
            split=choice.mode,
            fold=choice.fold,
            split_file=self.split_file,
            split_file_hash=choice.file_hash,
            subset=self.subset,
            seed=self.seed,
            extend_epochs=self.extend_epochs,
            from_epoch=self.from_epoch,
            command=self.command(),
            description=self.description,
            **where_from(self),
            **self.on_cluster(),
            **sections,
        )

    def goal(self) -> Any:
        """Return the evaluation; with ``--dry-run`` only what its trainings would submit."""
        if not self.dry_run:
            return super().goal()
        return submissions(models_of(self.evaluation()))

    def shown(self) -> str:
        """Return the last lines; of a dry run that it was one."""
        return "Nothing was submitted (--dry-run)." if self.dry_run else super().shown()

    def run(self) -> None:
        """Write the description down, and say where the report is."""
        if self.description and not self.dry_run:
            name_models(models_of(self.evaluation()), self.experiment, self.description)
        super().run()

    def complete(self) -> bool:
        """Return whether report and description are there; an epoch that is not kept is refused."""
        if self.dry_run:
            return luigi.WrapperTask.complete(self)
        done = super().complete()
        if not done:
            self.refuse_no_cluster()
        if not done and self.from_epoch:
            for model in models_of(self.evaluation()):
                model.refuse_not_kept()
        if not (done and self.description):
            return done
        return have_name(models_of(self.evaluation()), self.experiment, self.description)

    def _check(self) -> None:
        check_extension(self.extend_epochs, self.from_epoch)
        if not 0 <= self.seed < 2**32:
            raise out_of_range("--seed", "a number from 0 to 4294967295", self.seed)
        if self.subset < 0:
            raise out_of_range("--subset", "0 (all) or a number of subjects", self.subset)


class TrainPneumonia(TrainModel):
    """Train and evaluate a network that tells pneumonia from every other known diagnosis."""

    problem = "pneumonia"


class TrainCrackleWheeze(TrainModel):
    """Train and evaluate a network that hears crackles and wheezes in each respiratory event."""

    problem = "crackle_wheeze"


class InspectDatasets(OnSources, Entry):
    """Show on one page what data sets hold and everything that is wrong with them."""

    datasets = DatasetsParameter(description="data sets, comma-separated")
    experiment = luigi.Parameter(default="baseline", description="where [simulated] is taken from")

    def goal(self) -> WriteInspection:
        """Return the task that writes the page."""
        simulated = if_simulated(self.datasets, load(self.experiment))
        return WriteInspection(
            datasets=self.datasets, simulated_settings=simulated, **where_from(self)
        )

    def shown(self) -> str:
        """Return the number of findings and the path of the page."""
        return f"Data ({', '.join(self.datasets)}): {self.goal().summary()}"


def where_from(task: Any) -> dict[str, Any]:
    """Return the parameters that say where recordings come from, after a check of the date."""
    refuse_idle_snapshot(task.datasets, task.snapshot, Path(paths().recordings))
    return {"fetch": task.fetch, "snapshot": task.snapshot}


def if_simulated(datasets: tuple[str, ...], experiment: Experiment) -> dict[str, Any]:
    """Return [simulated], or nothing where no simulated recording takes part."""
    return experiment.section(SIMULATED) if SIMULATED in datasets else {}
