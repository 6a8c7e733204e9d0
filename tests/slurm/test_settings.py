"""What a user asks of the cluster, and that none of it makes another run."""

from __future__ import annotations

from pathlib import Path

import luigi
import pytest

import pipeline
from pipeline.config import cluster
from pipeline.errors import ClusterError, ContractError, SettingsError
from pipeline.remote import slurm_failure
from pipeline.remote.sizing import Size, Work
from pipeline.remote.slurm_asked import (
    Wishes,
    memory_wished,
    request_of,
    time_wished,
    warning,
    words_of,
)
from pipeline.remote.slurm_history import cluster_entry, earlier_runs, shown, with_peak
from pipeline.remote.slurm_record import JobRecord, read_record, write_record
from pipeline.remote.slurm_script import Request
from pipeline.tasks._07_train import TrainNetwork
from pipeline.tasks.slurm import SLURM, run_dir_of
from tests.pages import tables_of
from tests.salted_tasks import SALTED_TASKS

ASKED = Request("n", time_s=7200, mem_mb=8192, n_cpus=2, partition="gpu", further=("--nice=1",))
SIZE = Size(100, 2048)
EMPTY = JobRecord("n")


def ended(kind: str, epoch: int = 0, **asked) -> JobRecord:
    request = Request(**{"name": "n", "time_s": 300, "mem_mb": 4096, "n_cpus": 1, **asked})
    return EMPTY.asked(request, epoch).changed(job_id="1", kind=kind)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 5400), ("30:15", 1815), ("2:00:00", 7200), ("1-12", 129600), ("1-12:30:01", 131401)],
)
def test_time_is_read_as_sbatch_reads_it(text, seconds):
    assert time_wished(text) == seconds


@pytest.mark.parametrize(("text", "mb"), [("8G", 8192), ("4096", 4096), ("1t", 2**20), ("512K", 1)])
def test_memory_is_read_as_sbatch_reads_it(text, mb):
    assert memory_wished(text) == mb


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (time_wished, "two hours"),
        (time_wished, "-5"),
        (memory_wished, "8 gigs"),
        (memory_wished, "0"),
        (words_of, "--nice=1 'open"),
        (words_of, "--export=ALL"),
        (words_of, "script.sh"),
    ],
)
def test_what_cannot_be_read_names_the_setting(read, text):
    with pytest.raises(SettingsError, match=r"\[cluster\]"):
        read(text)


def test_a_wish_comes_before_what_is_sized():
    wished = request_of(Wishes(time="3:00:00", mem="16G"), "n", SIZE, EMPTY, 0)
    assert (wished.time_s, wished.mem_mb) == (10800, 16384)
    sized = request_of(Wishes(), "n", SIZE, EMPTY, 0)
    assert (sized.time_s, sized.mem_mb) == (100, 2048)


def test_after_want_of_memory_twice_as_much_is_asked_for():
    assert request_of(Wishes(), "n", SIZE, ended("out of memory"), 0).mem_mb == 8192
    assert request_of(Wishes(mem="1G"), "n", SIZE, ended("out of memory"), 0).mem_mb == 1024


def test_after_a_job_without_time_for_an_epoch_twice_as_much_is_asked_for():
    assert request_of(Wishes(), "n", SIZE, ended("time limit", epoch=4), 4).time_s == 600
    assert request_of(Wishes(), "n", SIZE, ended("time limit", epoch=4), 5).time_s == 100


@pytest.mark.parametrize(
    ("wished", "time_s", "told"), [(-1, 7200, 300), (-1, 1200, 120), (-1, 90, 0), (0, 7200, 0)]
)
def test_warning_comes_by_the_time_asked_for(wished, time_s, told):
    assert warning(wished, time_s) == told


@pytest.mark.parametrize(
    ("gres", "device"),
    [("gpu:1", "gpu"), ("gpu:a100:2", "gpu"), ("", "cpu"), ("lscratch:5", "cpu")],
)
def test_the_device_follows_from_what_is_asked_for(gres, device):
    assert Wishes(gres=gres).device == device


def test_record_reads_back_and_one_of_another_form_is_refused(tmp_path):
    record = EMPTY.asked(ASKED, 3).changed(job_id="7", kind="warned").asked(ASKED, 5)
    write_record(tmp_path, record)
    assert read_record(tmp_path) == record
    (tmp_path / "slurm.json").write_text('{"kind": "auscult/slurm", "version": 2}')
    with pytest.raises(ContractError, match="version 2"):
        read_record(tmp_path)


def test_what_was_asked_and_used_is_shown_and_learnt_from(tmp_path):
    import json

    work = Work(1000, 30, 6e5, 50.0, "abc")
    record = EMPTY.asked(ASKED, 0).changed(job_id="7", kind="done", memory_mb=5427.2)
    ends = [{"seconds": 4000}, {"seconds": 320}]
    entry = with_peak(
        cluster_entry(record, work, "gpu", ends), {"training": {"peak_memory_mb": 900.0}}
    )
    assert shown(entry) == "asked 2:00 h / 8 GB, used 1:12 h / 5.3 GB"
    trained = {"n_parameters": 6e5, "training": {"n_epochs": 12}}
    for name, content in {
        "one": {"cluster": entry, "trained": trained},
        "local": {"trained": trained},
        "odd": {"cluster": {"work": None}, "trained": trained},
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "record.json").write_text(json.dumps(content))
    (run,) = earlier_runs(tmp_path)
    assert (run.partition, run.device, run.n_cpus) == ("gpu", "gpu", 2)
    assert (run.time_s, run.memory_mb, run.work.n_epochs) == (4320.0, 5427.2, 12)


@pytest.mark.parametrize("task", SALTED_TASKS)
def test_nothing_of_where_it_runs_enters_a_salt(task):
    known = dict(task.get_params())
    for name in {"where", "label", "dry_run", "device"} & known.keys():
        assert not known[name].significant
        assert name not in task.salted_by


def test_where_and_cluster_make_no_other_run(tmp_path):
    config = luigi.configuration.get_config()
    plain = pipeline.TrainPneumonia(experiment="smoke").evaluation().model_task
    there = pipeline.TrainPneumonia(experiment="smoke", where=SLURM).evaluation().model_task
    assert there.where == SLURM
    assert plain.task_id == there.task_id
    before = plain.own_record()
    settings = {"partition": "gpu", "gres": "gpu:1", "work_dir": str(tmp_path), "time": "9:00:00"}
    for name, value in settings.items():
        config.set("cluster", name, value)
    try:
        assert cluster().gres == "gpu:1"
        luigi.task_register.Register.clear_instance_cache()
        again = pipeline.TrainPneumonia(experiment="smoke", where=SLURM).evaluation().model_task
        assert again.own_record() == before
        assert again.task_id == plain.task_id
    finally:
        for name in settings:
            config.remove_option("cluster", name)


def test_trainings_on_a_cluster_do_not_take_turns_here():
    def resources(where: str):
        run = pipeline.TrainPneumonia(experiment="smoke", where=where)
        return run.evaluation().model_task.resources

    assert resources("local") == {"trainings": 1}
    assert resources(SLURM) == {}


def test_run_directories_lie_on_fast_storage_where_there_is_some(tmp_path):
    config = luigi.configuration.get_config()
    local = tmp_path / "data/07_models/runs/pneumonia-0a1b"
    assert run_dir_of(local) == local
    config.set("cluster", "work_dir", str(tmp_path / "fast"))
    try:
        assert run_dir_of(local) == tmp_path / "fast/runs/pneumonia-0a1b"
    finally:
        config.remove_option("cluster", "work_dir")


def test_without_slurm_it_is_said_before_anything_runs(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ClusterError, match="login node"):
        pipeline.TrainPneumonia(experiment="smoke", where=SLURM).complete()


def test_dry_run_is_for_a_cluster_only():
    with pytest.raises(SettingsError, match="--where slurm"):
        pipeline.TrainPneumonia(experiment="smoke", dry_run=True).evaluation()


def test_every_job_of_an_experiment_goes_where_it_is_sent(tmp_path):
    path = tmp_path / "two.toml"
    path.write_text('[[job]]\nname = "a"\n[[job]]\nname = "b"\n[job.model]\nwidth = 0.5\n')
    run = pipeline.RunExperiment(experiment=str(path), problem="pneumonia", where=SLURM)
    models = [model for job in run.runs for model in job.models()]
    assert all(isinstance(model, TrainNetwork) and model.where == SLURM for model in models)
    assert [model.label for model in models] == ["two.a", "two.b"]


def test_an_experiments_trainings_are_submitted_together_but_over_ssh(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where nothing is trained yet
    run = pipeline.RunExperiment(experiment="smoke", problem="pneumonia", where=SLURM, seeds=2)
    (together,) = run.goal()
    assert together.runs == run.runs
    needed = {type(one).__name__ for one in together.requires()}
    assert {"CutClips", "CacheSpectrograms"} <= needed
    assert "TrainNetwork" not in needed
    over_ssh = luigi.configuration.get_config()
    over_ssh.set("cluster", "host", "far")
    try:
        assert run.goal() == run.runs
    finally:
        over_ssh.remove_option("cluster", "host")


def test_the_page_names_every_setting_with_its_default():
    told = {row[0]: row[1] for row in tables_of("slurm.rst")["[cluster]"]}
    shipped = {
        name: str(parameter.task_value("cluster", name)).lower()
        for name, parameter in cluster.get_params()
    }
    known = {name: value for name, value in shipped.items() if name != "id"}
    assert told == known


def test_the_page_names_every_failure():
    import re

    source = Path(slurm_failure.__file__).read_text()
    kinds = set(re.findall(r'Failure\(\s*"([a-z ]+)"', source)) - {"warned"}
    told = " ".join(row[0] for row in tables_of("slurm.rst")["Named"])
    assert len(kinds) > 7
    assert [kind for kind in kinds if kind not in told] == []
