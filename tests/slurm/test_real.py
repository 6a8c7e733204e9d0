"""Trainings on a real Slurm of one node: as a user types it, and what can go wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.contract import read_json
from tests.runs import ROOT, result_of, wait_until
from tests.slurm.conftest import PLANTED
from tests.slurm.processes import environment_of

LONG = ("n_epochs = 2", "n_epochs = 4000")


def model_of(rooms) -> dict:
    path = next(rooms.data.glob("07_models/pneumonia-*/model.json"))
    return read_json(path) | {"salt": path.parent.name}


def own_jobs(rooms) -> dict[str, str]:
    """Return the state of the jobs that were submitted from these rooms, by number."""
    told = rooms.cluster.ask("squeue", "--states=all", "-h", "-o", "%i %T %Z").splitlines()
    found = [line.split(" ", 2) for line in told]
    return {number: state for number, state, place in found if str(rooms.data) in place}


def state_of(rooms, number: int) -> str:
    states = list(own_jobs(rooms).values())
    return states[number] if len(states) > number else ""


def test_killed_luigi_leaves_the_job_which_ends_as_if_trained_here(on_cluster, trained):
    first = on_cluster.submit()
    wait_until(lambda: state_of(on_cluster, 0) == "RUNNING", first)
    job_id = next(iter(own_jobs(on_cluster)))
    shown = on_cluster.cluster.ask("scontrol", "show", "job", job_id)
    script = next(on_cluster.data.glob("07_models/runs/*/slurm.sh")).read_text()
    wait_until(lambda: environment_of(on_cluster.record().parent), first)
    environment = environment_of(on_cluster.record().parent)
    first.kill_group(signal.SIGKILL)
    first.wait()
    beside = on_cluster.start(variables=on_cluster.cluster.variables)
    assert beside.wait() == 30, beside.output()
    assert "Follow it with --where slurm" in beside.output()
    second = on_cluster.submit()
    assert second.wait() == 0, second.output()
    assert "which was submitted before" in second.output()
    assert list(own_jobs(on_cluster).values()) == ["COMPLETED"]
    assert model_of(on_cluster)["weights_sha256"] == model_of(trained)["weights_sha256"]
    assert model_of(on_cluster)["salt"] == model_of(trained)["salt"]
    report = next(on_cluster.data.glob("08_reports/pneumonia-*/metrics.json")).parent
    assert result_of(report)[1] == result_of(trained.report)[1]
    salt = model_of(on_cluster)["salt"].rpartition("-")[2]
    assert f"JobName=pneumonia.tiny.{salt}" in shown
    assert "epoch 2/2" in second.output()
    asked_and_used(on_cluster, second.output())
    assert PLANTED not in shown + script + environment
    assert "PATH=" in environment
    assert not on_cluster.run_dirs()


def asked_and_used(rooms, output: str) -> None:
    record = read_json(next(rooms.data.glob("07_models/pneumonia-*/record.json")))
    told = record["cluster"]
    assert told["asked"]["time_s"] >= told["used"]["time_s"] > 0
    assert told["asked"]["mem_mb"] > told["used"]["memory_mb"] > 100
    assert "asked " in output
    assert str(rooms.data) not in json.dumps(told)


def test_warned_training_is_submitted_again_goes_on_and_can_be_cancelled(on_cluster):
    on_cluster.experiment.write_text(on_cluster.experiment.read_text().replace(*LONG))
    run = on_cluster.submit("--cluster-requeue", "false")
    checkpoints = on_cluster.data / "07_models/runs"
    wait_until(lambda: list(checkpoints.glob("*/checkpoints/epoch-*")), run)
    job_id = next(iter(own_jobs(on_cluster)))
    on_cluster.cluster.ask("scancel", "--batch", "--signal=USR1", job_id)
    wait_until(lambda: "resuming after epoch" in run.output(), run)
    assert "the warning that time is up; ending after epoch" in run.output()
    assert len(own_jobs(on_cluster)) == 2
    salt = on_cluster.record().parent.name.rpartition("-")[2]
    told = luigi(on_cluster, "CancelTraining", "--salt", salt)
    assert "Cancelled job" in told.stdout, told.stderr
    assert run.wait() == 30, run.output()
    assert "cancelled: somebody cancelled it" in run.output()
    assert sorted(own_jobs(on_cluster).values()) == ["CANCELLED", "FAILED"]
    assert "No training" in luigi(on_cluster, "CancelTraining").stdout


def luigi(rooms, *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("luigi")), "--module", "pipeline", *words]
    return subprocess.run(
        [*command, "--paths-data", str(rooms.data)],
        cwd=ROOT,
        env={**os.environ, **rooms.cluster.variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_more_time_than_the_partition_has_is_named_and_leaves_no_job(on_cluster):
    run = on_cluster.submit("--cluster-time", "30:00:00")
    assert run.wait() == 30, run.output()
    assert "never starts: it would wait for ever: Partition" in run.output()
    assert "[cluster] time" in run.output()
    assert list(own_jobs(on_cluster).values()) == ["CANCELLED"]


def test_more_memory_than_there_is_is_refused_with_slurms_words(on_cluster):
    run = on_cluster.submit("--cluster-mem", "500G")
    assert run.wait() == 30, run.output()
    assert "Memory specification can not be satisfied" in run.output()
    assert set(own_jobs(on_cluster).values()) <= {"FAILED"}


def test_dry_run_prints_the_script_and_submits_nothing(on_cluster):
    run = on_cluster.submit("--dry-run", "--cluster-partition", "main")
    assert run.wait() == 0, run.output()
    assert "sbatch --parsable --job-name=pneumonia.tiny." in run.output()
    assert "#!/bin/bash" in run.output()
    assert "Nothing was submitted" in run.output()
    assert PLANTED not in run.output()
    assert own_jobs(on_cluster) == {}
    assert not list(on_cluster.data.glob("07_models/runs/*"))


@pytest.mark.soak
def test_after_five_runs_the_sixth_asks_for_about_what_it_uses(on_cluster):
    # One more each time: those that are submitted together are sized alike.
    for n_seeds in range(1, 7):
        told = luigi(
            on_cluster,
            *("RunExperiment", "--experiment", str(on_cluster.experiment)),
            *("--problem", "pneumonia", "--seeds", str(n_seeds), "--where", "slurm"),
            *("--cluster-poll-s", "2", "--compute-device", "cpu"),
            *("--paths-recordings", str(on_cluster.folder / "recordings")),
        )
        assert told.returncode == 0, told.stdout + told.stderr
    paths = on_cluster.data.glob("07_models/pneumonia-*/record.json")
    records = [
        read_json(path)["cluster"] for path in sorted(paths, key=lambda p: p.stat().st_mtime)
    ]
    *first, last = [(one["asked"]["time_s"], one["used"]["time_s"]) for one in records]
    assert len(first) == 5
    assert first[0][0] > 3 * first[0][1]
    assert 0.9 * last[1] <= last[0] <= 3 * last[1]
