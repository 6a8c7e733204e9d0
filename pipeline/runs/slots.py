"""How many trainings a machine bears at once."""

from __future__ import annotations

import os

#: A training on the CPU is given so many cores and bytes before a second one starts beside it.
CORES_EACH = 4
BYTES_EACH = 4 * 2**30


def n_at_once(n_gpus: int, n_cores: int, n_bytes: int) -> int:
    """Return how many trainings may run at once: one on GPUs, else by cores and memory.

    A training sees every GPU that may be used, so two at once would meet on the first of them.

    Parameters
    ----------
    n_gpus : int
        GPUs that may be used; 0 if trainings run on the CPU.
    n_cores : int
        Cores that this process may use.
    n_bytes : int
        Memory of the machine.
    """
    if n_gpus:
        return 1
    return max(1, min(n_cores // CORES_EACH, n_bytes // BYTES_EACH))


def memory_bytes() -> int:
    """Return the machine's memory in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
