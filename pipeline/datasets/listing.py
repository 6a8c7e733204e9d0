"""What lies in a data set's folder right now: paths, sizes and times, and whether they changed."""

from __future__ import annotations

import hashlib
import os
import stat
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from pipeline.errors import RecordingsChanged, RecordingsMissing

_DANGLING = (-1, -1)


@dataclass(frozen=True, order=True)
class FileEntry:
    """A file as it was found: posix path relative to the listed folder, bytes, nanoseconds.

    Size and time of a link that leads nowhere are -1.
    """

    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Listing:
    """The files below a folder, sorted by path."""

    entries: tuple[FileEntry, ...]

    def paths(self) -> list[str]:
        """Return the posix paths, sorted."""
        return [entry.path for entry in self.entries]

    def by_path(self) -> dict[str, FileEntry]:
        """Return {posix path: entry}."""
        return {entry.path: entry for entry in self.entries}

    @cached_property
    def digest(self) -> str:
        """Sha256 of all entries: equal as long as nothing was touched."""
        lines = (f"{entry.size} {entry.mtime_ns} {entry.path}\n" for entry in self.entries)
        return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()

    def counts(self) -> str:
        """Return the number of files by suffix, for a message: "70 .txt, 70 .wav"."""
        counts = Counter(PurePosixPath(entry.path).suffix.lower() for entry in self.entries)
        texts = [f"{n} {ending or 'without suffix'}" for ending, n in sorted(counts.items())]
        return ", ".join(texts) or "no files"


def list_files(folder: Path, expected: str = "a folder of recordings") -> Listing:
    """Return all files below a folder; hidden ones and links back to a parent are passed over.

    Parameters
    ----------
    folder : Path
    expected : str
        What the folder should hold, for the error: a data set's `layout`.

    Raises
    ------
    RecordingsMissing
        The folder, or one below it, is not there or cannot be read.
    """
    entries: list[FileEntry] = []
    pending: list[tuple[str, str, frozenset[str]]] = [(str(folder), "", frozenset())]
    while pending:
        place, prefix, parents = pending.pop()
        real = os.path.realpath(place)
        if real in parents:
            continue
        for item in _scan(place, expected):
            if _is_folder(item):
                pending.append((item.path, f"{prefix}{item.name}/", parents | {real}))
            elif (state := _state(item.path)) is not None:
                entries.append(FileEntry(prefix + item.name, *state))
    return Listing(tuple(sorted(entries)))


def require_unchanged(folder: Path, listing: Listing) -> None:
    """Raise where a listed file is not as it was listed.

    Raises
    ------
    RecordingsChanged
        A file was changed, replaced or removed since.
    """
    for entry in listing.entries:
        if not is_unchanged(folder, entry):
            raise RecordingsChanged(
                expected="recordings and annotations that stay as they are during a run",
                found="a file that was changed or removed since the run began",
                where=str(folder / entry.path),
                action="run the same command again once the files are at rest",
            )


def is_unchanged(folder: Path, entry: FileEntry) -> bool:
    """Say whether a file still has the size and time it was listed with."""
    return _state(f"{folder}/{entry.path}") == (entry.size, entry.mtime_ns)


def _scan(place: str, expected: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(place) as items:
            return [item for item in items if not item.name.startswith(".")]
    except OSError as error:
        raise RecordingsMissing(
            expected=expected,
            found=f"a folder that cannot be read ({error.strerror})",
            where=place,
            action="put the recordings there, or name another folder with --paths-recordings",
        ) from error


def _state(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return _DANGLING if os.path.islink(path) else None
    # Opening a pipe or a device would wait for ever.
    if not stat.S_ISREG(found.st_mode):
        return None
    # A file that may not be read becomes another one as soon as it may.
    return (found.st_size if os.access(path, os.R_OK) else -1, found.st_mtime_ns)


def _is_folder(item: os.DirEntry[str]) -> bool:
    # DirEntry.is_dir raises on a link to itself; os.path.isdir does not, but is slower.
    return os.path.isdir(item.path) if item.is_symlink() else item.is_dir()
