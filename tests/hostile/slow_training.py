"""The trainer on a slow disk and with slow steps: a signal meets it wherever it is meant to.

Runs in the training environment, as ``python -m cnn`` does; the numbers are the same.
"""

from __future__ import annotations

import os
import sys
import time

from cnn.__main__ import BACKEND, main

STEP_S = 0.02
FSYNC_S = 0.03  # a checkpoint has five


def slow_down() -> None:
    """Make every step and every write to the disk take longer."""
    for name, value in BACKEND.items():
        os.environ.setdefault(name, value)
    from cnn.loop import Loop

    fsync, take_step = os.fsync, Loop.take_step

    def slow_fsync(descriptor: int) -> None:
        time.sleep(FSYNC_S)
        fsync(descriptor)

    def slow_step(*arguments):
        time.sleep(STEP_S)
        return take_step(*arguments)

    os.fsync, Loop.take_step = slow_fsync, slow_step


if __name__ == "__main__":
    slow_down()
    sys.exit(main(["train", sys.argv[1]]))
