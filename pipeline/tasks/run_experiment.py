"""All runs of one experiment file: its jobs or its sweep, times seeds, times folds.

What is brought about are trainings and their validation figures, or out-of-fold predictions. The
test side of a run that is no fold is not touched: that is what ``TrainModel`` is for, once a run
was chosen.
"""

from __future__ import annotations

import shlex
from functools import cached_property
from typing import Any

import luigi

from pipeline.compose import ShortName
from pipeline.config import compute
from pipeline.errors import SettingsError
from pipeline.schema import BY_DATASET, SPLIT_MODES
from pipeline.tasks._08_evaluate_folds import EvaluateFolds
from pipeline.tasks.choices import out_of_range
from pipeline.tasks.entry import Entry, TrainModel
from pipeline.tasks.naming import have_name, models_of, name_models
from pipeline.tasks.parameters import (
    DatasetsParameter,
    FoldParameter,
    OnSources,
    WholeNumberParameter,
)
from pipeline.tasks.resources import allow_trainings
from pipeline.tasks.slurm import LOCAL, SLURM
from pipeline.tasks.slurm_there import host_name
from pipeline.tasks.slurm_where import OnCluster, submissions
from pipeline.training import environment


class RunJob(OnSources, ShortName, luigi.Task):
    """One job with one seed: a training, or those of its folds, known by the job's name."""

    experiment = luigi.Parameter(description="the experiment, or FILE#JOB")
    problem = luigi.Parameter(description="as for TrainModel")
    datasets = DatasetsParameter(description="as for TrainModel")
    split = luigi.Parameter(default="default", description="as for TrainModel")
    split_file = luigi.Parameter(default="", significant=False, description="as for TrainModel")
    folds = WholeNumberParameter(default=0, description="as for TrainModel")
    fold = FoldParameter(default="", description="some of the folds, comma-separated; all if none")
    subset = WholeNumberParameter(default=0, description="as for TrainModel")
    seed = WholeNumberParameter(default=0, description="seed of the training")
    description = luigi.Parameter(default="", significant=False, description="shown; no effect")
    where = luigi.Parameter(default=LOCAL, significant=False, description="as for TrainModel")

    def requires(self) -> list[luigi.Task]:
        """Require what has the run's figures: the model, or what its folds predict."""
        return self.goals

    @cached_property
    def goals(self) -> list[Any]:
        """One training, the chosen folds' predictions, or the report over all folds."""
        if not self.fold:
            evaluation = self.training("").evaluation()
            whole = isinstance(evaluation, EvaluateFolds)
            return [evaluation if whole else evaluation.model_task]
        names = [name.strip() for name in self.fold.split(",")]
        return [self.training(name).evaluation().predictions for name in names]

    def training(self, fold: str) -> TrainModel:
        """Return the plain run that this one is without its test side."""
        shared = {
            name: value
            for name, value in self.param_kwargs.items()
            if name not in ("description", "fold")
        }
        return TrainModel(**shared, fold=fold)

    def run(self) -> None:
        """Write down what the user calls these models."""
        name_models(self.models(), self.experiment, self.description)

    def complete(self) -> bool:
        """Return whether the models are there and known by the job's name."""
        there = all(goal.complete() for goal in self.goals)
        return there and have_name(self.models(), self.experiment, self.description)

    def models(self) -> list[Any]:
        """Return the trainings, one per fold."""
        return [model for goal in self.goals for model in models_of(goal)]


class RunExperiment(OnCluster, OnSources, Entry):
    """Train every job of an experiment file with every seed and fold; test sides stay unseen."""

    experiment = luigi.Parameter(
        description="a TOML file with [[job]] tables or a [sweep], or any other experiment"
    )
    problem = luigi.Parameter(description="as for TrainModel; a job may name another")
    datasets = DatasetsParameter(default=("simulated",), description="data sets, comma-separated")
    split = luigi.ChoiceParameter(
        default="default", choices=SPLIT_MODES, description="as for TrainModel"
    )
    split_file = luigi.Parameter(default="", description="the csv of --split file")
    folds = WholeNumberParameter(default=0, description="train on all of so many folds")
    fold = FoldParameter(
        default="", description="only these folds, comma-separated: for a quick comparison"
    )
    seeds = WholeNumberParameter(default=1, description="training seeds: 0 up to one less")
    subset = WholeNumberParameter(default=0, description="as for TrainModel")
    description = luigi.Parameter(
        default="", significant=False, description="shown beside the runs; no effect on them"
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        allow_trainings()

    def goal(self) -> list[Any]:
        """Return every job with every seed; with ``--dry-run`` only what they would submit.

        Where the cluster shares this machine's disk, what submits them together.
        """
        if self._is_together():
            together = self._together()
            return together.requires() if self.dry_run else [together]
        if not self.dry_run:
            return list(self.runs)
        return submissions(model for run in self.runs for model in run.models())

    @cached_property
    def runs(self) -> list[RunJob]:
        """Every job with every seed, each checked before the first one starts."""
        from pipeline.runs.jobs import budget_of, jobs_of, refuse_over_budget
        from pipeline.settings import locate

        if self.seeds < 1:
            raise out_of_range("--seeds", "1 and more", self.seeds)
        path, only = locate(self.experiment)
        jobs = jobs_of(self.experiment)
        if only:
            from pipeline.runs.jobs import named

            jobs = [named(only, jobs)]
        runs = [run for job in jobs for run in self._of_job(job, str(path))]
        n_trainings = sum(_n_trainings(run) for run in runs)
        refuse_over_budget(None if only else budget_of(self.experiment), n_trainings, str(path))
        return runs

    def run(self) -> None:
        """Say what was made; with ``--dry-run`` print what would be submitted."""
        if self.dry_run and self._is_together():
            self._together().show()
        super().run()

    def _is_together(self) -> bool:
        return self.where == SLURM and not host_name()

    def _together(self) -> Any:
        from pipeline.tasks.slurm_together import SubmitTogether

        return self.clone(SubmitTogether)

    def complete(self) -> bool:
        """Return whether all runs are there; if not, refuse a device that is not there at once."""
        # What --dry-run requires is made by then, and still nothing was shown.
        is_shown = self.dry_run and self._is_together()
        done = all(run.complete() for run in self.runs) if is_shown else super().complete()
        if not done and self.where == LOCAL:
            environment.variables_of(compute().device)
        if not done:
            self.refuse_no_cluster()
        return done

    def shown(self) -> str:
        """Return how the runs are compared, and how one of them is evaluated."""
        if self.dry_run:
            return "Nothing was submitted (--dry-run)."
        problems = dict.fromkeys(run.problem for run in self.runs)
        lines = [f"Runs: {len(self.runs)}, of {', '.join(dict.fromkeys(map(_label, self.runs)))}"]
        for problem in problems:
            words = ["luigi", "--module", "pipeline", "CompareRuns", "--problem", problem]
            lines.append(f"Compare: {shlex.join(words)}")
        return "\n".join(lines)

    def _of_job(self, job: Any, path: str) -> list[RunJob]:
        asked = {
            "problem": self.problem,
            "datasets": self.datasets,
            "split": self.split,
            "folds": self.folds,
            "fold": self.fold,
            "subset": self.subset,
            **job.asked,
        }
        n_seeds = asked.pop("seeds", self.seeds)
        name = f"{path}#{job.name}" if job.name else self.experiment
        further = {
            "split_file": self.split_file if asked["split"] == "file" else "",
            "description": job.description or self.description,
            "fetch": self.fetch,
            "snapshot": self.snapshot,
            "where": self.on_cluster()["where"],
        }
        runs = [RunJob(experiment=name, **asked, **further, seed=seed) for seed in range(n_seeds)]
        try:
            _ = runs[0].goals  # whatever the parameters have against each other is said now
        except SettingsError as error:
            if not job.name or f"job '{job.name}'" in error.where:
                raise
            raise SettingsError(
                expected=error.expected,
                found=error.found,
                where=f"{path}, job '{job.name}' ({error.where})",
                action=error.action,
            ) from None
        return runs


def _n_trainings(run: RunJob) -> int:
    if run.fold:
        return len(run.goals)
    return run.folds or (len(run.datasets) if run.split == BY_DATASET else 1)


def _label(run: RunJob) -> str:
    return run.experiment.rpartition("#")[2]
