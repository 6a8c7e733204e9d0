"""How many trainings a machine bears at once, and which of its GPUs is free for one."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

#: A training on the CPU is given so many cores and bytes before a second one starts beside it.
CORES_EACH = 4
BYTES_EACH = 4 * 2**30


def n_at_once(n_gpus: int, n_cores: int, n_bytes: int) -> int:
    """Return how many trainings may run at once: one per GPU, else by cores and memory.

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
        return n_gpus
    return max(1, min(n_cores // CORES_EACH, n_bytes // BYTES_EACH))


def memory_bytes() -> int:
    """Return the machine's memory in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


@contextlib.contextmanager
def free_gpu(gpus: Sequence[str], locks: Path) -> Iterator[str | None]:
    """Hold one of the GPUs that no other training of this machine holds; None if all are held.

    Parameters
    ----------
    gpus : sequence of str
        As CUDA_VISIBLE_DEVICES names them.
    locks : Path
        Folder for the locks, the same for all that share the machine. A lock dies with its
        process.
    """
    locks.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        for gpu in gpus:
            stream = open(locks / f"gpu-{gpu}.lock", "w", encoding="utf-8")  # noqa: SIM115
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                stream.close()
                continue
            stack.enter_context(stream)
            yield gpu
            return
        yield None
