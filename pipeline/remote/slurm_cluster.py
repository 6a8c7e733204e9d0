"""Slurm's commands: submit, look, cancel. How a command reaches the cluster is the caller's.

`run_here` runs it on this machine, which is right wherever ``sbatch`` is on the PATH and the disk
is shared; `slurm_host.RemoteHost.slurm` runs it on the login node of a cluster that is reached over
ssh.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from pipeline.errors import ClusterError
from pipeline.remote.slurm_state import (
    ACCOUNTING_FORMAT,
    QUEUE_FORMAT,
    JobState,
    read_accounting,
    read_job,
    read_queue,
)

#: A controller that does not answer lets its clients wait for long.
SECONDS = 90.0
_OUT_OF_REACH = re.compile(
    r"(?i)unable to contact slurm controller|socket timed out|connection refused|timed out"
    r"|zero bytes were transmitted|connect failure|unable to establish|temporarily unavailable"
    r"|could not establish a configuration source|plugin initialization failed"
)
_ARRAY_SIZE = re.compile(r"(?m)^MaxArraySize\s*=\s*(\d+)")
#: Slurm's own; elements are counted from 0 up to one less.
DEFAULT_ARRAY_SIZE = 1001
_UNKNOWN_JOB = re.compile(r"(?i)invalid job id|no jobs? in the system")


class Answer(NamedTuple):
    """How a command ended."""

    code: int
    output: str
    errors: str


class OutOfReach(Exception):
    """Nobody answers; the jobs go on without that.

    Parameters
    ----------
    said : str
        The last words of the program that asked.
    who : str
        Who does not answer.
    """

    def __init__(self, said: str, who: str = "Slurm's controller"):
        super().__init__(said)
        self.who = who


Runner = Callable[[Sequence[str]], Answer]


def run_here(command: Sequence[str], variables: Mapping[str, str] | None = None) -> Answer:
    """Run a command of Slurm's on this machine."""
    if shutil.which(command[0]) is None:
        raise ClusterError(
            expected=f"{command[0]}, which hands work to Slurm, on the PATH",
            found="no such program",
            where="--where slurm",
            action="Run this on a login node of the cluster, name one that ssh reaches ([cluster] "
            "host), or leave --where at local.",
        )
    try:
        done = subprocess.run(
            list(command),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
            stdin=subprocess.DEVNULL,
            close_fds=False,  # those that are meant to be inherited: `slurm_record.held`
            env=clean(os.environ if variables is None else variables),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Answer(124, "", f"{command[0]} timed out after {SECONDS:.0f} s")
    return Answer(done.returncode, done.stdout, done.stderr)


def clean(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for Slurm's commands: without what an outer job would hand down."""
    kept = {n: v for n, v in variables.items() if not n.startswith("SLURM_") or n in _OURS}
    return {**kept, "LC_ALL": "C.UTF-8"}


_OURS = ("SLURM_CONF", "SLURM_CLUSTERS", "SLURM_JWT")


class Cluster:
    """A cluster that Slurm runs.

    Parameters
    ----------
    run : callable
        Takes a command line, returns an `Answer`.
    """

    def __init__(self, run: Runner = run_here):
        self.run = run

    def submit(self, command: Sequence[str]) -> str:
        """Submit by a command of `slurm_script.sbatch_command`; return the job's number.

        Raises
        ------
        OutOfReach
            There was no answer: whether there is a job now is not known.
        ClusterError
            It was refused.
        """
        answer = self._ask(command)
        job_id = answer.output.strip().splitlines()[-1].partition(";")[0] if answer.output else ""
        if answer.code or not job_id.isdigit():
            raise refused(answer)
        return job_id

    def queue(self) -> dict[str, JobState]:
        """Return all jobs of this user that Slurm has in mind, by number."""
        flags = ["--me", "--states=all", "--array", "--noheader", f"--format={QUEUE_FORMAT}"]
        answer = self._ask(["squeue", *flags])
        if answer.code:
            raise _failed("squeue", answer)
        return read_queue(answer.output)

    def job(self, job_id: str) -> JobState | None:
        """Return what is known of one job; None where neither controller nor accounting know it."""
        answer = self._ask(["scontrol", "show", "job", job_id])
        found = None if answer.code else read_job(answer.output)
        # An element is shown under its array's number, or under one of Slurm's own.
        found = replace(found, job_id=job_id) if found else None
        if found is None and answer.code and not _UNKNOWN_JOB.search(answer.errors):
            raise _failed("scontrol show job", answer)
        if found is not None and not found.has_ended:
            return found
        told = self._accounting(job_id)
        if found is None or told is None:
            return found or told
        return _joined(found, told)

    def active(self, name: str) -> list[str]:
        """Return the numbers of this user's jobs of a name that have not ended."""
        found = self.queue().values()
        return [job.job_id for job in found if job.name == name and not job.has_ended]

    def max_array_size(self) -> int:
        """Return how many elements an array may have here."""
        found = _ARRAY_SIZE.search(self._ask(["scontrol", "show", "config"]).output)
        return int(found[1]) if found else DEFAULT_ARRAY_SIZE

    def cancel(self, job_id: str) -> None:
        """End a job, or take it from the queue; one that has ended is left as it is."""
        answer = self._ask(["scancel", job_id])
        if answer.code and not _UNKNOWN_JOB.search(answer.errors):
            raise _failed("scancel", answer)

    def _accounting(self, job_id: str) -> JobState | None:
        """Return what accounting knows; None where it is off."""
        flags = ["--parsable2", "--noheader", "--noconvert", f"--format={ACCOUNTING_FORMAT}"]
        try:
            answer = self._ask(["sacct", f"--jobs={job_id}", *flags])
        except (OutOfReach, ClusterError):
            return None
        return None if answer.code else read_accounting(answer.output, job_id)

    def _ask(self, command: Sequence[str]) -> Answer:
        answer = self.run(command)
        if answer.code and _OUT_OF_REACH.search(answer.errors):
            raise OutOfReach(answer.errors.strip())
        return answer


def refused(answer: Answer) -> ClusterError:
    """Return the error for a job that was not taken, with what to change."""
    said = answer.errors.strip() or answer.output.strip() or f"exit code {answer.code}"
    return ClusterError(
        expected="sbatch to take the job",
        found=said,
        where="luigi.cfg, [cluster] (or --cluster-...)",
        action="Ask for what the cluster has ('sinfo -l', 'scontrol show partition'), or name the "
        "account and partition that you may use. --dry-run shows what would be submitted.",
    )


def _joined(found: JobState, told: JobState) -> JobState:
    """Return the controller's view with what only accounting has."""
    known = {**vars(told), **{k: v for k, v in vars(found).items() if v not in (None, "")}}
    return JobState(**known)


def _failed(what: str, answer: Answer) -> ClusterError:
    return ClusterError(
        expected=f"an answer from {what}",
        found=answer.errors.strip() or f"exit code {answer.code}",
        where="Slurm",
        action="Run it by hand to see what is wrong; jobs that were submitted go on meanwhile.",
    )
