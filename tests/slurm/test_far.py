"""Trainings on a cluster that shares no disk: real ssh, real rsync, a real Slurm."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest

from pipeline.contract import read_json, read_manifest
from tests.runs import ROOT, Rooms, result_of, wait_until
from tests.slurm.far import FarRooms
from tests.slurm.processes import environment_of

LONG = ("n_epochs = 2", "n_epochs = 4000")


def model_in(folder: Path) -> Path:
    return next(folder.glob("pneumonia-*/model.json")).parent


def test_result_of_a_job_that_nobody_followed_is_fetched_and_as_if_trained_here(over_ssh, trained):
    far = over_ssh.far
    first = over_ssh.submit()
    wait_until(lambda: far.jobs(), first)
    far.sshd.stop()
    wait_until(lambda: "cluster (over ssh) does not answer" in first.output(), first)
    far.sshd.start()
    wait_until(lambda: "epoch 1/2" in first.output(), first)
    (run_dir,) = far.run_dirs()
    seen = (run_dir / "slurm.sh").read_text() + environment_of(run_dir)
    first.kill_group(signal.SIGKILL)
    first.wait()
    assert str(over_ssh.folder) not in seen
    assert str(ROOT) not in seen
    far.wait_for("COMPLETED")
    (here,) = over_ssh.run_dirs()
    shutil.rmtree(here)
    half_fetched_and_damaged(run_dir / "output", here / ".output.part")
    second = over_ssh.submit()
    assert second.wait() == 0, second.output()
    assert list(far.jobs().values()) == ["COMPLETED"]
    check_models(over_ssh, trained)
    assert not far.run_dirs()
    assert not over_ssh.run_dirs()


def half_fetched_and_damaged(output: Path, part: Path) -> None:
    """Leave what a cut and a bad disk would: one file is missing, one wrong at equal size."""
    shutil.copytree(output, part)
    (part / "model.json").unlink()
    path = part / "model.keras"
    before, content = path.stat(), bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def check_models(rooms: FarRooms, trained) -> None:
    """The model here, its copy on the cluster and one that was trained here are the same."""
    here, there = model_in(rooms.data / "07_models"), model_in(rooms.far.home)
    local = model_in(trained.data / "07_models")
    assert here.name == there.name == local.name
    weights = [read_json(path / "model.json")["weights_sha256"] for path in (here, there, local)]
    assert len(set(weights)) == 1
    assert read_manifest(there, checksums=True)["salt"] == read_manifest(here)["salt"]
    report = next(rooms.data.glob("08_reports/pneumonia-*/metrics.json")).parent
    assert result_of(report)[1] == result_of(trained.report)[1]


def test_job_is_found_again_cancelled_over_ssh_and_gone_on_from_there(over_ssh):
    over_ssh.experiment.write_text(over_ssh.experiment.read_text().replace(*LONG))
    first = over_ssh.submit()
    wait_until(lambda: "epoch 2/4000" in first.output(), first)
    first.kill_group(signal.SIGKILL)
    first.wait()
    second = over_ssh.submit()
    wait_until(lambda: "which was submitted before" in second.output(), second)
    salt = over_ssh.run_dirs()[0].name.rpartition("-")[2]
    told = over_ssh.luigi("CancelTraining", "--salt", salt)
    assert "Cancelled job" in told.stdout, told.stderr
    assert second.wait() == 30, second.output()
    assert "cancelled: somebody cancelled it" in second.output()
    third = over_ssh.submit()
    wait_until(lambda: "resuming after epoch" in third.output(), third)
    assert sorted(over_ssh.far.jobs().values())[0] == "CANCELLED"
    (run_dir,) = over_ssh.run_dirs()
    assert not (run_dir / "checkpoints").exists()
    packs = list((over_ssh.far.work / ".auscult/inputs").iterdir())
    assert len(packs) == 1


def test_dry_run_prints_what_would_be_submitted_and_asks_nobody(trained, tmp_path):
    rooms = Rooms(tmp_path / "rooms")
    rooms.copy_before_training(trained)
    words = ("--where", "slurm", "--dry-run", "--cluster-work-dir", "/scratch/it's me")
    run = rooms.start(*words, "--cluster-host", "nobody.invalid", "--cluster-setup", "module x")
    assert run.wait() == 0, run.output()
    told = run.output()[run.output().index("sbatch --parsable") :].partition("INFO:")[0]
    assert "program='/scratch/it'\"'\"'s me/.auscult/code-" in told
    assert "AUSCULT_PYTHON=python3," in told
    assert "export PATH HOME=~\nmodule x\n" in told
    assert not any(path in told for path in (str(ROOT), str(rooms.folder), os.environ["PATH"]))
    assert "Nothing was submitted" in run.output()


@pytest.mark.soak
def test_trainings_side_by_side_bring_code_and_packs_once(over_ssh):
    before = over_ssh.far.run_dirs()
    told = over_ssh.luigi(
        *("RunExperiment", "--experiment", str(over_ssh.experiment), "--problem", "pneumonia"),
        *("--seeds", "2", "--workers", "2", "--where", "slurm", "--compute-device", "cpu"),
        *("--paths-recordings", str(over_ssh.folder / "recordings")),
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert list(over_ssh.far.jobs().values())[-2:] == ["COMPLETED"] * 2
    kept = over_ssh.far.work / ".auscult"
    assert len(list(kept.glob("code-*"))) == 1
    assert not list(kept.rglob(".*.part"))
    assert over_ssh.far.run_dirs() == before
