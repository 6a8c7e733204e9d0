"""What Slurm's commands print, as recorded from Slurm 22.05, is understood."""

from __future__ import annotations

import pytest

from pipeline.remote.slurm_cluster import Answer, Cluster
from pipeline.remote.slurm_state import (
    JobState,
    ended_by_itself,
    megabytes_of,
    read_accounting,
    read_ends,
    read_job,
    read_queue,
    seconds_of,
)

QUEUE = """\
1|FAILED|NonZeroExitCode|pneumonia.smoke.0a1b
2|PENDING|PartitionTimeLimit|wrap
3|RUNNING|None|odd | name
12|COMPLETING|None|x
"""
SHOWN = """\
JobId=1 JobName=a.b
   UserId=root(0) GroupId=root(0) MCS_label=N/A
   JobState=FAILED Reason=NonZeroExitCode Dependency=(null)
   Requeue=1 Restarts=2 BatchFlag=1 Reboot=0 ExitCode=3:0
   RunTime=1-00:00:01 TimeLimit=00:01:00 TimeMin=N/A
   Socks/Node=* NtasksPerN:B:S:C=0:0:*:* CoreSpec=*
"""
ACCOUNTED = """\
7|CANCELLED by 1000|0:15|63||None
7.batch|CANCELLED|0:15|63|5300K|
7.extern|COMPLETED|0:0|63|1M|
71|COMPLETED|0:0|63|9G|
"""


def test_queue_is_read_by_number():
    found = read_queue(QUEUE)
    assert list(found) == ["1", "2", "3", "12"]
    assert found["3"].name == "odd | name"
    assert found["1"].has_ended
    assert not found["12"].has_ended
    assert found["2"].never_starts
    assert not found["3"].never_starts


@pytest.mark.parametrize(
    ("reason", "never"),
    [
        ("PartitionTimeLimit", True),
        ("PartitionConfig", True),
        ("QOSMaxWallDurationPerJobLimit", True),
        ("AssocMaxCpuPerJobLimit", True),
        ("QOSMaxMemoryPerJob", True),
        ("InvalidAccount", True),
        ("Resources", False),
        ("Priority", False),
        ("BeginTime", False),
        ("QOSMaxJobsPerUserLimit", False),
        ("AssocGrpCpuLimit", False),
        ("JobHeldUser", False),
        ("ReqNodeNotAvail", False),
    ],
)
def test_what_waits_for_ever(reason, never):
    assert JobState("1", "PENDING", reason).never_starts == never


def test_one_job_is_read_in_full():
    found = read_job(SHOWN)
    assert found == JobState("1", "FAILED", "NonZeroExitCode", "a.b", 3, 0, 86401, None, 2)
    assert read_job("slurm_load_jobs error: Invalid job id specified") is None


def test_elements_of_an_array_are_known_by_the_arrays_number_and_their_own():
    queue = read_queue("7_0|RUNNING|None|a.b\n7_1|PENDING|Resources|a.b\n")
    assert [(one.job_id, one.is_waiting) for one in queue.values()] == [
        ("7_0", False),
        ("7_1", True),
    ]
    told = read_accounting("7_1|FAILED|1:0|5||None\n7_1.batch|FAILED|1:0|5|2M|\n", "7_1")
    assert told is not None
    assert (told.job_id, told.exit_code, told.memory_mb) == ("7_1", 1, 2)


def test_waiting_element_that_slurm_shows_with_its_array_keeps_its_own_number():
    shown = "JobId=7 ArrayJobId=7 ArrayTaskId=1-4 JobName=a.b\n JobState=PENDING Reason=Resources"
    found = Cluster(lambda command: Answer(0, shown, "")).job("7_2")
    assert found == JobState("7_2", "PENDING", "Resources", "a.b")


def test_accounting_gives_the_memory_of_the_largest_step_of_this_job():
    found = read_accounting(ACCOUNTED, "7")
    assert found is not None
    assert (found.state, found.signal, found.elapsed_s) == ("CANCELLED", 15, 63)
    assert found.memory_mb == pytest.approx(5300 / 1024)
    assert read_accounting("Slurm accounting storage is disabled\n", "7") is None


@pytest.mark.parametrize(
    ("text", "seconds"), [("0:01", 1), ("02:03:04", 7384), ("1-00:00:00", 86400), ("N/A", None)]
)
def test_times(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    ("text", "mb"), [("1024K", 1), ("8G", 8192), ("1048576", 1), ("2.5M", 2.5), ("", None)]
)
def test_memory(text, mb):
    assert megabytes_of(text) == mb


def test_a_job_that_slurm_forgot_is_known_by_its_own_record(tmp_path):
    path = tmp_path / "ends"
    path.write_text(
        '{"job": "7", "try": 0, "code": 75, "warned": 1, "seconds": 50}\n'
        '{"job": "8", "try": 0, "code": 1, "warned": 0, "seconds": 5}\n'
        '{"job": "7", "try": 1, "code": 0, "warned": 0, "seconds": 9}\n'
        '{"job": "7", "tr'
    )
    ends = read_ends(path)
    assert ended_by_itself(ends, "7") == JobState("7", "COMPLETED", exit_code=0, elapsed_s=9)
    assert ended_by_itself(ends, "8") == JobState("8", "FAILED", exit_code=1, elapsed_s=5)
    assert ended_by_itself(ends, "9") is None
    assert read_ends(tmp_path / "none") == []
