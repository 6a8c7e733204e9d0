"""The files of deploy/ are what the programs that read them expect, and name nobody's machine."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import pipeline
from tests.runs import ROOT

DEPLOY = ROOT / "deploy"
FILES = sorted(path.name for path in DEPLOY.iterdir())
SCRIPTS = [name for name in FILES if name.endswith(".sh")]
UNITS = ("auscult-rebuild.service", "auscult-rebuild.timer")
STUB = """\
import datetime
from pathlib import Path
import luigi

class RebuildStub(luigi.WrapperTask):
    problems = luigi.Parameter(default="x")
    date = luigi.DateParameter(default=datetime.date(2000, 1, 1))
    where = luigi.Parameter(default="local")

    def complete(self):
        return Path(f"done-{self.date}-{self.where}").exists()

    def run(self):
        Path(f"done-{self.date}-{self.where}").touch()

class RebuildInBulk(RebuildStub):
    @classmethod
    def bulk_complete(cls, days):
        return [day for day in days if cls(date=day).complete()]
"""


def program(name: str, package: str) -> str:
    """Return a program's path, or skip."""
    if (found := shutil.which(name)) is None:
        pytest.skip(f"not installed: {name} (Debian: {package})")
    return found


def entries(name: str) -> list[str]:
    """Return the lines of a file that are neither empty nor comments."""
    lines = (DEPLOY / name).read_text().splitlines()
    return [line for line in lines if line.strip() and not line.startswith("# ") and line != "#"]


def test_no_file_names_a_place_on_one_machine():
    for name in FILES:
        text = (DEPLOY / name).read_text()
        places = re.findall(r"(?<![\w.$%])/(?:home|root|work|mnt|data|tmp|opt)/\S*", text)
        assert places == [], name
        # All that a user may have to replace is told at the top.
        assert text.startswith("#")


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_one(name):
    assert os.access(DEPLOY / name, os.X_OK)
    assert subprocess.run(["bash", "-n", str(DEPLOY / name)]).returncode == 0


def test_every_file_calls_the_same_script():
    assert all("deploy/rebuild.sh" in "\n".join(entries(name)) for name in ("crontab", "scrontab"))
    assert "ExecStart=%h/auscult/deploy/rebuild.sh" in (DEPLOY / UNITS[0]).read_text()
    assert "/rebuild.sh" in (DEPLOY / "rangedaily.sh").read_text()


# systemd


@pytest.fixture
def verified(tmp_path):
    """Have systemd look at a unit, in a home folder that has the checkout; give what it says."""
    systemd = program("systemd-analyze", "systemd")
    (tmp_path / "auscult").symlink_to(ROOT)
    (tmp_path / "run").mkdir(mode=0o700)
    variables = {"HOME": tmp_path, "XDG_RUNTIME_DIR": tmp_path / "run", "PATH": os.environ["PATH"]}

    def verify(unit) -> str:
        command = [systemd, "--user", "verify", str(unit)]
        done = subprocess.run(command, env=variables, capture_output=True, text=True)
        return done.stdout + done.stderr + (f"exit code {done.returncode}" * bool(done.returncode))

    return verify


@pytest.mark.parametrize("name", UNITS)
def test_systemd_has_nothing_to_say_against_a_unit(verified, name):
    assert verified(DEPLOY / name) == ""


@pytest.mark.parametrize(
    ("right", "wrong"), [("Nice=10", "Nicer=10"), ("/rebuild.sh", "/nothing.sh")]
)
def test_systemd_would_say_what_is_wrong_with_one(verified, tmp_path, right, wrong):
    text = (DEPLOY / UNITS[0]).read_text()
    assert right in text
    (tmp_path / UNITS[0]).write_text(text.replace(right, wrong))
    assert verified(tmp_path / UNITS[0])


def test_the_service_waits_for_a_training_and_takes_code_10_for_no_failure():
    lines = entries(UNITS[0])
    wanted = {"Type=oneshot", "TimeoutStartSec=infinity", "KillMode=mixed", "SuccessExitStatus=10"}
    assert wanted <= set(lines)


# cron


def checked(text: str, folder: Path) -> subprocess.CompletedProcess:
    """Have cron look at a crontab, and change none."""
    (folder / "crontab").write_text(text)
    crontab = program("crontab", "cron")
    # Cronie's -n names a machine, and would change it.
    is_cronie = "cronie" in subprocess.run([crontab, "-V"], capture_output=True, text=True).stderr
    flag = "-T" if is_cronie else "-n"
    command = [crontab, flag, str(folder / "crontab")]
    return subprocess.run(command, capture_output=True, text=True)


def test_cron_can_read_the_crontab(tmp_path):
    text = (DEPLOY / "crontab").read_text()
    done = checked(text, tmp_path)
    if "usage" in done.stderr:
        pytest.skip("not installed: a crontab that checks (Debian: cron)")
    assert done.returncode == 0, done.stderr
    assert checked(text.replace("17 2 * * *", "77 2 * * *"), tmp_path).returncode


def test_the_crontab_has_one_line_without_a_percent_sign_that_would_end_it():
    *variables, line = entries("crontab")
    assert [one.partition("=")[0] for one in variables] == ["SHELL", "PATH", "#MAILTO"]
    assert "%" not in line
    assert shlex.split(line)[5] == "auscult/deploy/rebuild.sh"


# scrontab


def test_the_scrontab_is_options_of_sbatch_and_one_line_after_them():
    *options, line = entries("scrontab")
    assert all(re.fullmatch(r"#SCRON --[a-z-]+=\S+", option) for option in options)
    assert re.fullmatch(r"\d+ \d+ \* \* \* \S+/deploy/rebuild\.sh .*", line)
    names = {re.match(r"#SCRON --([a-z-]+)", option)[1] for option in options}
    assert {"time", "mem", "cpus-per-task", "job-name"} <= names


def test_sbatch_knows_every_option_of_the_scrontab(tmp_path):
    sbatch = program("sbatch", "slurm-wlm")
    (tmp_path / "slurm.conf").write_text("ClusterName=none\nSlurmctldHost=localhost\n")
    variables = {**os.environ, "SLURM_CONF": str(tmp_path / "slurm.conf")}
    known = subprocess.run([sbatch, "--help"], env=variables, capture_output=True, text=True).stdout
    for option in entries("scrontab")[:-1]:
        name = re.match(r"#SCRON (--[a-z-]+)", option)[1]
        assert f"{name}=" in known


# RangeDaily


def range_daily(folder, of: str, *words: str, task: str) -> set[str]:
    """Run the line of rangedaily.sh with the real luigi and a task that does nothing."""
    script = (DEPLOY / "rangedaily.sh").read_text()
    options = script.partition('rebuild.sh" ')[2].replace("\\\n", " ").replace('"$@"', "")
    today = datetime.now(UTC).date().isoformat()
    command = shlex.split(options.replace("$(date -u +%F)", today))
    assert command[:3] == ["RangeDailyBase", "--of", "RebuildAll"]
    command[:3] = [task, "--of", of]
    luigi = shutil.which("luigi", path=os.path.dirname(sys.executable))
    shutil.copyfile(ROOT / "luigi.cfg", folder / "luigi.cfg")
    (folder / "stub.py").write_text(STUB)
    done = subprocess.run(
        [luigi, "--module", "stub", *command, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return {path.name for path in folder.glob("done-*")}


def test_the_real_task_says_which_days_are_done():
    assert "bulk_complete" in vars(pipeline.RebuildAll)  # or RangeDaily would never run it


@pytest.mark.parametrize(
    ("task", "of"), [("RangeDailyBase", "RebuildStub"), ("RangeDaily", "RebuildInBulk")]
)
def test_range_daily_rebuilds_today_with_further_options_and_once(tmp_path, task, of):
    words = ("--of-params", '{"where": "slurm"}')
    before = datetime.now(UTC).date()
    done = range_daily(tmp_path, of, *words, task=task)
    after = datetime.now(UTC).date()
    assert len(done) == 1
    assert done <= {f"done-{day}-slurm" for day in (before, after)}
    again = range_daily(tmp_path, of, *words, task=task)
    assert len(again) == 1 or after + timedelta(1) == datetime.now(UTC).date()
