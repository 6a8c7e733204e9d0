"""Progress of a task, in the terminal and in Luigi's scheduler."""

from __future__ import annotations

import contextlib
import logging
import time
from pathlib import Path
from typing import Any

logger = logging.getLogger("luigi-interface")

#: Seconds between two lines of the same task.
INTERVAL_S = 2.0
#: In place of the path that was shown while it ran.
NO_LOG = "Done. Its log was not kept."


class Reporter:
    """Called as ``reporter(done, total, message)``; quiet for what takes under two seconds."""

    def __init__(self, task: Any):
        self.task = task
        self.start = self.last = time.monotonic()

    def __call__(self, done: int, total: int, message: str) -> None:
        now = time.monotonic()
        if now - self.last < INTERVAL_S:
            return
        self.last = now
        left = (now - self.start) * (total - done) / max(done, 1)
        text = f"{message}: {done} of {total}, about {left:.0f} s left"
        logger.info("%s: %s", self.task.task_family, text)
        show_in_luigi(self.task, done, total, text)


def show_in_luigi(task: Any, done: int, total: int, message: str) -> None:
    """Show status and percentage in Luigi; a scheduler out of reach never stops the work."""
    with contextlib.suppress(Exception):
        task.set_status_message(message)
        task.set_progress_percentage(int(100 * done / max(total, 1)))


def result_of(task: Any) -> tuple[str, Path | None]:
    """Return what Luigi's page is to say of a task that is done, and the page that it made.

    An entry says its last lines, a report or a page of the doctor's its address, a program where
    its log is kept; others say nothing.
    """
    with contextlib.suppress(Exception):  # an address that cannot be told never stops the work
        is_entry = hasattr(task, "goal")
        page = _page_of(task.goal() if is_entry else task)
        if is_entry:
            return "\n".join([task.shown(), *([page.absolute().as_uri()] if page else [])]), page
        if page is not None:
            return page.absolute().as_uri(), page
        log = task.output().path / f"{task.action}.log"
        return (f"Log: {log.absolute()}" if log.is_file() else NO_LOG), None
    return "", None


def _page_of(task: Any) -> Path | None:
    """Return the finished page of a task; None where it makes none."""
    for name in ("report", "page"):
        page = getattr(task, name, None)
        if page is not None and Path(page).is_file():
            return Path(page)
    return None
