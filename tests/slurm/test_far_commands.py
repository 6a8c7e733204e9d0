"""What is said to a cluster over ssh, word by word, and where things lie there."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pipeline.errors import SettingsError
from pipeline.remote.rsync import rsync_command
from pipeline.remote.slurm_layout import (
    SMALL_STATE,
    Layout,
    begin_script,
    checked_folder,
    code_script,
    finish_script,
    inputs_script,
    newest_epoch_of,
    remove_script,
)
from pipeline.remote.ssh import SshPlace, master_command, ssh_command

GOLDEN = Path(__file__).parent / "golden"
RUN = "/scratch/it's/runs/pneumonia-0a1b"
SOCKET = "/tmp/auscult-ssh-x/s"
COMMANDS = {
    "far-master": master_command("cluster", "/etc/my config", SOCKET),
    "far-shared": ssh_command("cluster", "squeue --me", "", SOCKET),
    "far-state": rsync_command(
        SshPlace("cluster", RUN), Path("/here/run"), only=SMALL_STATE, control=SOCKET
    ),
    "far-send": rsync_command(
        Path("/here/-x"), SshPlace("cluster", RUN), files_from=Path("/n"), follow_links=True
    ),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_command_is_as_written_down(name):
    path, text = GOLDEN / f"{name}.txt", "".join(f"{word}\n" for word in COMMANDS[name])
    if os.environ.get("AUSCULT_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_places_follow_from_the_two_folders():
    there = Layout("/scratch/me", "/home/me/models")
    assert there.run_dir("pneumonia-0a1b") == "/scratch/me/runs/pneumonia-0a1b"
    assert there.code("12") == "/scratch/me/.auscult/code-12"
    assert there.inputs("34") == "/scratch/me/.auscult/inputs/34"
    assert there.kept("pneumonia-0a1b") == "/home/me/models/pneumonia-0a1b"
    assert Layout("/scratch/me").kept("x") == ""


@pytest.mark.parametrize("path", ["", "scratch/me", "~/auscult", "/a/../b", "/", "/a\nb"])
def test_work_dir_is_a_path_from_the_root_of_the_cluster(path):
    with pytest.raises(SettingsError, match=r"work_dir \(or --cluster-work-dir"):
        checked_folder(path, "work_dir", is_needed=True)


def test_home_dir_may_be_left_out_but_not_be_another_path():
    assert checked_folder(" ", "home_dir") == ""
    assert checked_folder("/a b/", "home_dir") == "/a b"
    with pytest.raises(SettingsError):
        checked_folder("~/models", "home_dir")


def test_newest_epoch_is_read_from_names_whatever_else_is_said():
    assert newest_epoch_of("Welcome to cluster!\nepoch-0009\nepoch-0010\n.epoch-0011.part\n") == 10
    assert newest_epoch_of("") == 0


def shell(script: str, folder: Path) -> str:
    done = subprocess.run(["sh", "-c", script], cwd=folder, capture_output=True, check=True)
    return done.stdout.decode()


ODD = "it's; $(touch oops) ü"


def test_folder_is_gathered_under_another_name_and_once(tmp_path):
    final = tmp_path / ODD
    assert "begun" not in shell(begin_script(str(final)), tmp_path)
    assert "begun" in shell(begin_script(str(final)), tmp_path)
    (tmp_path / f".{ODD}.part/x").write_text("1")
    shell(finish_script(str(final)), tmp_path)
    assert (final / "x").read_text() == "1"
    assert shell(begin_script(str(final)), tmp_path).split() == ["there"]
    shell(finish_script(str(final)), tmp_path)  # somebody else was quicker
    assert [path.name for path in tmp_path.iterdir()] == [ODD]


def test_folder_takes_the_place_of_another_only_where_that_is_meant(tmp_path):
    final = tmp_path / ODD
    for text in ("1", "2"):
        shell(begin_script(str(final), replace=True), tmp_path)
        (tmp_path / f".{ODD}.part/x").write_text(text)
        shell(finish_script(str(final), replace=True), tmp_path)
        assert (final / "x").read_text() == text
    assert [path.name for path in tmp_path.iterdir()] == [ODD]


def test_environments_are_made_beside_the_codes_for_all_of_them(tmp_path):
    for digest in ("1", "2"):
        code = Path(Layout(str(tmp_path)).code(digest))
        shell(begin_script(str(code)), tmp_path)
        (code.with_name(f".{code.name}.part") / "ml_env").mkdir()
        shell(finish_script(str(code), code_script()), tmp_path)
        assert (code / "ml_env/.venv").resolve() == tmp_path / ".auscult/env"
        assert (code / "own").is_dir()


def test_inputs_are_made_anew_and_checkpoints_stay(tmp_path):
    run, packs = tmp_path / ODD, tmp_path / "packs; of"
    (run / "checkpoints/epoch-0001").mkdir(parents=True)
    (run / "inputs").mkdir()
    (run / "inputs/stale").write_text("x")
    packs.mkdir()
    links = {"packs/a b": str(packs), "variants": str(packs)}
    shell(inputs_script(str(run), links), tmp_path)
    assert sorted(path.name for path in (run / "inputs").iterdir()) == ["packs", "variants"]
    assert (run / "inputs/packs/a b").resolve() == packs
    assert (run / "checkpoints/epoch-0001").is_dir()
    shell(remove_script(str(run)), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [packs.name]
