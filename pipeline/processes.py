"""Work spread over processes that share no lock with this one and never outlive it."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from pipeline.errors import AuscultError

Job = TypeVar("Job")
Result = TypeVar("Result")

_CHUNKS_PER_WORKER = 16
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


@contextlib.contextmanager
def results_of(
    work: Callable[[Job], Result], jobs: Sequence[Job], n_workers: int
) -> Iterator[Iterator[Result]]:
    """Give the results of ``work(job)`` in the order of `jobs`, as they come.

    With one worker or less this process does the work itself, whenever the next result is asked
    for. With more, `work` has to be picklable: a module's own function. Leaving the context
    drops what has not begun.

    Raises
    ------
    AuscultError
        A worker process was killed.
    Exception
        Whatever `work` raises.
    """
    n_workers = min(n_workers, len(jobs))
    if n_workers <= 1:
        yield map(work, jobs)
        return
    # Forked workers would inherit the locks that this process holds, and keep them if it dies.
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(n_workers, mp_context=context, initializer=_prepare_worker)
    try:
        chunk = 1 + len(jobs) // (_CHUNKS_PER_WORKER * n_workers)
        yield executor.map(work, jobs, chunksize=chunk)
    except BrokenProcessPool as error:
        raise AuscultError(
            expected="worker processes that work to the end",
            found="one of them was killed (perhaps for want of memory)",
            action="Run the same command again, or lower [compute] n_workers in luigi.cfg.",
        ) from error
    finally:
        executor.shutdown(cancel_futures=True)


def tie_to_parent() -> None:
    """Let the kernel kill this forked process as soon as its parent ends; leave Ctrl-C to it.

    Whatever this process starts, and ties to itself, ends with it.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent.pid:  # it ended before the signal was asked for
        os._exit(1)


def _prepare_worker() -> None:
    """Use one thread, leave Ctrl-C to the parent, and end with it, however it ends."""
    # NumPy reads these when it is imported, which happens with the first job.
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ[f"{library}_NUM_THREADS"] = "1"
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)
