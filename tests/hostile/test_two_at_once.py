"""Two luigi commands on the same work: one result, no clash."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.runs import BEFORE_TRAINING, LONG_S, ROOT, Rooms, Run, report_of, result_of

ALREADY_RUNNING = 10  # luigi.cfg, [retcode]


def check_one_result(rooms: Rooms, n_trainings: int) -> None:
    """Every stage was made once, and nothing lies about."""
    assert not rooms.parts()
    assert not rooms.run_dirs()
    rooms.check_whole()
    rooms_of = [path.parent.name for path in rooms.final()]
    # Beside the index its measures; beside each report its predictions, and the doctor's page.
    expected = {room: 2 if room == "02_index" else 1 for room in BEFORE_TRAINING}
    assert {room: rooms_of.count(room) for room in BEFORE_TRAINING} == expected
    assert rooms_of.count("07_models") == n_trainings
    assert rooms_of.count("08_reports") == 2 * n_trainings + 1


def n_made(runs: list[Run], what: str) -> int:
    """Return how many of the runs did a piece of work themselves."""
    return sum(what in run.output() for run in runs)


def test_same_command_twice_and_another_seed_share_what_they_can(rooms, undisturbed):
    runs = [rooms.start(), rooms.start(), rooms.start("--seed", "1")]
    for run in runs:
        assert run.wait() == 0, run.output()
    check_one_result(rooms, n_trainings=2)
    same, twin, other = (report_of(run) for run in runs)
    assert same == twin != other
    assert result_of(same) == undisturbed.result
    assert n_made(runs[:2], "training resnet") == 1
    assert n_made(runs[:2], "predicting") == 1


@pytest.mark.soak
def test_two_commands_with_two_workers_each(rooms, undisturbed):
    runs = [rooms.start("--workers", "2", "--seed", seed) for seed in ("0", "0", "1")]
    for run in runs:
        assert run.wait() == 0, run.output()
    check_one_result(rooms, n_trainings=2)
    assert result_of(report_of(runs[0])) == undisturbed.result


@pytest.fixture
def daemon(tmp_path):
    """Port of a luigid on the loopback interface."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("luigid")), "--address", "127.0.0.1"]
    command += ["--port", str(port), "--state-path", str(tmp_path / "state.pickle")]
    log = open(tmp_path / "luigid.log", "wb")  # noqa: SIM115
    process = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log)
    try:
        wait_for_port(port, process)
        yield port
    finally:
        process.kill()
        process.wait()
        log.close()


def wait_for_port(port: int, process: subprocess.Popen, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"luigid does not answer at port {port}")


def configuration(tmp_path: Path, port: int) -> dict[str, str]:
    """Return the variable that names a luigi.cfg for a daemon, as docs/luigid.rst has it."""
    text = (ROOT / "luigi.cfg").read_text()
    text = text.replace("local_scheduler = true", f"default-scheduler-port = {port}")
    path = tmp_path / "luigid.cfg"
    path.write_text(text)
    return {"LUIGI_CONFIG_PATH": str(path)}


@pytest.mark.soak
def test_two_workers_of_one_daemon(rooms, undisturbed, daemon, tmp_path):
    variables = configuration(tmp_path, daemon)
    runs = [rooms.start("--no-lock", variables=variables) for _ in range(2)]
    status = [run.wait() for run in runs]
    assert 0 in status, runs[0].output() + runs[1].output()
    # The other one may have ended while the work was still the first one's.
    assert set(status) <= {0, ALREADY_RUNNING}, runs[0].output() + runs[1].output()
    check_one_result(rooms, n_trainings=1)
    done = runs[status.index(0)]
    assert result_of(report_of(done)) == undisturbed.result
    assert n_made(runs, "training resnet") == 1
    again = rooms.start(variables=variables)
    assert again.wait(LONG_S) == 0
    assert "Nothing to do" in again.output()
    assert os.path.samefile(report_of(again), report_of(done))
