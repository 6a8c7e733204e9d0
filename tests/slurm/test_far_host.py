"""Slurm's commands and a shell over a real ssh: quoting, one connection, what passes by itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from pipeline.errors import ClusterError, HostKeyChanged, NotLoggedIn
from pipeline.remote.slurm_cluster import OutOfReach
from pipeline.remote.slurm_host import RemoteHost
from pipeline.remote.slurm_record import held
from tests.services.sshd import Sshd, skip_without_sshd

ODD = (
    "a b",
    "it's",
    'say "x"',
    "ü 肺",
    "; touch oops",
    "-r",
    "--",
    "$HOME",
    "`id`",
    "*",
    "a\\b",
    "",
)


@pytest.fixture
def host(sshd):
    with RemoteHost("cluster", str(sshd.config)) as found:
        yield found


def test_words_arrive_as_they_are(host):
    answer = host.slurm(["printf", "%s\\n", *ODD])
    assert answer.output.splitlines() == list(ODD)


def test_exit_code_and_errors_are_those_of_the_command(host):
    answer = host.slurm(["sh", "-c", "echo no such job >&2; exit 3"])
    assert (answer.code, answer.errors.strip()) == (3, "no such job")


def test_missing_program_names_the_host(host):
    with pytest.raises(ClusterError, match="squeue-of-nobody on the PATH of cluster"):
        host.slurm(["squeue-of-nobody"])


def test_many_commands_share_one_connection(host, sshd):
    before = set(sshd.children())
    for _ in range(3):
        host.slurm(["true"])
        host.shell("true")
    new = set(sshd.children()) - before
    assert len(new) == 1


def test_broken_connection_is_made_anew(host, sshd):
    host.shell("true")
    assert sshd.cut()
    for _ in range(3):  # the first may still find the dead one
        try:
            assert host.shell("echo again").strip() == "again"
            break
        except OutOfReach:
            continue
    else:
        raise AssertionError("it stays broken")


def test_nobody_there_is_out_of_reach(sshd, tmp_path):
    with RemoteHost("cluster", str(sshd.config_with(port=1))) as nobody:
        for ask in (
            lambda: nobody.slurm(["squeue"]),
            lambda: nobody.shell("true"),
            lambda: nobody.listing("/"),
            lambda: nobody.mirror("/", tmp_path, ["/x"]),
        ):
            with pytest.raises(OutOfReach) as error:
                ask()
            assert error.value.who == "cluster (over ssh)"


def test_name_that_is_not_known_may_be_known_again_later(sshd):
    nobody = RemoteHost("no-such-host.invalid", str(sshd.config))
    with nobody, pytest.raises(OutOfReach, match="no-such-host"):
        nobody.shell("true")


def test_other_host_key_and_key_that_is_not_let_in_are_no_matter_of_waiting(sshd):
    for config, error in (
        (sshd.config_with_other_host_key(), HostKeyChanged),
        (sshd.config_with_other_user_key(), NotLoggedIn),
    ):
        with RemoteHost("cluster", str(config)) as other:
            with pytest.raises(error):
                other.slurm(["squeue"])
            with pytest.raises(error):
                other.shell("true")


def test_users_own_shared_connection_is_used_and_no_other_made(sshd):
    with tempfile.TemporaryDirectory(prefix="own-") as folder:  # a socket's path is short
        config = Path(folder, "config")
        own = f"  ControlPath {folder}/s\n"
        config.write_text(sshd.config.read_text() + own)
        words = ["ssh", "-F", str(config), "-M", "-N", "cluster"]
        with subprocess.Popen(words) as master, RemoteHost("cluster", str(config)) as found:
            while not Path(folder, "s").exists():
                assert master.poll() is None
            before = set(sshd.children())
            assert found.shell("echo x").strip() == "x"
            found.slurm(["true"])
            assert set(sshd.children()) == before
            master.terminate()


def test_connection_ends_with_the_process_however_that_ends(sshd):
    code = (
        "import os, sys; from pipeline.remote.slurm_host import RemoteHost\n"
        f"host = RemoteHost('cluster', {str(sshd.config)!r})\n"
        "host.shell('true'); print(host._shared._process.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    keeper = int(done.stdout)
    for _ in range(100):
        if not Path(f"/proc/{keeper}").exists():
            return
        time.sleep(0.05)
    raise AssertionError("it goes on")


def test_small_state_is_mirrored_and_nothing_else(host, tmp_path):
    there, here = tmp_path / "run; dir", tmp_path / "here"
    (there / "checkpoints").mkdir(parents=True)
    here.mkdir()
    for name in ("train.log", "slurm-7.out", "checkpoints/epoch-0001", "other"):
        (there / name).write_text(name)
    host.mirror(str(there), here, ["/train.log", "/slurm-*.out"])
    assert sorted(path.name for path in here.iterdir()) == ["slurm-7.out", "train.log"]
    with open(there / "train.log", "a") as stream:
        stream.write(" and more")
    host.mirror(str(there), here, ["/train.log"])
    assert (here / "train.log").read_text() == "train.log and more"
    host.mirror(str(tmp_path / "not there yet"), here, ["/train.log"])


def test_programs_that_are_missing_there_are_named(host, monkeypatch):
    monkeypatch.setattr("pipeline.remote.slurm_host.PROGRAMS", ("sh", "no-such-a", "no-such-b"))
    with pytest.raises(ClusterError, match="no-such-a, no-such-b on the PATH of cluster"):
        host.refuse_without_programs()


def test_submission_that_is_under_way_outlives_who_asked_and_keeps_others_from_asking(tmp_path):
    skip_without_sshd()
    sbatch = tmp_path / "bin/sbatch"
    sbatch.parent.mkdir()
    sbatch.write_text(f"#!/bin/sh\ntouch {tmp_path}/began\nsleep 1\ntouch {tmp_path}/done\n")
    sbatch.chmod(0o755)
    keys = tmp_path / "keys"
    service = Sshd(keys, f"SetEnv PATH={sbatch.parent}:{os.environ['PATH']}\n").start()
    code = (
        "from pathlib import Path; from pipeline.remote.slurm_record import held\n"
        "from pipeline.remote.slurm_host import RemoteHost\n"
        f"host = RemoteHost('cluster', {str(service.config)!r})\n"
        f"with held(Path({str(tmp_path)!r})): host.slurm(['sbatch'])"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    words = [sys.executable, "-c", code]
    with subprocess.Popen(words, env=environment, start_new_session=True) as asking:
        while not (tmp_path / "began").exists():
            assert asking.poll() is None
        os.killpg(asking.pid, signal.SIGKILL)
    with held(tmp_path):
        assert (tmp_path / "done").exists()
    service.stop()
