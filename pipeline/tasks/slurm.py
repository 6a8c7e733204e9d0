"""A training on a cluster that Slurm runs, as Luigi's task sees it.

What differs between a cluster whose disk is this one and one that is reached over ssh is in
`slurm_here` and `slurm_there`.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.config import cluster, paths, ssh_config
from pipeline.errors import ClusterError, RemoteError, TrainingError
from pipeline.progress import show_in_luigi
from pipeline.remote.slurm_cluster import Cluster, OutOfReach
from pipeline.remote.slurm_follow import Follower
from pipeline.remote.slurm_history import cluster_entry, shown, with_peak
from pipeline.remote.slurm_host import RemoteHost
from pipeline.remote.slurm_queue import SharedQueue
from pipeline.remote.slurm_record import JobRecord, read_record
from pipeline.remote.slurm_run import ClusterRun, JobFailed, no_answer
from pipeline.remote.slurm_script import ENDS, job_name
from pipeline.remote.slurm_state import read_ends
from pipeline.tasks.slurm_here import SharedDisk, arrays_of
from pipeline.tasks.slurm_request import MODELS, request_for, wishes, work_of
from pipeline.tasks.slurm_there import OverSsh, host_name, refuse_without_host
from pipeline.training import rundir

logger = logging.getLogger("luigi-interface")

LOCAL, SLURM = "local", "slurm"


def refuse_without_slurm() -> None:
    """Raise where no Slurm can be reached, before any stage runs."""
    if host_name():
        refuse_without_host(host_name(), ssh_config())
    elif shutil.which("sbatch") is None:
        raise ClusterError(
            expected="sbatch, which hands work to Slurm, on the PATH",
            found="no such program",
            where="--where slurm",
            action="Name a login node that ssh reaches ([cluster] host), run this on a login node "
            "of the cluster that sees these data, or leave --where at local.",
        )


def run_dir_of(local: Path) -> Path:
    """Return where a run directory lies on a disk that the cluster shares: on fast storage, if any.

    Of a cluster that is reached over ssh this is the side that is here.
    """
    work_dir = cluster().work_dir.strip()
    if not work_dir or host_name():
        return local
    return Path(work_dir).expanduser().resolve() / "runs" / local.name


@contextlib.contextmanager
def cluster_at(host: str) -> Iterator[Cluster]:
    """Give the cluster that is reached by a host; empty: this machine's."""
    if not host:
        yield Cluster()
        return
    with RemoteHost(host, ssh_config()) as there:
        yield Cluster(there.slurm)


def train_on_slurm(task: Any) -> None:
    """Bring a training's output about on the cluster: submit it, or find it again, and follow it.

    Raises
    ------
    TrainingError
        It failed; the message names why, and what to change.
    ClusterError
        The cluster refuses the job, or does not answer.
    """
    record = read_record(task.run_dir)
    _refuse_other_host(record, task.run_dir)
    with contextlib.closing(site_of(task)) as site:
        try:
            if not (site.host and record.open) and site.take_earlier():
                return
            run = cluster_run(task, site)
            run.finish()
            run.follower.each_second()
        except JobFailed as error:
            raise _failed(run, error) from None
        except OutOfReach as error:
            raise no_answer(error, task.run_dir.name) from None
        except KeyboardInterrupt:
            _tell(task, "the job goes on; the same command follows it, and CancelTraining ends it")
            raise


def site_of(task: Any) -> SharedDisk | OverSsh:
    """Return how the cluster's disk is reached."""
    return OverSsh(task) if host_name() else SharedDisk(task)


def cluster_run(task: Any, site: SharedDisk | OverSsh) -> ClusterRun:
    """Return what submits and follows a training's jobs."""
    slurm, name = Cluster(site.run), job_name(task.problem, task.label, task.salt)
    queue = SharedQueue(slurm, Path(paths().data) / MODELS / ".slurm" / site.host)

    lines = rundir.NewLines(task.run_dir / "train.log")

    def tell(text: str) -> None:
        show()
        _tell(task, text)

    def show() -> None:
        for line in lines.take():
            print(line, flush=True)

    slowest_s = float(cluster().poll_s)
    return ClusterRun(
        run_dir=task.run_dir.resolve(),
        name=name,
        cluster=slurm,
        follower=Follower(slurm, queue, task.run_dir, tell, slowest_s, show, site.bring),
        size=lambda record, epoch: request_for(task, record, epoch),
        prepare=site.prepare,
        has_result=site.has_result,
        epoch=site.epoch,
        tell=tell,
        max_resubmits=cluster().max_resubmits,
        host=site.host,
        arrays=arrays_of(task.run_dir),
    )


def entry_for_record(task: Any, trained: dict[str, Any]) -> dict[str, Any]:
    """Return what a model's record tells of its jobs; {} where there were none."""
    record = read_record(task.run_dir)
    if task.where != SLURM or not record.jobs:
        return {}
    ends = read_ends(task.run_dir / ENDS)
    entry = with_peak(cluster_entry(record, work_of(task), wishes().device, ends), trained)
    _tell(task, shown(entry))
    return entry


def keep_copy(task: Any) -> None:
    """Put a copy of the finished model into backed-up storage, and leave nothing else behind."""
    with contextlib.closing(site_of(task)) as site:
        site.keep(task.output().path)


def refuse_beside_job(run_dir: Path) -> None:
    """Raise where a training is to run here and is on the cluster already."""
    record = read_record(run_dir)
    job = record.open
    if job is None or not job.job_id:
        return
    try:
        with cluster_at(record.host) as slurm:
            state = slurm.job(job.job_id)
    except (ClusterError, RemoteError, OutOfReach):
        state = None
    if state is not None and not state.has_ended:
        raise ClusterError(
            expected="a training that nobody else does",
            found=f"job {job.job_id}, which is {state.state.lower()}",
            where=str(run_dir),
            action="Follow it with --where slurm, or end it with CancelTraining.",
        )


def _refuse_other_host(record: JobRecord, run_dir: Path) -> None:
    """Raise where a job may be under way on another cluster than the one that is named now."""
    if record.open and record.host != host_name():
        raise ClusterError(
            expected=f"[cluster] host = {record.host or '(empty)'}, where this training was sent",
            found=f"[cluster] host = {host_name() or '(empty)'}",
            where=str(run_dir),
            action="Name that host again, to follow the job or to end it (CancelTraining).",
        )


def _tell(task: Any, text: str) -> None:
    logger.info("%s: %s", task.task_family, text)
    show_in_luigi(task, 0, 1, text)


def _failed(run: ClusterRun, error: JobFailed) -> TrainingError:
    job = read_record(run.run_dir).last
    number = job.job_id if job else ""
    words = rundir.last_lines(run.run_dir / "train.log")
    return TrainingError(
        expected=f"job {number} ({run.name}) to end well",
        found=f"{error.failure.kind}: {error.failure.found}\nThe trainer's last lines:\n{words}",
        where=f"{run.run_dir / 'train.log'}, {run.run_dir / f'slurm-{number}.out'}",
        action=error.failure.action,
    )
