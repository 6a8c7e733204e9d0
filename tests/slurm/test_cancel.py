"""``CancelTraining`` on a fake cluster."""

from __future__ import annotations

from contextlib import nullcontext

import luigi
import pytest

from pipeline.errors import ClusterError
from pipeline.remote.slurm_cluster import Cluster
from pipeline.remote.slurm_record import read_record, write_record
from pipeline.remote.slurm_script import Request
from pipeline.tasks import cancel as module
from pipeline.tasks.cancel import CancelTraining, running
from tests.slurm.fake_slurm import FakeSlurm


@pytest.fixture
def rooms(tmp_path, monkeypatch):
    config = luigi.configuration.get_config()
    old = config.get("paths", "data", None)
    config.set("paths", "data", str(tmp_path))
    slurm = FakeSlurm()
    for number, (salt, state) in enumerate({"0a1b": "RUNNING", "2c3d": "FAILED"}.items()):
        run_dir = tmp_path / f"07_models/runs/pneumonia-{salt}"
        run_dir.mkdir(parents=True)
        job_id, name = str(100 + number), f"pneumonia.x.{salt}"
        asked = read_record(run_dir, name).asked(Request(name, 60, 100, 1), 0)
        write_record(run_dir, asked.changed(job_id=job_id))
        slurm.jobs[job_id] = {"name": name, "plan": [state]}
    monkeypatch.setattr(module, "cluster_at", lambda host: nullcontext(Cluster(slurm)))
    monkeypatch.setattr(module, "refuse_without_slurm", lambda: None)
    yield tmp_path, slurm
    if old is None:
        config.remove_option("paths", "data")
    else:
        config.set("paths", "data", old)


@pytest.mark.parametrize("named", ["0a1b", "100"])
def test_it_ends_the_job_of_a_salt_or_number_and_notes_it(rooms, named, capsys):
    folder, slurm = rooms
    CancelTraining(salt=named).run()
    assert slurm.asked[-1] == ["scancel", "100"]
    assert "Cancelled job 100 (pneumonia-0a1b)" in capsys.readouterr().out
    record = read_record(folder / "07_models/runs/pneumonia-0a1b")
    assert record.jobs[-1].kind == "cancelled"
    assert running(Cluster(slurm)) == []


def test_without_a_salt_it_lists_what_has_not_ended(rooms, capsys):
    _, slurm = rooms
    CancelTraining().run()
    assert capsys.readouterr().out == "job 100: pneumonia-0a1b\n"
    assert slurm.count("scancel") == 0


def test_what_is_not_there_is_an_error_that_says_what_is(rooms):
    with pytest.raises(ClusterError, match=r"pneumonia-0a1b \(job 100\)"):
        CancelTraining(salt="2c3d").run()


def test_controller_that_does_not_answer_is_said(rooms):
    _, slurm = rooms
    slurm.is_down = True
    with pytest.raises(ClusterError, match="when it answers"):
        CancelTraining(salt="0a1b").run()
