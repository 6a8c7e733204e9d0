"""Who is told of a rebuild: by the command and the webhook of ``[notify]`` in luigi.cfg."""

from __future__ import annotations

import atexit
import logging
import multiprocessing
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import luigi

from pipeline.errors import AuscultError

logger = logging.getLogger("luigi-interface")

#: A file without a name, once somebody is to be told: what failed here and in the workers that were
#: forked since, newest last.
_failures: list[IO[bytes]] = []


def tell_outcome(outcome: Mapping[str, Any], text: str) -> None:
    """Tell that a rebuild was decided; a way that fails is logged and undoes nothing."""
    from pipeline.rebuilds.note import headline

    told = ("line", "date", "event", "model", "champion", "champion_before", "why")
    _tell({**{key: outcome[key] for key in told}, "subject": headline(outcome)}, text)


def tell_if_unfinished(task: Any) -> None:
    """Tell at the end of this process if a rebuild did not come about by then; asked for once."""
    if task.__dict__.get("_watched") or multiprocessing.parent_process() is not None:
        return
    task.__dict__["_watched"] = True
    if not _failures:
        _failures.append(tempfile.TemporaryFile("a+b", buffering=0))  # noqa: SIM115
    atexit.register(_tell_unfinished, task)


@luigi.Task.event_handler(luigi.Event.BROKEN_TASK)
@luigi.Task.event_handler(luigi.Event.FAILURE)
def note_failure(task: luigi.Task, error: BaseException) -> None:
    """Keep what went wrong for the message."""
    _keep(f"{task.task_family}: {error}")


def _tell_unfinished(task: Any) -> None:
    missing = [problem for problem in task.problems if not _is_done(task, problem)]
    if not missing:
        return
    lines = (".".join(filter(None, (Path(problem).stem, task.line))) for problem in missing)
    names = ", ".join(lines)
    subject = f"Rebuild {task.date.isoformat()} of {names} did not come about"
    why = _newest_failure() or "The log says why."
    text = (
        f"{subject}. The champion stays.\n\n{why}\n\nThe same command goes on where it stopped.\n"
    )
    message = {"line": names, "date": task.date.isoformat(), "event": "failed", "why": why}
    print(text, flush=True)
    _tell({**message, "subject": subject}, text)


def _is_done(task: Any, problem: str) -> bool:
    try:
        return any(one.problem == problem and one.complete() for one in task.goal())
    except Exception as error:
        _keep(str(error))
        return False


def _keep(text: str) -> None:
    for stream in _failures:
        stream.write(text.encode("utf-8", "backslashreplace") + b"\0")


def _newest_failure() -> str:
    for stream in _failures:
        stream.seek(0)
        return stream.read().decode().rstrip("\0").rpartition("\0")[2]
    return ""


def _tell(message: Mapping[str, Any], text: str) -> None:
    from pipeline.config import notify_settings
    from pipeline.notifying import notify

    try:
        failures = notify(message, text, notify_settings())
    except AuscultError as error:  # what was decided stands all the same
        failures = [str(error)]
    for failed in failures:
        logger.warning("Nobody was told: %s", failed)
