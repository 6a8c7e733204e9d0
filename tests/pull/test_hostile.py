"""Pulling over a real ssh and rsync while things go wrong: named, nothing broken, resumed."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import luigi
import pytest

from pipeline.errors import (
    ConnectionLost,
    DiskTooSmall,
    HostKeyChanged,
    NoSuchHost,
    NoSuchPath,
    NotLoggedIn,
)
from pipeline.pull import pulling
from tests.pull.conftest import address
from tests.pull.cutting import CutWire
from tests.pull.models import corrupt, make_model, same_files
from tests.runs import ROOT, SOON_S, processes

SIZE = 3_000_000


@pytest.fixture
def there(tmp_path):
    return tmp_path / "there"


@pytest.fixture
def wire(sshd, here):
    """The way to the sshd, uncut as long as nobody sets a limit."""
    one = CutWire(sshd.port)
    here.use(sshd.config_with(port=one.port))
    yield one
    one.close()


@pytest.mark.parametrize("seed", range(4))
def test_a_connection_cut_at_a_random_byte_is_named_and_resumed(here, wire, there, seed):
    model = make_model(there, n_bytes=SIZE)
    wire.limit = random.Random(seed).randrange(500, SIZE)
    with pytest.raises(ConnectionLost) as caught:
        here.pull(address(model))
    assert "same command again" in caught.value.action
    assert here.models() == []
    wire.limit = None
    assert same_files(here.pull(address(model)), model)
    assert not here.parts()


def test_what_came_before_the_cut_does_not_come_again(here, wire, there):
    size = 4 * SIZE
    model = make_model(there, n_bytes=size)
    wire.limit = size * 2 // 3
    with pytest.raises(ConnectionLost):
        here.pull(address(model))
    wire.limit, wire.n_bytes = None, 0
    assert same_files(here.pull(address(model)), model)
    assert wire.n_bytes < size * 2 // 3


def test_a_model_that_changed_between_cut_and_resumption_arrives_as_it_is_now(here, wire, there):
    model = make_model(there, n_bytes=SIZE)
    wire.limit = SIZE // 2
    with pytest.raises(ConnectionLost):
        here.pull(address(model))
    wire.limit = None
    shutil.rmtree(model)
    assert same_files(here.pull(address(make_model(there, n_bytes=SIZE, noise=5))), model)


def test_a_killed_pull_leaves_nobody_and_is_resumed(here, wire, there, sshd):
    model = make_model(there, n_bytes=20 * SIZE)
    part = here.data / "07_models" / f".pull-{here.task(address(model)).origin().digest}"
    config = luigi.configuration.get_config().get("fetch", "ssh_config")
    words = [str(Path(sys.executable).with_name("luigi")), "--module", "pipeline", "PullModel"]
    words += ["--source", address(model), "--remote-ssh-config", config]
    words += ["--paths-data", str(here.data)]
    run = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not list(part.glob(".model.keras.*")):
        assert run.poll() is None
        time.sleep(0.002)
    run.kill()
    run.wait()
    until = time.monotonic() + SOON_S
    while [one for one in processes() if str(part) in one.command]:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert here.models() == []
    assert same_files(here.pull(address(model)), model)
    assert not here.parts()


def test_a_changed_host_key_is_refused_and_nothing_comes(here, sshd, there):
    model = make_model(there)
    here.use(sshd.config_with_other_host_key())
    with pytest.raises(HostKeyChanged) as caught:
        here.pull(address(model))
    assert "ssh-keygen -R" in caught.value.action
    assert not list((here.data / "07_models").glob("**/*.json"))


def test_a_host_that_is_never_seen_before_is_refused(here, sshd, there, tmp_path):
    here.use(sshd.config_with(known_hosts=tmp_path / "none"))
    with pytest.raises(HostKeyChanged):
        here.pull(address(make_model(there)))


def test_a_key_that_the_other_side_does_not_know(here, sshd, there):
    here.use(sshd.config_with_other_user_key())
    with pytest.raises(NotLoggedIn) as caught:
        here.pull(address(make_model(there)))
    assert "ssh-add" in caught.value.action


def test_an_unknown_host(here, sshd, there):
    here.use(sshd.config)
    with pytest.raises(NoSuchHost):
        here.pull(address(there, host="nowhere.invalid"))


def test_no_such_folder_on_the_other_machine(here, sshd, there):
    here.use(sshd.config)
    with pytest.raises(NoSuchPath, match="no such folder there"):
        here.pull(address(there / "nothing here"))


def test_user_and_port_may_stand_in_the_address(here, sshd, there):
    model = make_model(there)
    here.use(sshd.config_with(port=1, known_hosts=sshd.known_hosts))
    source = address(model, host=f"{sshd.user}@cluster:{sshd.port}")
    assert same_files(here.pull(source), model)


def test_a_path_below_the_home_folder(here, sshd, there, home_there):
    model = make_model(home_there)
    here.use(sshd.config)
    source = f"ssh://cluster/~/{home_there.name}/{model.name}"
    assert same_files(here.pull(source), model)


def test_names_that_a_remote_shell_or_rsync_would_read_otherwise(here, sshd, there):
    model = make_model(there / "-a [b] *?; $(x) `y` 'q' \"ü\\")
    here.use(sshd.config)
    assert same_files(here.pull(address(model)), model)


def test_a_file_of_equal_size_and_time_with_other_bytes_is_fetched_again(here, sshd, there):
    model = make_model(there, n_bytes=SIZE)
    here.use(sshd.config)
    part = here.data / "07_models" / f".pull-{here.task(address(model)).origin().digest}"
    shutil.copytree(model, part)
    corrupt(part / "model.keras")
    assert same_files(here.pull(address(model)), model)


def test_two_pulls_at_once_bring_it_once(here, sshd, there):
    model = make_model(there, n_bytes=SIZE)
    here.use(sshd.config)
    tasks = [here.task(address(model)) for _ in range(2)]
    threads = [threading.Thread(target=task.run) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [said.startswith("Nothing to do") for said in here.said].count(True) == 1
    assert here.models() == [model.name]
    assert same_files(here.data / "07_models" / model.name, model)


def test_a_disk_that_is_too_small_is_told_and_then_large_enough(small_disk, here, sshd, there):
    resize = small_disk(here.data).resize
    model = make_model(there, n_bytes=SIZE)
    here.use(sshd.config)
    resize(SIZE)
    with pytest.raises(DiskTooSmall, match="nothing was fetched yet"):
        here.pull(address(model))
    assert here.models() == []
    resize(4 * SIZE)
    assert same_files(here.pull(address(model)), model)


def test_a_disk_that_fills_up_on_the_way_is_told_and_resumed(
    small_disk, here, sshd, there, monkeypatch
):
    resize = small_disk(here.data).resize
    model = make_model(there, n_bytes=SIZE)
    here.use(sshd.config)
    resize(SIZE // 2)
    monkeypatch.setattr(pulling, "_free", lambda folder: 10 * SIZE)  # others fill it meanwhile
    with pytest.raises(DiskTooSmall):
        here.pull(address(model))
    assert here.models() == []
    resize(4 * SIZE)
    assert same_files(here.pull(address(model)), model)


def test_a_file_that_may_not_be_read_there_is_told_with_the_next_step():
    from pipeline.pull.found import explained
    from pipeline.pull.source import source_of

    said = (
        'rsync: [sender] send_files failed to open "/m/model.keras": Permission denied (13)\n'
        "rsync error: some files/attrs were not transferred (code 23)"
    )
    error = explained(NoSuchPath(expected="", found=said), source_of("ssh://cluster/m"))
    assert re.search(r"chmod", error.action)
    assert "model.keras" in error.found
