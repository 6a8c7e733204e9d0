"""Telling somebody by a command: what it gets, how it is ended, and what is said of a failure."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.notifying import NotifySettings, by_webhook, notify
from tests.runs import ROOT

SECRET = "T0planted5ecret9"
MESSAGE = {"event": "promoted", "subject": "a new\nchampion  ü"}
TEXT = "Grüße: 肺 heard\nline two; $(touch oops) `x` 'q' \"d\""


def python(code: str, *words: str) -> str:
    return shlex.join([sys.executable, "-c", code, *words])


def test_a_command_gets_the_text_as_it_is_and_event_and_subject(tmp_path):
    code = (
        "import os, sys\n"
        "with open(sys.argv[1], 'wb') as out: out.write(sys.stdin.buffer.read())\n"
        "with open(sys.argv[1] + '.env', 'w') as out:\n"
        "    print(os.environ['AUSCULT_EVENT'], os.environ['AUSCULT_SUBJECT'], sep='|', file=out)"
    )
    told = tmp_path / "a b; 'ü' $HOME"
    assert notify(MESSAGE, TEXT, NotifySettings(python(code, str(told)))) == []
    assert told.read_text(encoding="utf-8") == TEXT
    assert Path(f"{told}.env").read_text() == "promoted|a new champion ü\n"


def test_without_a_subject_it_is_the_first_line_of_the_text(tmp_path):
    code = "import os, sys; open(sys.argv[1], 'w').write(os.environ['AUSCULT_SUBJECT'])"
    settings = NotifySettings(python(code, str(tmp_path / "told")))
    assert notify({"event": "kept"}, "\n first  line\nsecond", settings) == []
    assert (tmp_path / "told").read_text() == "first line"


def test_no_shell_reads_the_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    line = "printf '%s' 'x' ; touch oops > oops && $(touch oops) `touch oops`"
    assert notify(MESSAGE, TEXT, NotifySettings(line)) == []
    assert list(tmp_path.iterdir()) == []


def test_of_the_environment_a_command_sees_what_is_on_the_list(tmp_path, monkeypatch):
    monkeypatch.setenv("AUSCULT_WEBHOOK", SECRET)
    monkeypatch.setenv("MY_PASSWORD", SECRET)
    code = "import os, sys; open(sys.argv[1], 'w').write(repr(dict(os.environ)))"
    assert notify(MESSAGE, TEXT, NotifySettings(python(code, str(tmp_path / "told")))) == []
    told = (tmp_path / "told").read_text()
    assert SECRET not in told
    assert "'PATH'" in told


@pytest.mark.parametrize("text", ["", "x" * 3_000_000, "half a letter: \ud800"])
def test_a_text_of_any_kind_that_nobody_reads_does_no_harm(text):
    assert notify({"event": "kept\0", "subject": "\ud800"}, text, NotifySettings("true")) == []


def test_a_command_that_is_not_there_is_named():
    (failure,) = notify(MESSAGE, TEXT, NotifySettings("no-such-program --token hidden"))
    assert "no-such-program is no program here" in failure
    assert "hidden" not in failure


@pytest.mark.parametrize("line", ["mail 'half", "''"])
def test_a_line_that_cannot_be_read_is_named(line):
    assert len(notify(MESSAGE, TEXT, NotifySettings(line))) == 1


def test_a_command_that_fails_is_named_with_its_last_words():
    code = (
        "import sys; print('first', flush=True); sys.stderr.write('no route to ü\\n'); sys.exit(3)"
    )
    (failure,) = notify(MESSAGE, TEXT, NotifySettings(python(code, "--token", "hidden")))
    assert failure.endswith("of [notify] failed with exit code 3: no route to ü")
    assert "hidden" not in failure


def test_what_a_command_says_of_the_web_hook_is_not_repeated(monkeypatch):
    monkeypatch.setattr(by_webhook, "WAIT_S", 0.01)
    url = f"https://127.0.0.1:1/{SECRET}?a=b"
    code = "import sys; sys.exit('cannot reach ' + sys.argv[1])"
    for said in (url, f"/{SECRET}", SECRET):
        failures = notify(MESSAGE, TEXT, NotifySettings(python(code, said), url, timeout_s=0.5))
        assert len(failures) == 2
        assert SECRET not in "".join(failures)


STARTS_ANOTHER = (
    "import subprocess, sys, time\n"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', *sys.argv[1:]])\n"
    "time.sleep(600)"
)


def test_a_command_that_hangs_is_ended_with_all_that_it_started(tmp_path):
    line = shlex.join(["sh", "-c", f"echo started; exec {python(STARTS_ANOTHER, str(tmp_path))}"])
    (failure,) = notify(MESSAGE, TEXT, NotifySettings(line, timeout_s=3))
    assert failure == "The command sh of [notify] was ended after 3 s: started"
    wait_for(lambda: not programs_naming(str(tmp_path)))


def test_a_command_ends_with_the_process_that_asked(tmp_path):
    code = (
        "from pipeline.notifying import NotifySettings, notify\n"
        f"notify({{}}, '', NotifySettings({python(STARTS_ANOTHER, str(tmp_path))!r}, "
        "timeout_s=600))"
    )
    asking = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    wait_for(lambda: len(programs_naming(str(tmp_path))) >= 4)  # keeper, both, and who asks
    asking.kill()
    asking.wait()
    wait_for(lambda: not programs_naming(str(tmp_path)))


def programs_naming(text: str) -> list[str]:
    """Return the command lines of running programs that hold a text."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if path.parent.name != str(os.getpid()) and text in (line := path.read_text()):
                found.append(line)
    return found


def wait_for(condition) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
