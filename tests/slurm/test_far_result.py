"""The result of a job on another machine: taken once, wherever it lies, and nothing left there."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace

import luigi
import pytest

from pipeline.contract import read_manifest, write_json, write_manifest
from pipeline.remote.slurm_host import RemoteHost
from pipeline.remote.slurm_layout import SMALL_STATE
from pipeline.tasks.slurm_there import OverSsh

KIND = "auscult/model"
NAME = "pneumonia-0a1b"


@pytest.fixture
def there(tmp_path):
    """The cluster's folders."""
    for name in ("work", "home"):
        (tmp_path / "there" / name).mkdir(parents=True)
    return tmp_path / "there"


@pytest.fixture
def site(sshd, there, tmp_path):
    """What a training has of that cluster."""
    config = luigi.configuration.get_config()
    values = {
        ("cluster", "host"): "cluster",
        ("cluster", "work_dir"): str(there / "work"),
        ("cluster", "home_dir"): str(there / "home"),
        ("remote", "ssh_config"): str(sshd.config),
    }
    for (section, name), value in values.items():
        config.set(section, name, value)
    run_dir = tmp_path / "here" / NAME
    run_dir.mkdir(parents=True)
    found = OverSsh(SimpleNamespace(run_dir=run_dir, kind=KIND, task_family="TrainNetwork"))
    yield found
    found.close()
    for section, name in values:
        config.remove_option(section, name)


def result_at(folder: Path, **manifest: str) -> Path:
    folder.mkdir(parents=True)
    write_json(folder / "model.json", {"of": "the trainer"})
    write_manifest(folder, KIND, **manifest)
    return folder


def output_of(site: OverSsh) -> Path:
    return site.task.run_dir / "output"


def test_result_of_a_job_that_ended_unseen_is_taken_with_its_log(site, there):
    run_dir = there / "work/runs" / NAME
    result_at(run_dir / "output")
    (run_dir / "train.log").write_text("epoch 2/2\n")
    (run_dir / "checkpoints/epoch-0002").mkdir(parents=True)
    assert site.take_earlier()
    assert read_manifest(output_of(site), KIND, checksums=True)
    assert (site.task.run_dir / "train.log").read_text() == "epoch 2/2\n"
    assert site.epoch() == 2


def test_where_fast_storage_was_cleared_the_backed_up_result_is_taken(site, there):
    result_at(there / "home" / NAME)
    assert site.take_earlier()
    assert read_manifest(output_of(site), KIND)


def test_finished_model_is_no_trainers_result(site, there):
    result_at(there / "home" / NAME, salt="0a1b")
    assert not site.take_earlier()
    assert not output_of(site).exists()


def test_where_there_is_nothing_nothing_is_taken(site):
    assert not site.take_earlier()
    assert not site.has_result()
    assert site.epoch() == 0


def test_result_that_belies_its_own_manifest_is_refused_and_made_anew(site, there):
    output = result_at(there / "work/runs" / NAME / "output")
    (output / "model.json").write_text("{}")
    assert not site.has_result()
    assert not output.exists()
    assert not output_of(site).exists()


def test_sealed_model_replaces_the_result_in_home_dir_and_the_run_directory_goes(
    site, there, tmp_path
):
    result_at(there / "work/runs" / NAME / "output")
    result_at(there / "home" / NAME)
    site.keep(result_at(tmp_path / "07_models" / NAME, salt="0a1b"))
    assert read_manifest(there / "home" / NAME, KIND, checksums=True)["salt"] == "0a1b"
    assert [path.name for path in (there / "home").iterdir()] == [NAME]
    assert not list((there / "work/runs").iterdir())


def test_copy_that_cannot_be_made_is_said_and_spoils_no_training(site, tmp_path, caplog):
    model = result_at(tmp_path / "07_models" / NAME, salt="0a1b")
    site.there = RemoteHost("no-such-host.invalid", site.there.ssh_config)
    with caplog.at_level(logging.WARNING, logger="luigi-interface"):
        site.keep(model)
    assert f"there/home/{NAME} has no copy of the model" in caplog.text


def test_what_is_brought_while_it_runs_is_small(site, there):
    run_dir = there / "work/runs" / NAME
    result_at(run_dir / "output")
    (run_dir / "checkpoints").mkdir()
    for pattern in SMALL_STATE:
        (run_dir / pattern.lstrip("/").replace("*", "7")).write_text("x")
    site.bring()
    assert {path.name for path in site.task.run_dir.iterdir()} == {
        *("train.log", "progress.json", "history.csv", "slurm_ends.jsonl", "slurm-7.out")
    }
