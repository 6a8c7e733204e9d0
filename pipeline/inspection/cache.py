"""Measures already taken, kept by path, size and time of the file: what makes a second look cheap.

Only saves time: what is missing, damaged or of another version counts as nothing, and deleting
it is harmless.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import frontend
from pipeline.datasets.kept import cache_path, replace_file
from pipeline.inspection.measures import VERSION, Measures, Pictured

_FORMAT = f"auscult/measures-cache 1, measures {VERSION}, front end {frontend.VERSION}"
_ARRAYS = tuple(field.name for field in fields(Pictured))

Measured = tuple[Measures, Pictured]


class AudioFile(NamedTuple):
    """A recording as it was listed: posix path below its folder, bytes, nanoseconds."""

    path: str
    size: int
    mtime_ns: int


class MeasuresCache:
    """The measures of one data set's recordings in one .npz, saved by one rename.

    Parameters
    ----------
    path : Path
        Its parent folder is made when it is saved.
    """

    def __init__(self, path: Path):
        self._path = path
        self._entries = _read(path)
        self._is_saved = True

    @classmethod
    def at(cls, place: Path, dataset: str, source: Path) -> MeasuresCache:
        """Return the cache, in the folder `place`, of a data set that lies in `source`."""
        return cls(cache_path(place, dataset, source, ".npz"))

    def get(self, file: AudioFile) -> Measured | None:
        """Return the measures of a file that still has the size and time they were taken of."""
        kept = self._entries.get(file.path)
        return kept[1] if kept and kept[0] == file else None

    def put(self, file: AudioFile, measured: Measured) -> None:
        """Keep the measures of a file; what could not be opened may be readable the next time."""
        if measured[0].problem != "unreadable":
            self._entries[file.path] = (file, measured)
            self._is_saved = False

    def keep_only(self, paths: set[str]) -> None:
        """Drop what is kept of other files."""
        gone = set(self._entries) - paths
        for path in gone:
            del self._entries[path]
        self._is_saved = self._is_saved and not gone

    def save(self) -> None:
        """Write the file where anything changed; a full disk only warns."""
        if self._is_saved:
            return
        packed: dict[str, Any] = _packed(list(self._entries.values()))
        self._is_saved = replace_file(self._path, lambda stream: np.savez(stream, **packed))


def stacked(pictured: list[Pictured]) -> dict[str, np.ndarray]:
    """Return the pictured parts of several recordings as arrays by name, in their order."""
    return {name: np.stack([getattr(one, name) for one in pictured]) for name in _ARRAYS}


def unstacked(arrays: dict[str, np.ndarray]) -> list[Pictured]:
    """Return what `stacked` was given."""
    return [Pictured(*parts) for parts in zip(*(arrays[name] for name in _ARRAYS), strict=True)]


def _packed(entries: list[tuple[AudioFile, Measured]]) -> dict[str, np.ndarray]:
    content = {"format": _FORMAT, "files": [[file, one.row()] for file, (one, _) in entries]}
    text = np.frombuffer(json.dumps(content).encode(), np.uint8)
    arrays = stacked([pictured for _, (_, pictured) in entries]) if entries else {}
    return {"content": text, **arrays}


def _read(path: Path) -> dict[str, tuple[AudioFile, Measured]]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            content = json.loads(archive["content"].tobytes())
            if content["format"] != _FORMAT or not content["files"]:
                return {}
            pictured = unstacked({name: archive[name] for name in _ARRAYS})
        rows = [(AudioFile(*file), Measures(**row)) for file, row in content["files"]]
        both = zip(rows, pictured, strict=True)
        return {file.path: (file, (row, one)) for (file, row), one in both}
    # numpy and zipfile raise whatever a damaged archive happens to hold.
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return {}
