"""Makes the next batches while the network is busy with this one."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")
DEPTH = 2


@contextlib.contextmanager
def prefetched(items: Iterable[Item], depth: int = DEPTH) -> Iterator[Iterator[Item]]:
    """Give the items in their order, made by a thread that is `depth` items ahead.

    An error in making one is raised where that item is asked for. Leaving the context early ends
    the thread.
    """
    ahead: queue.Queue[tuple[str, Item | BaseException | None]] = queue.Queue(depth)
    stopped = threading.Event()
    thread = threading.Thread(target=_fill, args=(iter(items), ahead, stopped), daemon=True)
    thread.start()
    try:
        yield _taken(ahead)
    finally:
        stopped.set()
        thread.join()


def _taken(ahead: queue.Queue) -> Iterator:
    while True:
        what, item = ahead.get()
        if what == "end":
            return
        if what == "error":
            raise item
        yield item


def _fill(items: Iterator, ahead: queue.Queue, stopped: threading.Event) -> None:
    what = "item"
    while what == "item" and not stopped.is_set():
        item: object = None
        try:
            item = next(items)
        except StopIteration:
            what = "end"
        except BaseException as error:
            what, item = "error", error
        while not stopped.is_set():
            with contextlib.suppress(queue.Full):
                ahead.put((what, item), timeout=0.1)
                break
