"""Following a job to its end, asking the cluster as seldom as will do."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pipeline.errors import ClusterError
from pipeline.remote.slurm_cluster import Cluster, OutOfReach
from pipeline.remote.slurm_queue import SharedQueue
from pipeline.remote.slurm_script import ENDS
from pipeline.remote.slurm_state import JobState, ended_by_itself, read_ends

FIRST_S = 2.0
SLOWER = 1.5
#: How often the run directory is looked at, which costs the controller nothing.
NAP_S = 1.0
#: A controller, or the way to it, may be away for so long, and the job is still followed.
PATIENCE_S = 4 * 3600.0
T = TypeVar("T")


@dataclass
class Follower:
    """Waits for a job to end.

    Attributes
    ----------
    cluster, queue
    run_dir : Path
        Of the job, which writes down there how it ended.
    tell : callable
        Called with a sentence whenever something is new.
    slowest_s : float
        The longest time between two looks at the queue.
    each_second : callable
        Called meanwhile, about so often.
    bring : callable
        Called with each look at the queue: brings what the job wrote to `run_dir`, where no disk
        is shared.
    sleep, clock : callable
    """

    cluster: Cluster
    queue: SharedQueue
    run_dir: Path
    tell: Callable[[str], None]
    slowest_s: float = 30.0
    each_second: Callable[[], None] = lambda: None
    bring: Callable[[], None] = lambda: None
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time
    _said: str = field(default="", init=False)
    _since: float = field(default=0.0, init=False)

    def follow(self, job_id: str) -> JobState:
        """Return how the job ended; or that it never starts.

        Raises
        ------
        ClusterError
            The controller was out of reach for hours. The job goes on.
        """
        pause, seen_at, is_stuck = FIRST_S, self.clock(), False
        while True:
            try:
                state = self._look(job_id, pause)
                seen_at = self.clock()
            except OutOfReach as error:
                state = None
                self._out_of_reach(error, seen_at, f"job {job_id}")
            if state is not None:
                if state.has_ended or state.state == "UNKNOWN":
                    return state
                if state.never_starts and is_stuck:
                    return state
                # The second look counts: Slurm's first word is not always its last.
                is_stuck, pause = state.never_starts, FIRST_S if state.never_starts else pause
                if self._say(words(state)):
                    pause = FIRST_S
            pause = min(max(pause * SLOWER, FIRST_S), max(self.slowest_s, NAP_S))
            if is_stuck:
                self._since = self.clock() + NAP_S
            if self._wait(pause):
                pause = FIRST_S

    def patiently(self, act: Callable[[], T], where: str = "") -> T:
        """Return what `act` returns; while nobody answers it, say so, wait and try again.

        Raises
        ------
        ClusterError
            Nobody answered for hours.
        """
        since, pause = self.clock(), FIRST_S
        while True:
            try:
                return act()
            except OutOfReach as error:
                self._out_of_reach(error, since, where)
            self.sleep(pause)
            pause = min(pause * SLOWER, max(self.slowest_s, FIRST_S))

    def _out_of_reach(self, error: OutOfReach, since: float, where: str) -> None:
        self._say(f"{error.who} does not answer; waiting, while a job there goes on")
        if self.clock() - since > PATIENCE_S:
            raise _gone(error, where) from None

    def _look(self, job_id: str, max_age_s: float) -> JobState:
        """Return the state by the queue; of a job that has ended, by whoever knows the most."""
        state = self.queue.state(job_id, max_age_s, self._since)
        if state is None or not state.is_waiting:
            self.bring()  # after the queue: what has ended there has written its last by now
        if state is not None and not state.has_ended:
            return state
        ended = self.cluster.job(job_id) or state
        if ended is None:
            ended = ended_by_itself(read_ends(self.run_dir / ENDS), job_id)
        return ended or JobState(job_id, "UNKNOWN")

    def _wait(self, seconds: float) -> bool:
        """Wait so long, or until the job has written down an end; return whether it did."""
        before = self._n_ends()
        until = self.clock() + seconds
        while (left := until - self.clock()) > 0:
            self.sleep(min(NAP_S, left))
            self.each_second()
            if self._n_ends() != before:
                self._since = self.clock()
                return True
        return False

    def _n_ends(self) -> int:
        return len(read_ends(self.run_dir / ENDS))

    def _say(self, text: str) -> bool:
        """Tell what is new; return whether it is."""
        is_new, self._said = text != self._said, text
        if is_new:
            self.tell(text)
        return is_new


def words(state: JobState) -> str:
    """Return in words what a job is doing."""
    if state.is_waiting:
        held = ", held: 'scontrol release' lets it go" if "Held" in state.reason else ""
        why = f" ({state.reason}{held})" if state.reason else ""
        return f"job {state.job_id} waits for its turn{why}"
    return f"job {state.job_id} is {state.state.lower()}"


def _gone(error: OutOfReach, where: str) -> ClusterError:
    return ClusterError(
        expected=f"an answer from {error.who}",
        found=f"none for {PATIENCE_S / 3600:g} h: {error}",
        where=where,
        action="The job goes on. Run the same command again when there is an answer: it is found "
        "again.",
    )
