"""The trainings of an experiment submitted together, as job arrays (`pipeline.remote.slurm_array`).

For a cluster whose disk is this machine's; over ssh every training is a job of its own.
"""

from __future__ import annotations

import logging
import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from luigi.task import flatten

from pipeline.config import cluster
from pipeline.errors import ClusterError, InputsNotReady
from pipeline.remote.slurm_array import (
    Element,
    Group,
    array_script,
    grouped,
    held_free,
    most_at_once,
    submit_array,
)
from pipeline.remote.slurm_asked import warning
from pipeline.remote.slurm_cluster import DEFAULT_ARRAY_SIZE, Cluster, OutOfReach
from pipeline.remote.slurm_run import no_answer
from pipeline.remote.slurm_script import job_name
from pipeline.tasks._07_train import TrainNetwork
from pipeline.tasks.run_experiment import RunExperiment
from pipeline.tasks.slurm_here import SharedDisk, arrays_of
from pipeline.tasks.slurm_request import array_command, dry_run, newest_epoch, request_for, wishes
from pipeline.training import rundir

logger = logging.getLogger("luigi-interface")


class SubmitTogether(RunExperiment):
    """Submit the trainings of an experiment that are not there as job arrays, then follow them."""

    def requires(self) -> list[Any]:
        """Require what the trainings need, but for other trainings."""
        needed = [one for model in self._missing() for one in flatten(model.requires())]
        return [one for one in dict.fromkeys(needed) if not isinstance(one, TrainNetwork)]

    def run(self) -> Iterator[Any]:  # type: ignore[override]  # Luigi takes either
        """Submit; every training then follows its own job."""
        submit_together(self._ready(), self.problem, str(self.experiment_label()))
        yield list(self.runs)

    def show(self) -> None:
        """Print what would be submitted."""
        show_together(self._ready(), self.problem, str(self.experiment_label()))

    def complete(self) -> bool:
        """Return whether all runs are there."""
        return all(run.complete() for run in self.runs)

    def _ready(self) -> list[Any]:
        return [model for model in self._missing() if _is_ready(model)]

    def _missing(self) -> list[Any]:
        models = [model for run in self.runs for model in run.models()]
        return [model for model in dict.fromkeys(models) if not model.complete()]


def submit_together(models: Sequence[Any], problem: str, label: str) -> None:
    """Submit those trainings that have no job and no result, where there are two or more."""
    slurm = Cluster()
    wanted = [model for model in models if not _has_result(model)]
    if len(wanted) < 2:
        return
    arrays = arrays_of(wanted[0].run_dir)
    try:
        most = most_at_once(slurm.max_array_size())
        for first in range(0, len(wanted), most):
            elements = [_element(model) for model in wanted[first : first + most]]
            with held_free(elements, arrays, slurm) as free:
                for group in grouped(free, problem, label, _warning, most):
                    job_id = submit_array(group, arrays, slurm, array_command)
                    n, name = len(group.elements), group.request.name
                    logger.info("%d trainings submitted as job array %s (%s)", n, job_id, name)
    except OutOfReach as error:
        raise no_answer(error, label) from None
    except ClusterError as error:
        # A limit on jobs of one user refuses an array whose trainings would pass one by one.
        logger.warning("No job array; every training is submitted by itself: %s", error)


def show_together(models: Sequence[Any], problem: str, label: str) -> None:
    """Print the arrays that would be submitted, one job's script, and jobs of their own."""
    elements = {_element(model): model for model in models}
    groups = grouped(elements, problem, label, _warning, most_at_once(DEFAULT_ARRAY_SIZE))
    for group in groups:
        print(_shown(group), flush=True)
    together = {one for group in groups for one in group.elements}
    for one in together and [groups[0].elements[0]]:
        print(f"# Each element runs a script such as that of {one.run_dir.name}:\n")
        print(dry_run(elements[one]), flush=True)
    for one in elements.keys() - together:
        print(dry_run(elements[one]), flush=True)


def _shown(group: Group) -> str:
    folder = arrays_of(group.elements[0].run_dir) / group.request.name
    command = array_command(group.request, folder, len(group.elements))
    script = array_script(command, [one.run_dir.name for one in group.elements])
    return f"{shlex.join(command)}\n\n{script}"


def _element(model: Any) -> Element:
    site, n_requeues = SharedDisk(model), cluster().max_resubmits
    return Element(
        run_dir=model.run_dir.resolve(),
        name=job_name(model.problem, model.label, model.salt),
        size=lambda record, epoch: request_for(model, record, epoch),
        prepare=lambda request: site.prepare(request, n_requeues),
        epoch=lambda: newest_epoch(model.run_dir),
    )


def _warning(time_s: int) -> int:
    return warning(wishes().warn_s, time_s)


def _has_result(model: Any) -> bool:
    """Return whether a result only waits to be taken in."""
    if rundir.finished_output(model.run_dir, model.kind) is not None:
        return True
    return SharedDisk(model).take_earlier()


def _is_ready(model: Any) -> bool:
    """Return whether a training's inputs are there: not where it extends one that is not."""
    try:
        return bool(model.salt) and all(one.complete() for one in flatten(model.requires()))
    except InputsNotReady:
        return False
