"""Many recordings decoded side by side, what was found being saved on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

Item = TypeVar("Item")
Found = TypeVar("Found")
# A run that is killed loses no more decoding than this.
SAVE_EVERY_S = 20.0


def side_by_side(
    work: Callable[[Item], Found],
    items: Iterable[Item],
    n_workers: int,
    save: Callable[[], None],
) -> Iterator[tuple[Item, Found]]:
    """Yield (item, what `work` found), as they come.

    Threads, since decoding and hashing run outside Python's lock: as fast as processes here, and
    nothing is left behind when the run is killed.

    Parameters
    ----------
    work : callable
    items : iterable
    n_workers : int
        Items worked on at a time.
    save : callable
        Called now and then, and at the end, whatever ends it.
    """
    pool = ThreadPoolExecutor(max_workers=max(1, n_workers))
    try:
        futures = {pool.submit(work, item): item for item in items}
        saved_at = time.monotonic()
        for future in as_completed(futures):
            yield futures[future], future.result()
            if time.monotonic() - saved_at > SAVE_EVERY_S:
                save()
                saved_at = time.monotonic()
    finally:
        pool.shutdown(cancel_futures=True)
        save()
