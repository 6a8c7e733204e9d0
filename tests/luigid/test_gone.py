"""luigid is not there: said within seconds, in words; what was made stays, and the rest follows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import daemon as way
from pipeline.errors import SchedulerDown
from tests.luigid.daemon import LuigiDaemon
from tests.runs import ROOT, Rooms, result_of, wait_until
from tests.services.sshd import free_port

UNHANDLED = 40  # luigi.cfg, [retcode]


def check_words(said: str, port: int) -> None:
    """One clear error, told once."""
    assert said.count("SchedulerDown") == 1
    assert f"Expected: luigid to answer at http://localhost:{port}" in said
    assert "Found: Connection refused" in said
    assert "What to do: Start luigid there" in said
    assert "Traceback" not in said
    assert "Unconsumed" not in said


@pytest.mark.parametrize("by", ["command line", "luigi.cfg"])
def test_a_command_that_finds_no_luigid_says_so(tmp_path, by):
    port = free_port()
    words, variables = ["--scheduler-port", str(port)], {}
    if by == "luigi.cfg":
        text = f"[core]\nlocal_scheduler = false\nscheduler_port = {port}\nrpc-retry-wait = 0\n"
        (tmp_path / "own.cfg").write_text(text)
        words, variables = [], {"LUIGI_CONFIG_PATH": str(tmp_path / "own.cfg")}
    command = [str(Path(sys.executable).with_name("luigi")), "--module", "pipeline"]
    command += ["InspectDatasets", "--datasets", "simulated", "--paths-data", str(tmp_path)]
    done = subprocess.run(
        [*command, *words],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == UNHANDLED
    check_words(done.stdout + done.stderr, port)


def test_what_holds_without_any_setting_is_seconds():
    asked = way.Daemon("http://127.0.0.1:9/")
    longest = asked._rpc_retry_attempts * asked._connect_timeout
    longest += (asked._rpc_retry_attempts - 1) * asked._rpc_retry_wait
    assert longest < 20


def test_a_password_in_the_address_is_not_told():
    asked = way.Daemon(f"http://me:hunter2@127.0.0.1:{free_port()}/")
    asked._rpc_retry_wait = 0
    with pytest.raises(SchedulerDown) as caught:
        asked.get_work(worker="me")
    assert "hunter2" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)


def test_a_luigid_that_goes_away_in_a_training_costs_nothing(shared, tmp_path):
    rooms, luigid = Rooms(tmp_path / "rooms"), LuigiDaemon(tmp_path / "luigid").start()
    try:
        rooms.copy_before_training(shared.rooms)
        run = rooms.start(*luigid.words)
        wait_until(run.trainers, run)
        luigid.kill()
        assert run.wait() == UNHANDLED
        check_words(run.output(), luigid.port)
        (model,) = rooms.data.glob("07_models/pneumonia-*")
        rooms.check_whole()
        written = (model / "manifest.json").stat().st_mtime_ns
        report = rooms.complete()
        assert (model / "manifest.json").stat().st_mtime_ns == written
        same = next(shared.rooms.data.glob(f"08_reports/{report.name}"))
        assert result_of(report) == result_of(same)
    finally:
        rooms.clear()
        luigid.kill()
