"""What is handed to Slurm: command line and script, as files to compare with."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import SettingsError
from pipeline.remote.slurm_array import array_script
from pipeline.remote.slurm_body import Place, job_script
from pipeline.remote.slurm_script import (
    Request,
    export_list,
    job_name,
    sbatch_command,
    set_in_script,
    slurm_time,
    variables_for_job,
)
from pipeline.remote.slurm_state import read_ends

GOLDEN = Path(__file__).parent / "golden"
PLAIN = Request("pneumonia.smoke.0a1b2c3d4e5f", time_s=5400, mem_mb=4096, n_cpus=2)
FULL = Request(
    "pneumonia.ladder_wide.0a1b2c3d4e5f",
    time_s=100_000,
    mem_mb=8192,
    n_cpus=8,
    gres="gpu:a100:1",
    partition="gpu",
    account="lungs",
    qos="long",
    constraint="v100|a100",
    warn_s=300,
    requeue=True,
    further=("--mail-type=END", "--nice=10"),
)
VARIABLES = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "no_proxy": "a,b", "AUSCULT_ENV": "cpu"}


def golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("AUSCULT_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "request_"), [("plain", PLAIN), ("full", FULL)])
def test_command_is_as_written_down(name, request_):
    command = sbatch_command(request_, "/data/07_models/runs/pneumonia-0a1b2c3d4e5f", VARIABLES)
    golden(f"{name}-command.txt", "\n".join(command) + "\n")


def test_script_is_as_written_down():
    place = Place("/data/it's here/x", "/our project/external_script.sh", "/home/me", "/safe")
    text = job_script(place, ["sbatch", "a\nb"], VARIABLES, 3, "module load python/3.11")
    golden("script.sh", text)


def test_array_is_as_written_down():
    folder = "/data/07_models/.slurm/arrays/pneumonia.ladder.0a1b2c3d4e5f"
    request = replace(FULL, name="pneumonia.ladder.0a1b2c3d4e5f")
    command = sbatch_command(request, folder, VARIABLES, n_elements=3)
    golden("array-command.txt", "\n".join(command) + "\n")
    names = ["pneumonia-0a1b", "pneumonia-2c3d", "cough\nrm -rf-4e5f"]
    golden("array-script.sh", array_script(["sbatch", "a\nb"], names))


def test_what_is_empty_is_left_to_the_cluster():
    command = " ".join(sbatch_command(PLAIN, "/r", {}))
    for flag in ("--partition", "--gres", "--account", "--qos", "--signal", "--constraint"):
        assert flag not in command


def test_further_arguments_come_last_and_so_win():
    assert sbatch_command(FULL, "/r", {})[-3:-1] == ["--mail-type=END", "--nice=10"]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(30, "0:00:30"), (5400, "1:30:00"), (86399, "23:59:59"), (86400, "1-00:00:00")],
)
def test_time_as_slurm_reads_it(seconds, told):
    assert slurm_time(seconds) == told


def test_name_carries_problem_experiment_and_salt_and_nothing_that_slurm_reads():
    name = job_name("cough; rm -rf", "x\n#SBATCH --mem=1/ü", "0a1b")
    assert name == "cough__rm_-rf.x__SBATCH_--mem=1__.0a1b"
    assert job_name("pneumonia", "", "0a1b") == "pneumonia.0a1b"


def test_no_secret_is_exported():
    base = {
        "PATH": "/bin",
        "AWS_SECRET_ACCESS_KEY": "planted",
        "GITHUB_TOKEN": "planted",
        "https_proxy": "http://me:planted@proxy:80",
        "UV_INDEX_URL": "https://planted@index.example/simple",
        "SLURM_CPUS_PER_TASK": "7",
    }
    found = variables_for_job(base, {"AUSCULT_ENV": "cpu"})
    assert found == {"PATH": "/bin", "AUSCULT_ENV": "cpu"}
    assert "planted" not in export_list(found) + "".join(set_in_script(found))


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "MY_PASSWORD", "API_KEY", "x=1", "NOT_SET"])
def test_a_variable_that_must_or_can_not_be_exported_is_refused(name):
    base = {"GITHUB_TOKEN": "x", "MY_PASSWORD": "x", "API_KEY": "x"}
    with pytest.raises(SettingsError, match=r"\[cluster\] export"):
        variables_for_job(base, {}, [name])


def test_what_export_cannot_hold_is_set_by_the_script():
    odd = {"A": "one,two", "B": "it's\n$(date)", "C": "plain"}
    assert export_list(odd) == "C=plain"
    done = subprocess.run(
        ["bash", "-c", "\n".join([*set_in_script(odd), 'printf "%s|%s" "$A" "$B"'])],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "one,two|it's\n$(date)"


class Job:
    """A job's script run without a cluster, with a program of the test's as the trainer."""

    def __init__(self, folder: Path, trainer: str, n_requeues: int = 0, home: str = ""):
        self.run_dir = folder / "it's a run"
        self.run_dir.mkdir()
        self.program = folder / "trainer's.sh"
        self.program.write_text(f'#!/bin/bash\ncd "$2"\n{trainer}\n')
        self.program.chmod(0o755)
        (folder / "bin").mkdir()
        fake = folder / "bin" / "scontrol"
        fake.write_text(
            f'#!/bin/bash\necho "$@" >> {shlex.quote(str(folder))}/scontrol.log\nexit 1\n'
        )
        fake.chmod(0o755)
        place = Place(str(self.run_dir), str(self.program), str(folder), home)
        self.script = folder / "job.sh"
        self.script.write_text(job_script(place, ["sbatch"], {}, n_requeues))
        self.variables = {"PATH": f"{folder}/bin:/usr/bin:/bin", "SLURM_JOB_ID": "7"}

    def start(self) -> subprocess.Popen:
        return subprocess.Popen(["bash", str(self.script)], env=self.variables)

    def ends(self):
        return [
            (end["code"], end["warned"]) for end in read_ends(self.run_dir / "slurm_ends.jsonl")
        ]


def wait_for(path: Path) -> None:
    import time

    for _ in range(1000):
        if path.exists():
            return
        time.sleep(0.01)
    raise AssertionError(f"{path} never came")


@pytest.mark.parametrize("code", [0, 1, 137])
def test_script_ends_as_the_trainer_and_writes_it_down(tmp_path, code):
    job = Job(tmp_path, f"exit {code}")
    assert job.start().wait(20) == code
    assert job.ends() == [(code, 0)]


def test_warning_reaches_the_trainer_and_its_own_code_is_kept(tmp_path):
    job = Job(tmp_path, "trap 'exit 75' USR1; touch ready; while :; do sleep 0.05; done")
    process = job.start()
    wait_for(job.run_dir / "ready")
    process.send_signal(10)
    assert process.wait(20) == 75
    assert job.ends() == [(75, 1)]


def test_trainer_that_could_not_listen_yet_counts_as_warned(tmp_path):
    job = Job(tmp_path, "touch ready; exec sleep 20")
    process = job.start()
    wait_for(job.run_dir / "ready")
    process.send_signal(10)
    assert process.wait(20) == 75


def test_trainer_that_goes_on_after_the_warning_is_waited_for(tmp_path):
    job = Job(tmp_path, "trap : USR1; touch ready; sleep 0.5; sleep 0.2; exit 3")
    process = job.start()
    wait_for(job.run_dir / "ready")
    process.send_signal(10)
    assert process.wait(20) == 3


def test_job_asks_to_be_started_again_as_often_as_it_may(tmp_path):
    job = Job(tmp_path, "exit 75", n_requeues=2)
    for _ in range(4):
        assert job.start().wait(20) == 75
    assert (tmp_path / "scontrol.log").read_text() == "requeue 7\n" * 2


def test_result_is_copied_to_backed_up_storage(tmp_path):
    home = tmp_path / "the home"
    job = Job(tmp_path, "mkdir -p output; echo model > output/model.keras", home=str(home))
    assert job.start().wait(20) == 0
    assert [path.relative_to(home).as_posix() for path in home.rglob("*")] == [
        "it's a run",
        "it's a run/model.keras",
    ]
