"""The facts of many recordings, from the cache or by decoding them side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from pipeline.audio.check import RecordingFacts, inspect_recording
from pipeline.datasets.cache import HashCache
from pipeline.datasets.listing import FileEntry, Listing, require_unchanged
from pipeline.datasets.side_by_side import side_by_side

Progress = Callable[[int, int, str], None]


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
        Recordings decoded at a time.
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
    work = partial(_inspect, folder)
    for entry, known_now in side_by_side(work, wanted, n_workers, cache.save):
        facts[entry.path] = known_now
        cache.put(folder, entry, known_now)
        if progress:
            progress(len(facts), len(listed), "reading recordings")
    return facts


def _inspect(folder: Path, entry: FileEntry) -> RecordingFacts:
    facts = inspect_recording(folder / entry.path)
    require_unchanged(folder, Listing((entry,)))
    return facts
