"""Progress of a task, in the terminal and in Luigi's scheduler."""

from __future__ import annotations

import contextlib
import logging
import time
from typing import Any

logger = logging.getLogger("luigi-interface")

#: Seconds between two lines of the same task.
INTERVAL_S = 2.0


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
