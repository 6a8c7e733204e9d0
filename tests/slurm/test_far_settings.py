"""What ``[cluster] host`` changes for a user, and what it never does."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace

import luigi
import pytest

import pipeline
from pipeline.errors import ClusterError, SettingsError
from pipeline.remote.slurm_cluster import Cluster
from pipeline.remote.slurm_record import read_record, write_record
from pipeline.remote.slurm_store import digest_of
from pipeline.tasks import slurm as module
from pipeline.tasks.cancel import running
from pipeline.tasks.slurm import SLURM, refuse_beside_job, run_dir_of, train_on_slurm
from pipeline.tasks.slurm_code import code_facts, code_of, gathered
from tests.slurm.fake_slurm import FakeSlurm
from tests.slurm.places import ASKED, NAME


@pytest.fixture
def settings():
    """Set values of [cluster], for one test."""
    config, names = luigi.configuration.get_config(), []

    def change(**values: str) -> None:
        for name, value in values.items():
            config.set("cluster", name, value)
            names.append(name)

    yield change
    for name in set(names):
        config.remove_option("cluster", name)


@pytest.fixture
def sent_to_a(tmp_path):
    """A run directory whose job was sent to the cluster behind host a."""
    run_dir = tmp_path / "07_models/runs/pneumonia-0a1b"
    run_dir.mkdir(parents=True)
    record = read_record(run_dir, NAME).asked(ASKED, 0).changed(job_id="100")
    write_record(run_dir, type(record)(record.name, record.jobs, "a"))
    assert read_record(run_dir).host == "a"
    return run_dir


@pytest.mark.parametrize("name", ["-oProxyCommand=x", "a host", "host:22", "ssh://host"])
def test_host_that_ssh_could_take_for_something_else_is_refused(settings, name):
    settings(host=name, work_dir="/scratch/me")
    with pytest.raises(SettingsError, match="--cluster-host"):
        pipeline.TrainPneumonia(experiment="smoke", where=SLURM).complete()


def test_with_a_host_the_run_directory_here_stays_here(settings, tmp_path):
    settings(host="cluster", work_dir="/scratch/me")
    assert run_dir_of(tmp_path / "pneumonia-0a1b") == tmp_path / "pneumonia-0a1b"


def test_with_a_host_the_salt_is_the_same(settings):
    before = pipeline.TrainPneumonia(experiment="smoke").evaluation().model_task.own_record()
    settings(host="cluster", work_dir="/scratch/me", home_dir="/home/me", python="python3.12")
    luigi.task_register.Register.clear_instance_cache()
    there = pipeline.TrainPneumonia(experiment="smoke", where=SLURM).evaluation().model_task
    assert there.own_record() == before


def test_with_a_host_a_folder_of_the_cluster_is_needed_before_anything_runs(settings):
    settings(host="cluster")
    with pytest.raises(SettingsError, match="work_dir"):
        pipeline.TrainPneumonia(experiment="smoke", where=SLURM).complete()


@pytest.mark.parametrize("named", ["", "b"])
def test_job_is_not_looked_for_on_another_cluster(sent_to_a, settings, named):
    settings(host=named, work_dir="/scratch/me")
    with pytest.raises(ClusterError, match="host = a, where this training was sent"):
        train_on_slurm(SimpleNamespace(run_dir=sent_to_a))


def test_training_here_is_refused_while_its_job_runs_over_there(sent_to_a, monkeypatch):
    slurm, asked = FakeSlurm(), []
    slurm.jobs["100"] = {"name": NAME, "plan": ["RUNNING"]}

    def cluster_at(host):
        asked.append(host)
        return contextlib.nullcontext(Cluster(slurm))

    monkeypatch.setattr(module, "cluster_at", cluster_at)
    with pytest.raises(ClusterError, match="Follow it with --where slurm"):
        refuse_beside_job(sent_to_a)
    assert asked == ["a"]


def test_only_jobs_of_the_host_that_is_named_are_listed(sent_to_a, settings):
    config = luigi.configuration.get_config()
    old = config.get("paths", "data", "data")
    config.set("paths", "data", str(sent_to_a.parents[2]))
    slurm = FakeSlurm()
    slurm.jobs["100"] = {"name": NAME, "plan": ["RUNNING"]}
    try:
        assert running(Cluster(slurm), "a") == [(sent_to_a, "100")]
        assert running(Cluster(slurm), "b") == []
    finally:
        config.set("paths", "data", old)


def code_with(**model: str) -> dict:
    return code_of(SimpleNamespace(model_settings=model))


def test_code_is_all_that_a_job_needs_and_named_by_its_content(tmp_path, monkeypatch):
    package = tmp_path / "nets"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "own.py").write_text("import nets\n")
    monkeypatch.chdir(tmp_path)
    plain, own = code_with(name="resnet"), code_with(name="nets.own:build")
    assert {"external_script.sh", "ml_env/requirements-cpu.txt", "frontend/logmel.py"} <= set(plain)
    assert {"ml_env/cnn/__main__.py", "ml_env/cnn/models/__init__.py"} <= set(plain)
    assert own.keys() - plain.keys() == {"own/nets/__init__.py", "own/nets/own.py"}
    before = digest_of(code_facts(own))
    with gathered(own) as folder:
        assert (folder / "own/nets/own.py").read_text() == "import nets\n"
    (package / "own.py").write_text("import nets  # changed\n")
    assert before != digest_of(code_facts(own))
    assert before != digest_of(code_facts(plain)) == digest_of(code_facts(plain))
