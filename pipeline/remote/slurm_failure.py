"""Why a job failed, named from its state, exit code, signal and log, and what to change."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.remote.slurm_script import GO_ON_LATER, Request
from pipeline.remote.slurm_state import JobState

KILLED = 9
BY_SIGNAL = 128  # what a shell adds to a signal's number

#: Reasons with which Slurm ends a job that it cannot place.
NO_ROOM = ("BadConstraints", "PartitionConfig")
_NO_MEMORY = re.compile(
    r"(?i)oom.?kill|out of memory|exceeded (job|step)? ?memory limit|MemoryError|std::bad_alloc"
    r"|Cannot allocate memory"
)
_NO_GPU_MEMORY = re.compile(r"ResourceExhausted|RESOURCE_EXHAUSTED|OOM when allocating tensor")
_NO_ENVIRONMENT = re.compile(r"the training environment could not be made")
_NO_ROOM_ON_DISK = re.compile(r"No space left on device|Disk quota exceeded")
_TIME_IS_UP = re.compile(r"(?i)due to time limit")


@dataclass(frozen=True)
class Failure:
    """What went wrong with a job.

    Attributes
    ----------
    kind : str
        ``out of memory``, ``time limit``, ``warned``, ``node failure``, ``preempted``,
        ``never starts``, ``cancelled``, ``environment``, ``disk full``, ``lost``, or ``program``.
    found : str
        It in words, with what Slurm said.
    action : str
        What to change.
    goes_on : bool
        Whether submitting it again is likely to help by itself.
    """

    kind: str
    found: str
    action: str
    goes_on: bool = False


def name_failure(state: JobState, log: str, asked: Request) -> Failure:
    """Return why a job that has ended, or never starts, has no result.

    Parameters
    ----------
    state : JobState
    log : str
        The last lines of the job's and the trainer's output.
    asked : Request
    """
    if state.never_starts or state.reason in NO_ROOM:
        return _never_starts(state, asked)
    if state.state in _BY_STATE:
        return _BY_STATE[state.state](state, asked)
    if _code(state) == GO_ON_LATER:
        return Failure(
            "warned", f"it was told to end in time, and did ({_told(state)})", _AGAIN, True
        )
    if _NO_ROOM_ON_DISK.search(log):
        return Failure("disk full", f"the disk it writes to was full ({_told(state)})", _FREE)
    if _NO_ENVIRONMENT.search(log):
        return Failure("environment", f"its environment failed to build ({_told(state)})", _BUILD)
    if _NO_GPU_MEMORY.search(log):
        return Failure("out of memory", f"the GPU's memory was full ({_told(state)})", _SMALLER)
    if _TIME_IS_UP.search(log):
        return _time_limit(state, asked)
    if _NO_MEMORY.search(log):
        return _out_of_memory(state, asked)
    if KILLED in (state.signal, _code(state) - BY_SIGNAL):
        # Where Slurm kills for memory without a cgroup, it says FAILED and no more.
        return _out_of_memory(state, asked, "most often for want of memory: ")
    if state.state == "UNKNOWN":
        found = "the cluster knows nothing of it any more, and it left no record of its end"
        return Failure("lost", found, "Run the same command again: it submits anew and goes on.")
    return Failure("program", f"the trainer failed ({_told(state)})", _MEND)


def memory_text(megabytes: float) -> str:
    """Return an amount of memory in words: ``5.3 GB``, or ``700 MB``."""
    if megabytes < 1024:
        return f"{megabytes:.0f} MB"
    return f"{megabytes / 1024:.1f}".removesuffix(".0") + " GB"


def time_text(seconds: float) -> str:
    """Return a time in words: ``42 s``, ``3:05 min`` or ``1:10 h``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02d} h"


_AGAIN = "Run the same command again: it goes on after its last whole epoch."
_MEND = "Mend what the last lines name, then run the same command again."
_BUILD = (
    "See the log: most often the node reaches no package index. Make the environment where there "
    "is a network (./external_script.sh prepare, with AUSCULT_ENV=gpu for GPUs), then run the same "
    "command again."
)
_FREE = (
    "Free some space there (a quota counts, too), or another folder ([cluster] work_dir); then "
    "run the same command again: in the same folder it goes on after its last whole epoch."
)
_SMALLER = "Lower [training] batch_size, or ask for a larger GPU ([cluster] gres, constraint)."


def _out_of_memory(state: JobState, asked: Request, how: str = "") -> Failure:
    found = f"{how}it was killed at its limit of {memory_text(asked.mem_mb)} ({_told(state)})"
    more = memory_text(2 * asked.mem_mb)
    action = (
        f"Run the same command again: it then asks for {more}. Or say how much: [cluster] mem in "
        "luigi.cfg, or --cluster-mem; a lower [training] batch_size needs less."
    )
    return Failure("out of memory", found, action)


def _time_limit(state: JobState, asked: Request) -> Failure:
    found = f"its time of {time_text(asked.time_s)} was over ({_told(state)})"
    action = (
        "Run the same command again: it goes on after its last whole epoch. More time at once: "
        "[cluster] time in luigi.cfg, or --cluster-time; more tries: [cluster] max_resubmits."
    )
    return Failure("time limit", found, action, True)


def _never_starts(state: JobState, asked: Request) -> Failure:
    where = f" of partition {asked.partition}" if asked.partition else ""
    limits = {
        "PartitionTimeLimit": ("more time than the limit" + where, "[cluster] time"),
        "PartitionConfig": (
            "more than a limit" + where + ", most often its time",
            "[cluster] time (or mem, cpus)",
        ),
        "BadConstraints": ("what no node has", "[cluster] mem, cpus, gres, constraint"),
    }
    default = ("more than the cluster grants" + where, "[cluster] time, mem, cpus, gres, account")
    what, setting = limits.get(state.reason, default)
    found = (
        f"it would wait for ever: {state.reason}, it asks for {what} "
        f"({time_text(asked.time_s)}, {memory_text(asked.mem_mb)}, {asked.n_cpus} CPUs"
        f"{', ' + asked.gres if asked.gres else ''})"
    )
    action = f"Change {setting} in luigi.cfg; 'sinfo -l' and 'scontrol show partition' tell limits."
    return Failure("never starts", found, action)


def _node_failure(state: JobState, asked: Request) -> Failure:
    return Failure("node failure", f"its node failed ({_told(state)})", _AGAIN, True)


def _preempted(state: JobState, asked: Request) -> Failure:
    return Failure("preempted", f"other work took its place ({_told(state)})", _AGAIN, True)


def _cancelled(state: JobState, asked: Request) -> Failure:
    return Failure("cancelled", f"somebody cancelled it ({_told(state)})", _AGAIN)


_BY_STATE = {
    "OUT_OF_MEMORY": _out_of_memory,
    "TIMEOUT": _time_limit,
    "DEADLINE": _time_limit,
    "NODE_FAIL": _node_failure,
    "BOOT_FAIL": _node_failure,
    "PREEMPTED": _preempted,
    "CANCELLED": _cancelled,
    "REVOKED": _cancelled,
}


def _code(state: JobState) -> int:
    return state.exit_code or 0


def _told(state: JobState) -> str:
    parts = [f"job {state.job_id}: {state.state}"]
    if state.reason:
        parts.append(state.reason)
    if state.exit_code or state.signal:
        parts.append(f"exit code {state.exit_code}, signal {state.signal or 0}")
    if state.memory_mb:
        parts.append(f"it used {memory_text(state.memory_mb)}")
    return ", ".join(parts)
