"""The life of a training on a cluster: found again or submitted, followed, submitted again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.errors import ClusterError
from pipeline.remote.slurm_array import active_in
from pipeline.remote.slurm_cluster import Cluster, OutOfReach
from pipeline.remote.slurm_failure import Failure, name_failure
from pipeline.remote.slurm_follow import Follower
from pipeline.remote.slurm_record import JobRecord, Submission, held, read_record, write_record
from pipeline.remote.slurm_script import ENDS, GO_ON_LATER, Request
from pipeline.remote.slurm_state import JobState, read_ends

DONE = "done"
#: Kinds of failure after which more time may be needed.
TOO_LONG = ("time limit", "warned")
_N_BYTES = 20_000
#: Every try of the trainer appends to its log, below a line that begins so.
_TRY_STARTS = "\n--- "


class JobFailed(Exception):
    """A job has no result, and another one would have none either."""

    def __init__(self, failure: Failure):
        super().__init__(failure.found)
        self.failure = failure


@dataclass
class ClusterRun:
    """One training's jobs.

    Attributes
    ----------
    run_dir : Path
        Of the run; slurm.json in it says which jobs there were.
    name : str
        Of its jobs; holds the salt.
    cluster : Cluster
    follower : Follower
    size : callable
        Returns what to ask for, given the record and the newest epoch.
    prepare : callable
        Makes the run directory ready and returns the command that submits; is given the request
        and how often the job may start itself again. Never called while a job is under way.
    has_result : callable
        Whether the result is there, whole.
    epoch : callable
        The newest checkpoint; 0: there is none.
    tell : callable
    max_resubmits : int
    host : str
        That the cluster is reached by; empty: it is this machine's.
    arrays : Path or None
        Folder of the arrays that the training may be an element of.
    """

    run_dir: Path
    name: str
    cluster: Cluster
    follower: Follower
    size: Callable[[JobRecord, int], Request]
    prepare: Callable[[Request, int], list[str]]
    has_result: Callable[[], bool]
    epoch: Callable[[], int]
    tell: Callable[[str], None]
    max_resubmits: int = 0
    host: str = ""
    arrays: Path | None = None
    _n_killed: int = field(default=0, init=False)
    _followed: list[str] = field(default_factory=list, init=False)

    def finish(self) -> JobRecord:
        """Bring the result about; return which jobs it took.

        Raises
        ------
        JobFailed
            There is no result, and none to be had by trying again.
        ClusterError
            The cluster refuses the job, or does not answer.
        """
        try:
            return self._finish()
        except OutOfReach as error:
            raise no_answer(error, self.name) from None

    def _finish(self) -> JobRecord:
        record = self._found_or_submitted()
        while True:
            job = self._of(record)
            self._followed.append(job.job_id)
            state = self.follower.follow(job.job_id)
            if self.follower.patiently(self.has_result, self.name):
                return self._noted(record, DONE, state)
            failure = name_failure(state, last_words(self.run_dir, job.job_id), job.asked)
            record = self._ended(record, state, failure)
            if not failure.goes_on or self._n_left() < 0 or self._is_futile(record, failure):
                raise JobFailed(failure)
            self.tell(f"{failure.found}; submitting it again")
            with held(self.run_dir):
                record = self._submit(record)

    def _found_or_submitted(self) -> JobRecord:
        self.run_dir.mkdir(parents=True, exist_ok=True)
        with held(self.run_dir):
            record = read_record(self.run_dir, self.name)
            if record.open and record.open.job_id:
                self.tell(f"following job {record.open.job_id}, which was submitted before")
                return record
            running = self.cluster.active(self.name) or self._elements()
            if running:
                return self._adopted(record, running[-1])
            return self._submit(record.without_last() if record.open else record)

    def _elements(self) -> list[str]:
        """Return the elements of arrays that do this training; asks only where there are some."""
        if self.arrays is None or not self.arrays.is_dir():
            return []
        return active_in(self.cluster.queue().values(), self.arrays, self.run_dir)

    def _adopted(self, record: JobRecord, job_id: str) -> JobRecord:
        """Return the record with a job that was submitted, but whose number was not noted."""
        if not record.open:
            record = record.asked(self.size(record, self.epoch()), self.epoch())
        record = replace(record.changed(job_id=job_id), host=self.host)
        write_record(self.run_dir, record)
        self.tell(f"found job {job_id} of this name on the cluster; following it")
        return record

    def _submit(self, record: JobRecord) -> JobRecord:
        epoch = self.follower.patiently(self.epoch, self.name)
        request = self.size(record, epoch)
        n_left = max(self._n_left(), 0)
        command = self.follower.patiently(lambda: self.prepare(request, n_left), self.name)
        asked = replace(record.asked(request, epoch), host=self.host)
        write_record(self.run_dir, asked)  # a kill from here on leaves a question to be answered
        try:
            job_id = self.cluster.submit(command)
        except ClusterError:
            write_record(self.run_dir, record)
            raise
        asked = asked.changed(job_id=job_id)
        write_record(self.run_dir, asked)
        self.tell(f"submitted as job {job_id} ({self.name})")
        return asked

    def _ended(self, record: JobRecord, state: JobState, failure: Failure) -> JobRecord:
        if state.never_starts:
            self.cluster.cancel(state.job_id)
        if failure.kind != "warned":  # that one is written down by the job
            self._n_killed += 1
        return self._noted(record, failure.kind, state)

    def _noted(self, record: JobRecord, kind: str, state: JobState) -> JobRecord:
        record = record.changed(kind=kind, memory_mb=state.memory_mb)
        write_record(self.run_dir, record)
        return record

    def _n_left(self) -> int:
        """Return how often the run may still be started again; below 0: it was once too often."""
        ends = read_ends(self.run_dir / ENDS)
        told = [e for e in ends if e["job"] in self._followed and e["code"] == GO_ON_LATER]
        return self.max_resubmits - len(told) - self._n_killed

    def _is_futile(self, record: JobRecord, failure: Failure) -> bool:
        """Return whether a job was too short for one epoch, and the next would be no longer."""
        if failure.kind not in TOO_LONG:
            return False
        job, epoch = self._of(record), self.follower.patiently(self.epoch, self.name)
        if epoch > job.epoch:
            return False
        return self.size(record, epoch).time_s <= job.asked.time_s

    def _of(self, record: JobRecord) -> Submission:
        if record.last is None:
            raise ValueError(f"{self.name}: no job was noted")
        return record.last


def last_words(run_dir: Path, job_id: str) -> str:
    """Return the ends of the trainer's log, of its last try, and of what the job printed."""
    texts = []
    for name in ("train.log", f"slurm-{job_id}.out"):
        try:
            text = (run_dir / name).read_bytes()[-_N_BYTES:].decode("utf-8", "replace")
        except OSError:
            continue
        texts.append(text.rpartition(_TRY_STARTS)[2])
    return "\n".join(texts)


def no_answer(error: OutOfReach, name: str) -> ClusterError:
    """Return the error for a question that nobody answered, before a job was followed."""
    return ClusterError(
        expected=f"an answer from {error.who}",
        found=str(error),
        where=name,
        action="Run the same command again when it answers; a job that was submitted is found by "
        "its name, and no second one is submitted.",
    )
