"""deploy/rebuild.sh: what it runs, what it keeps of it, and what it says."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from datetime import date
from pathlib import Path

import pytest

from tests.runs import ROOT

LUIGI = """\
#!/usr/bin/env bash
printf '%s\\n' "$PWD" "$@" > "$SEEN"
env > "$SEEN.env"
echo "a line"; echo "an error" >&2
if [ -n "${HANGS:-}" ]; then
  sleep 600 &
  trap "kill $!; echo ended; exit 7" TERM
  echo up > "$SEEN.up"
  wait
fi
exit "${CODE:-0}"
"""


class Checkout:
    """A checkout in a folder of a strange name, with a luigi that notes what it is given."""

    def __init__(self, folder: Path):
        self.folder = folder / "a checkout; of 'ü' $HOME"
        (self.folder / ".venv/bin").mkdir(parents=True)
        shutil.copytree(ROOT / "deploy", self.folder / "deploy")
        luigi = self.folder / ".venv/bin/luigi"
        luigi.write_text(LUIGI)
        luigi.chmod(0o755)
        self.seen = folder / "seen"
        self.logs = self.folder / "data/09_champions/logs"
        self.home = folder / "home"
        self.home.mkdir()

    def command(self, *words: str, script: str = "rebuild.sh", **variables: str) -> dict:
        return {
            "args": [str(self.folder / "deploy" / script), *words],
            "cwd": "/",
            "env": {
                "PATH": "/usr/bin:/bin",
                "HOME": str(self.home),
                "SEEN": str(self.seen),
                **variables,
            },
        }

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess:
        return subprocess.run(**self.command(*words, **more), capture_output=True, text=True)

    def given(self) -> list[str]:
        """Return the folder and the arguments that luigi got."""
        return self.seen.read_text().splitlines()

    def today(self) -> str:
        """Return the date that luigi got."""
        given = self.given()
        return given[given.index("--date") + 1]


@pytest.fixture
def checkout(tmp_path) -> Checkout:
    return Checkout(tmp_path)


def test_luigi_runs_in_the_checkout_with_todays_date_and_the_options_as_they_are(checkout):
    before = date.today()
    done = checkout.run("--datasets", "a b,'c'", "--line", "-ü;*")
    folder, *words = checkout.given()
    assert folder == str(checkout.folder)
    day = checkout.today()
    assert before <= date.fromisoformat(day) <= date.today()
    assert words[:3] == ["--module", "pipeline", "RebuildAll"]
    assert words[3:] == ["--date", day, "--datasets", "a b,'c'", "--line", "-ü;*"]
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("words", [["--date", "2026-11-01"], ["--date=2026-11-01"]])
def test_another_date_is_taken_and_names_the_log(checkout, words):
    checkout.run(*words)
    assert checkout.given()[1:] == ["--module", "pipeline", "RebuildAll", *words]
    assert [path.name for path in checkout.logs.iterdir()] == ["2026-11-01.log"]


def test_a_date_that_is_none_reaches_luigi_and_no_file_name(checkout):
    checkout.run("--date", "../../x")
    assert checkout.given()[-1] == "../../x"
    (log,) = checkout.logs.iterdir()
    date.fromisoformat(log.stem)


@pytest.mark.parametrize("code", [1, 10, 30, 35, 40])
def test_the_exit_code_is_luigis_and_a_failure_shows_the_end_of_the_log(checkout, code):
    done = checkout.run(CODE=str(code))
    assert done.returncode == code
    assert "a line\nan error\n" in done.stderr
    assert f"exit code {code}" in done.stderr
    assert done.stderr.endswith(f"Log: data/09_champions/logs/{checkout.today()}.log\n")
    assert done.stdout == ""


def test_the_log_has_every_try_of_the_day_and_no_options(checkout):
    checkout.run("--line", "private", CODE="30")
    checkout.run()
    (log,) = checkout.logs.iterdir()
    text = log.read_text()
    assert text.count("a line\nan error\n") == 2
    assert text.count("RebuildAll starts") == 2
    assert "ended, exit code 30" in text
    assert "ended, exit code 0" in text
    assert "private" not in text


def test_logs_go_where_they_are_wanted(checkout, tmp_path):
    checkout.run(AUSCULT_LOGS=str(tmp_path / "my logs"))
    assert len(list((tmp_path / "my logs").iterdir())) == 1
    assert not checkout.logs.exists()


def test_a_folder_for_logs_that_cannot_be_is_told_and_nothing_runs(checkout, tmp_path):
    (tmp_path / "file").touch()
    done = checkout.run(AUSCULT_LOGS=str(tmp_path / "file"))
    assert done.returncode == 40
    assert "AUSCULT_LOGS" in done.stderr
    assert not checkout.seen.exists()


def test_without_luigi_it_says_how_to_get_it(checkout):
    (checkout.folder / ".venv/bin/luigi").unlink()
    done = checkout.run()
    assert done.returncode == 40
    assert "make env" in done.stderr


def test_the_file_of_the_users_is_read_first_and_shown_nowhere(checkout):
    file = checkout.home / ".config/auscult/environment"
    file.parent.mkdir(parents=True)
    file.write_text("# a comment\nAUSCULT_WEBHOOK=https://h.example/T0planted5ecret9\n")
    done = checkout.run(CODE="30")
    assert (
        "AUSCULT_WEBHOOK=https://h.example/T0planted5ecret9"
        in Path(f"{checkout.seen}.env").read_text()
    )
    (log,) = checkout.logs.iterdir()
    assert "T0planted" not in done.stderr + log.read_text() + checkout.seen.read_text()


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (
            "AUSCULT_WEBHOOK=https://h.example/x?a=1&sig=T0p$1(;`",
            "https://h.example/x?a=1&sig=T0p$1(;`",
        ),
        ("AUSCULT_WEBHOOK='https://h.example/T0p'", "https://h.example/T0p"),
        ('export AUSCULT_WEBHOOK="https://h.example/T0p"\r', "https://h.example/T0p"),
    ],
)
def test_an_address_of_any_letters_comes_whole_and_no_shell_shows_it(checkout, line, value):
    (checkout.home / "variables").write_bytes(line.encode())
    done = checkout.run(AUSCULT_ENVIRONMENT=str(checkout.home / "variables"))
    assert done.returncode == 0
    seen = Path(f"{checkout.seen}.env").read_text().splitlines()
    assert f"AUSCULT_WEBHOOK={value}" in seen
    assert "T0p" not in done.stderr + done.stdout


def test_another_task_gets_no_date_of_its_own(checkout):
    checkout.run("RollBack", "--line", "x")
    assert checkout.given()[1:] == ["--module", "pipeline", "RollBack", "--line", "x"]


def test_range_daily_is_run_with_its_own_options(checkout):
    done = checkout.run("--of-params", '{"where": "slurm"}', script="rangedaily.sh", CODE="30")
    assert done.returncode == 30
    words = checkout.given()[3:]
    assert words[:5] == ["RangeDailyBase", "--of", "RebuildAll", "--param-name", "date"]
    assert words[-2:] == ["--of-params", '{"where": "slurm"}']


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_luigi_and_its_code_is_kept(checkout, number):
    process = subprocess.Popen(**checkout.command(HANGS="1"), stderr=subprocess.DEVNULL)
    up = Path(f"{checkout.seen}.up")
    deadline = time.monotonic() + 60
    while not up.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, number)
    assert process.wait(60) == 7
    (log,) = checkout.logs.iterdir()
    assert "ended\n" in log.read_text()
