"""How many processes to use."""

from __future__ import annotations

import os

from pipeline.config import compute


def n_processes() -> int:
    """Return ``[compute] n_workers``, or the number of cores this process may use."""
    return compute().n_workers or len(os.sched_getaffinity(0))
