"""What Slurm says of a job, read from the output of ``squeue``, ``scontrol`` and ``sacct``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

#: ``squeue --format``; the name comes last, since it may hold anything.
QUEUE_FORMAT = "%i|%T|%r|%j"
ACCOUNTING_FORMAT = "JobID,State,ExitCode,ElapsedRaw,MaxRSS,Reason"

#: States from which a job does not come back by itself. What is not here is still under way.
ENDED = frozenset(
    (
        *("BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL"),
        *("OUT_OF_MEMORY", "PREEMPTED", "REVOKED", "TIMEOUT"),
    )
)
#: Reasons for which a job waits for ever, as long as nobody changes the job or the cluster.
NEVER = re.compile(
    r"PartitionTimeLimit|PartitionConfig|PartitionNodeLimit|BadConstraints|AccountNotAllowed"
    r"|InvalidAccount|InvalidQOS|QOSNotAllowed|DependencyNeverSatisfied"
    r"|(QOS|Assoc)Max\w*(PerJob|PerNode)\w*"
)


@dataclass(frozen=True)
class JobState:
    """What is known of a job.

    Attributes
    ----------
    job_id : str
    state : str
        Slurm's word, such as RUNNING.
    reason : str
        Why it waits or failed, in Slurm's word; may be empty.
    name : str
    exit_code, signal : int or None
    elapsed_s : int or None
        Of its last try.
    memory_mb : float or None
        The most that was used at once.
    n_restarts : int
    """

    job_id: str
    state: str
    reason: str = ""
    name: str = ""
    exit_code: int | None = None
    signal: int | None = None
    elapsed_s: int | None = None
    memory_mb: float | None = None
    n_restarts: int = 0

    @property
    def has_ended(self) -> bool:
        """Whether it does not come back by itself."""
        return self.state in ENDED

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for its turn."""
        return self.state == "PENDING"

    @property
    def never_starts(self) -> bool:
        """Whether it waits for what does not come."""
        return self.is_waiting and bool(NEVER.fullmatch(self.reason))


def read_queue(text: str) -> dict[str, JobState]:
    """Return the jobs of ``squeue --noheader --format QUEUE_FORMAT`` by number."""
    found = {}
    for line in text.splitlines():
        fields = line.strip().split("|", 3)
        if len(fields) == 4 and fields[0]:
            job_id, state, reason, name = fields
            found[job_id] = JobState(job_id, state_word(state), _known(reason), name)
    return found


def read_job(text: str) -> JobState | None:
    """Return the job of ``scontrol show job``; None where the text tells of none."""
    facts = dict(re.findall(r"(?:^|\s)([A-Z][\w/]*)=(\S*)", text))
    if "JobId" not in facts or "JobState" not in facts:
        return None
    code, signal = _codes(facts.get("ExitCode", ""))
    return JobState(
        job_id=facts["JobId"],
        state=state_word(facts["JobState"]),
        reason=_known(facts.get("Reason", "")),
        name=facts.get("JobName", ""),
        exit_code=code,
        signal=signal,
        elapsed_s=seconds_of(facts.get("RunTime", "")),
        n_restarts=int(facts.get("Restarts", "0") or 0),
    )


def read_accounting(text: str, job_id: str) -> JobState | None:
    """Return the job of ``sacct --parsable2 --noheader``, with its largest step's memory."""
    found, memory = None, []
    for line in text.splitlines():
        fields = line.split("|")
        if len(fields) < 5 or fields[0].split(".")[0] != job_id:
            continue
        if (used := megabytes_of(fields[4])) is not None:
            memory.append(used)
        if fields[0] == job_id:
            code, signal = _codes(fields[2])
            elapsed = int(fields[3]) if fields[3].isdigit() else None
            reason = _known(fields[5]) if len(fields) > 5 else ""
            state = state_word(fields[1])
            found = JobState(job_id, state, reason, "", code, signal, elapsed)
    return replace(found, memory_mb=max(memory, default=None)) if found else None


def read_ends(path: Path) -> list[dict[str, Any]]:
    """Return how each try of a run ended, as the job itself wrote it down; oldest first."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return list(_tables(lines))


def ended_by_itself(ends: Iterable[dict[str, Any]], job_id: str) -> JobState | None:
    """Return a job's last end by its own record, for a cluster that has forgotten it."""
    own = [end for end in ends if end.get("job") == job_id]
    if not own:
        return None
    code = int(own[-1]["code"])
    state = "COMPLETED" if code == 0 else "FAILED"
    return JobState(job_id, state, "", "", code, None, int(own[-1]["seconds"]))


def state_word(text: str) -> str:
    """Return the state alone: ``CANCELLED by 1000`` and ``CANCELLED+`` are CANCELLED."""
    words = text.split()
    return words[0].rstrip("+").upper() if words else "UNKNOWN"


def seconds_of(text: str) -> int | None:
    """Return a time of Slurm's, such as ``1-02:03:04`` or ``02:03``, in seconds."""
    match = re.fullmatch(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)(?:\.\d+)?", text)
    if match is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def megabytes_of(text: str) -> float | None:
    """Return an amount of memory of Slurm's, such as ``5300K`` or ``8G``, in MB of 2**20 bytes."""
    match = re.fullmatch(r"([\d.]+)([KMGT]?)", text.strip())
    if match is None:
        return None
    powers = {"": -20, "K": -10, "M": 0, "G": 10, "T": 20}
    return float(match[1]) * 2.0 ** powers[match[2]]


def _codes(text: str) -> tuple[int | None, int | None]:
    match = re.fullmatch(r"(\d+):(\d+)", text)
    return (int(match[1]), int(match[2])) if match else (None, None)


def _known(reason: str) -> str:
    return "" if reason in ("None", "(null)") else reason.strip("()")


def _tables(lines: Iterable[str]) -> Iterable[dict[str, Any]]:
    for line in lines:
        try:
            table = json.loads(line)
        except ValueError:
            continue  # a disk that was full took half a line
        if isinstance(table, dict) and {"job", "code", "seconds"} <= table.keys():
            yield table
