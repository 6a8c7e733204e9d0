"""A failure has a name and says what to change."""

from __future__ import annotations

import pytest

from pipeline.remote.slurm_failure import memory_text, name_failure
from pipeline.remote.slurm_script import Request
from pipeline.remote.slurm_state import JobState

ASKED = Request("n", time_s=3600, mem_mb=4096, n_cpus=2, partition="gpu")


def state(word: str, reason: str = "", code: int | None = 0, signal: int | None = 0) -> JobState:
    return JobState("7", word, reason, "", code, signal)


@pytest.mark.parametrize(
    ("job", "log", "kind", "change", "goes_on"),
    [
        (state("OUT_OF_MEMORY", code=0, signal=125), "", "out of memory", "--cluster-mem", False),
        (state("FAILED", signal=9), "", "out of memory", "asks for 8 GB", False),
        (state("FAILED", code=137), "", "out of memory", "--cluster-mem", False),
        (state("FAILED", code=1), "Detected 1 oom_kill event", "out of memory", "mem", False),
        (state("FAILED", code=1), "RESOURCE_EXHAUSTED: OOM when", "out of memory", "batch", False),
        (state("TIMEOUT", "TimeLimit", 0, 15), "", "time limit", "--cluster-time", True),
        (state("FAILED", code=137), "CANCELLED AT 2 DUE TO TIME LIMIT", "time limit", "time", True),
        (state("FAILED", code=75), "", "warned", "last whole epoch", True),
        (state("NODE_FAIL"), "", "node failure", "same command", True),
        (state("PREEMPTED"), "", "preempted", "same command", True),
        (state("CANCELLED", signal=15), "", "cancelled", "same command", False),
        (state("PENDING", "PartitionTimeLimit"), "", "never starts", "[cluster] time", False),
        (state("PENDING", "PartitionConfig"), "", "never starts", "sinfo", False),
        (state("FAILED", "BadConstraints"), "", "never starts", "mem, cpus", False),
        (
            state("FAILED", code=1),
            "external_script.sh: error: the training environment could not be made; its last",
            "environment",
            "external_script.sh prepare",
            False,
        ),
        (state("FAILED", code=1), "error: No space left on device", "disk full", "quota", False),
        (state("FAILED", code=1), "error: Expected a finite loss", "program", "Mend", False),
        (state("COMPLETED"), "", "program", "Mend", False),
        (JobState("7", "UNKNOWN"), "", "lost", "same command", False),
    ],
)
def test_failure_is_named(job, log, kind, change, goes_on):
    found = name_failure(job, log, ASKED)
    assert found.kind == kind
    assert change in found.action
    assert found.goes_on == goes_on


def test_what_never_starts_says_what_was_asked_for():
    found = name_failure(state("PENDING", "PartitionTimeLimit"), "", ASKED).found
    assert "partition gpu" in found
    assert "1:00 h, 4 GB, 2 CPUs" in found


@pytest.mark.parametrize(("mb", "text"), [(700, "700 MB"), (8192, "8 GB"), (5427.2, "5.3 GB")])
def test_memory_in_words(mb, text):
    assert memory_text(mb) == text
