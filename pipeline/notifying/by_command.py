"""Tells by a program of the user's: the text on its standard input, the rest in its environment."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from pipeline.notifying.settings import NotifySettings, without_hook
from pipeline.remote import keeper
from pipeline.remote.running import allowed_variables, without_secrets

#: What mail programs and notes on a desktop need besides.
_ALSO_ALLOWED = re.compile(
    r"(DISPLAY|WAYLAND_DISPLAY|DBUS_SESSION_BUS_ADDRESS|XDG_\w+|EMAIL|REPLYTO|MAILRC)"
)
#: The keeper gives a program no input; a file does, and never blocks who does not read it.
_WITH_INPUT = ("sh", "-c", 'exec "$@" < "$0"')
_KEPT_CHARACTERS = 4000
_SHOWN_CHARACTERS = 300


def run_command(message: Mapping[str, Any], text: str, settings: NotifySettings) -> str:
    """Return what went wrong with the command, as a sentence; "" where it did its work.

    At the timeout, and when this process ends before, however it ends, the program is killed with
    all that it started.
    """
    try:
        words = shlex.split(settings.command)
    except ValueError as error:
        return f"The command of [notify] cannot be read ({error}): correct it in luigi.cfg."
    words[0] = os.path.expanduser(words[0])
    variables = variables_of(message, text)
    if shutil.which(words[0], path=variables.get("PATH")) is None:
        return f"The command of [notify] was not found: {words[0]} is no program here."
    code, said = _run(words, text, variables, settings.timeout_s)
    said = without_hook(without_secrets(said, variables), settings.webhook)
    name, last = Path(words[0]).name, f": {said[:_SHOWN_CHARACTERS]}" if said else "."
    if code is None:
        return f"The command {name} of [notify] was ended after {settings.timeout_s:g} s{last}"
    return f"The command {name} of [notify] failed with exit code {code}{last}" if code else ""


def variables_of(message: Mapping[str, Any], text: str) -> dict[str, str]:
    """Return the environment of the command: an allow-listed part of this one, and what is told."""
    kept = {name: value for name, value in os.environ.items() if _ALSO_ALLOWED.fullmatch(name)}
    first = next((line for line in text.splitlines() if line.strip()), "")
    told = {
        "AUSCULT_EVENT": _one_line(message.get("event", "")),
        "AUSCULT_SUBJECT": _one_line(message.get("subject") or first),
    }
    return kept | allowed_variables() | told


def _one_line(value: Any) -> str:
    text = str(value).encode("utf-8", "backslashreplace").decode().replace("\0", " ")
    return " ".join(text.split())


def _run(
    words: Sequence[str], text: str, variables: Mapping[str, str], timeout_s: float
) -> tuple[int | None, str]:
    """Return the exit code, or None where its time was up, and the last line of its output."""
    command = [sys.executable, "-I", "-S", str(keeper.__file__)]
    with tempfile.NamedTemporaryFile() as given, tempfile.TemporaryFile() as output:
        given.write(text.encode("utf-8", "backslashreplace"))
        given.flush()
        process = subprocess.Popen(
            [*command, *_WITH_INPUT, given.name, *words],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env=dict(variables),
        )
        code: int | None
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            _end(process)
        return code, _last_line(output)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close the keeper's pipe: it kills the program where that still runs."""
    if process.stdin is not None:
        process.stdin.close()
    process.wait()


def _last_line(output: IO[bytes]) -> str:
    end = output.seek(0, os.SEEK_END)
    output.seek(max(0, end - _KEPT_CHARACTERS))
    lines = output.read().decode("utf-8", "backslashreplace").split("\n")
    shown = ("".join(filter(str.isprintable, line)).strip() for line in reversed(lines))
    return next((line for line in shown if line), "")
