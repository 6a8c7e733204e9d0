"""RunExperiment on a real Slurm of one node: one job array, found again, cancelled by element."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.runs import ROOT, Run, wait_until
from tests.slurm.test_real import LONG, luigi

N = 3


@pytest.fixture
def counted(on_cluster, monkeypatch, tmp_path):
    """Rooms in which every sbatch leaves its command line, and does its work."""
    folder = tmp_path / "bin"
    folder.mkdir()
    log, real = folder / "asked", subprocess.check_output(["which", "sbatch"], text=True).strip()
    program = folder / "sbatch"
    program.write_text(f'#!/bin/bash\necho "$*" >> {shlex.quote(str(log))}\nexec {real} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    on_cluster.asked = lambda: log.read_text().splitlines() if log.exists() else []
    return on_cluster


def words(rooms) -> list[str]:
    return [
        *("RunExperiment", "--experiment", str(rooms.experiment), "--problem", "pneumonia"),
        *("--seeds", str(N), "--where", "slurm", "--cluster-poll-s", "2", "--workers", str(N)),
        *("--cluster-cpus", "1", "--cluster-mem", "1500M", "--compute-device", "cpu"),
        *("--paths-data", str(rooms.data), "--paths-recordings", str(rooms.folder / "recordings")),
    ]


def start(rooms, *more: str) -> Run:
    log = rooms.folder / f"experiment-{len(rooms.runs)}.log"
    command = [str(Path(sys.executable).with_name("luigi")), "--module", "pipeline"]
    with open(log, "wb") as stream:
        popen = subprocess.Popen(
            [*command, *words(rooms), *more],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **rooms.cluster.variables},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    rooms.runs.append(Run(popen, log))
    return rooms.runs[-1]


def states(rooms) -> dict[str, str]:
    """Return the state of every element that was submitted from these rooms."""
    flags = ("--states=all", "--array", "-h", "-o", "%i %T %Z")
    told = (line.split(" ", 2) for line in rooms.cluster.ask("squeue", *flags).splitlines())
    return {number: state for number, state, place in told if str(rooms.data) in place}


def test_experiment_is_one_array_that_is_found_again_and_ends_as_if_trained_here(counted, trained):
    first = start(counted)
    wait_until(lambda: "RUNNING" in states(counted).values(), first)
    first.kill_group(signal.SIGKILL)
    first.wait()
    second = start(counted)
    assert second.wait() == 0, second.output()
    assert second.output().count("which was submitted before") == N
    assert len(counted.asked()) == 1
    assert f"--array=0-{N - 1} " in counted.asked()[0]
    assert sorted(one.partition("_")[2] for one in states(counted)) == ["0", "1", "2"]
    assert set(states(counted).values()) == {"COMPLETED"}
    models = {path.name for path in counted.data.glob("07_models/pneumonia-*")}
    here = {path.name for path in trained.data.glob("07_models/pneumonia-*")}
    assert len(models) == N
    assert here <= models
    assert not counted.run_dirs()


def test_one_element_is_cancelled_and_submitted_again_alone(counted):
    counted.experiment.write_text(counted.experiment.read_text().replace(*LONG))
    shown = start(counted, "--dry-run")
    assert shown.wait() == 0, shown.output()
    assert shown.output().count("--array=0-2") == 2  # the command, and the script that names it
    assert counted.asked() == []
    run = start(counted)
    checkpoints = counted.data / "07_models/runs"
    wait_until(lambda: list(checkpoints.glob("*/checkpoints/epoch-*")), run)
    array = next(iter(states(counted))).partition("_")[0]
    told = luigi(counted, "CancelTraining", "--salt", f"{array}_1")
    assert f"Cancelled job {array}_1" in told.stdout, told.stdout + told.stderr
    wait_until(lambda: "cancelled: somebody cancelled it" in run.output(), run)
    now = states(counted)
    assert now[f"{array}_1"] == "CANCELLED"
    assert now[f"{array}_0"] != "CANCELLED"
    assert now[f"{array}_2"] != "CANCELLED"
    run.kill_group(signal.SIGKILL)
    again = start(counted)
    wait_until(lambda: len(counted.asked()) == 2, again)
    assert "--array" not in counted.asked()[1]
