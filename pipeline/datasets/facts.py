"""The facts of many recordings, from the cache or by decoding them side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from pipeline.audio.check import RecordingFacts, inspect_recording
from pipeline.datasets.cache import HashCache
from pipeline.datasets.listing import FileEntry, Listing, require_unchanged

Progress = Callable[[int, int, str], None]
# A run that is killed loses no more decoding than this.
_SAVE_EVERY_S = 20.0


def gather_facts(
    folder: Path,
    entries: Iterable[FileEntry],
    cache: HashCache,
    n_workers: int = 1,
    progress: Progress | None = None,
) -> dict[str, RecordingFacts]:
    """Return {path: facts}, decoding only what the cache does not know.

    Parameters
    ----------
    folder : Path
        What the entries' paths are relative to.
    entries : iterable of FileEntry
        The recordings, as listed.
    cache : HashCache
        Is added to and saved.
    n_workers : int
        Recordings decoded at a time. Threads, since decoding and hashing run outside Python's
        lock: as fast as processes here, and nothing is left behind when the run is killed.
    progress : callable, optional
        Called with (number done, number of all, message).

    Raises
    ------
    RecordingsChanged
        A recording was changed or removed since it was listed.
    """
    listed = list(entries)
    known = {entry.path: cache.get(folder, entry) for entry in listed}
    facts = {path: found for path, found in known.items() if found}
    wanted = [entry for entry in listed if entry.path not in facts]
    pool = ThreadPoolExecutor(max_workers=max(1, n_workers))
    try:
        futures = {pool.submit(_inspect, folder, entry): entry for entry in wanted}
        saved_at = time.monotonic()
        for future in as_completed(futures):
            entry = futures[future]
            facts[entry.path] = future.result()
            cache.put(folder, entry, facts[entry.path])
            if progress:
                progress(len(facts), len(listed), "reading recordings")
            if time.monotonic() - saved_at > _SAVE_EVERY_S:
                cache.save()
                saved_at = time.monotonic()
    finally:
        pool.shutdown(cancel_futures=True)
        cache.save()
    return facts


def _inspect(folder: Path, entry: FileEntry) -> RecordingFacts:
    facts = inspect_recording(folder / entry.path)
    require_unchanged(folder, Listing((entry,)))
    return facts
