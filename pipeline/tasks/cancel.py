"""``CancelTraining``: ends a training on a cluster."""

from __future__ import annotations

from pathlib import Path

import luigi

from pipeline.config import cluster, paths
from pipeline.errors import ClusterError
from pipeline.remote.slurm_array import active_in
from pipeline.remote.slurm_cluster import Cluster, OutOfReach
from pipeline.remote.slurm_record import held, read_record, write_record
from pipeline.tasks.slurm import cluster_at, refuse_without_slurm
from pipeline.tasks.slurm_here import arrays_of
from pipeline.tasks.slurm_request import MODELS
from pipeline.tasks.slurm_there import host_name


class CancelTraining(luigi.Task):
    """End the job of a training; without --salt, say which trainings are on the cluster.

    What it has finished stays: the command that submitted it goes on after its last whole epoch.
    """

    salt = luigi.Parameter(
        default="", description="salt of the run, as its job's name ends, or the job's number"
    )

    def complete(self) -> bool:
        """Return whether it was done."""
        return bool(self.__dict__.get("_done"))

    def run(self) -> None:
        """Cancel, or list."""
        refuse_without_slurm()
        try:
            with cluster_at(host_name()) as slurm:
                self._cancel_or_list(slurm)
        except OutOfReach as error:
            raise ClusterError(
                expected=f"an answer from {error.who}",
                found=str(error),
                action="Run the same command again when it answers.",
            ) from None
        self.__dict__["_done"] = True

    def _cancel_or_list(self, slurm: Cluster) -> None:
        found = running(slurm, host_name())
        if self.salt:
            run_dir, job_id = self._chosen(found)
            cancel(slurm, run_dir, job_id)
            print(f"Cancelled job {job_id} ({run_dir.name}).")
        else:
            lines = [f"job {job_id}: {run_dir.name}" for run_dir, job_id in found]
            print("\n".join(lines) or "No training of these rooms is on the cluster.")

    def _chosen(self, found: list[tuple[Path, str]]) -> tuple[Path, str]:
        chosen = [
            (run_dir, job_id)
            for run_dir, job_id in found
            if job_id == self.salt or run_dir.name.endswith(f"-{self.salt}")
        ]
        if chosen:
            return chosen[0]
        known = "".join(f"\n{run_dir.name} (job {job_id})" for run_dir, job_id in found)
        raise ClusterError(
            expected="the salt or the job's number of a training that is on the cluster",
            found=f"{self.salt!r}; there are:{known or ' none'}",
            where="--salt",
            action="Name one of these.",
        )


def running(slurm: Cluster, host: str = "") -> list[tuple[Path, str]]:
    """Return run directory and job of every training sent to `host` that has not ended."""
    found = []
    for path in sorted(one for folder in _folders() for one in folder.glob("*/slurm.json")):
        record = read_record(path.parent)
        job = record.open
        if job is None or record.host != host:
            continue
        numbers = [job.job_id] if job.job_id else _unnoted(slurm, record.name, path.parent)
        for number in numbers:
            state = slurm.job(number)
            if state is not None and not state.has_ended:
                found.append((path.parent, number))
    return found


def _unnoted(slurm: Cluster, name: str, run_dir: Path) -> list[str]:
    """Return the jobs of a training whose number was not noted, an array's element included."""
    queue = slurm.queue().values()
    named = [job.job_id for job in queue if job.name == name and not job.has_ended]
    return named or active_in(queue, arrays_of(run_dir), run_dir.resolve())


def cancel(slurm: Cluster, run_dir: Path, job_id: str) -> None:
    """End a job and note it: the next command submits anew."""
    slurm.cancel(job_id)
    with held(run_dir):
        record = read_record(run_dir)
        if record.open:
            write_record(run_dir, record.changed(job_id=job_id, kind="cancelled"))


def _folders() -> list[Path]:
    """Return the folders that hold run directories."""
    work_dir = "" if host_name() else cluster().work_dir.strip()
    fast = [Path(work_dir).expanduser() / "runs"] if work_dir else []
    return [Path(paths().data) / MODELS / "runs", *fast]
