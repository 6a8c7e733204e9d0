"""Facts of recordings already decoded, kept by path, size and time: what makes an index cheap."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import frontend
from pipeline.audio.check import RecordingFacts
from pipeline.datasets.kept import cache_path, replace_file
from pipeline.datasets.listing import FileEntry

_FORMAT = f"auscult/hash-cache 1, front end {frontend.VERSION}"


class HashCache:
    """One JSON file of facts, read at once and written atomically by `save`.

    It only saves time: a file that is missing, damaged or of another front end counts as empty,
    and deleting it is harmless.

    Parameters
    ----------
    path : Path
        Its parent folder is made when it is saved.
    """

    def __init__(self, path: Path):
        self._path = path
        self._entries = _read(path)
        self._is_saved = True
        self._prefixes: dict[Path, str] = {}

    @classmethod
    def at(cls, place: Path, dataset: str, source: Path) -> HashCache:
        """Return the cache, in the folder `place`, of a data set that lies in `source`."""
        return cls(cache_path(place, dataset, source, ".json"))

    def get(self, folder: Path, entry: FileEntry) -> RecordingFacts | None:
        """Return the facts of a file that still has the size and time they were kept under."""
        try:
            kept = self._entries[self._key(folder, entry.path)]
            same = (kept["size"], kept["mtime_ns"]) == (entry.size, entry.mtime_ns)
            return RecordingFacts(**kept["facts"]) if same else None
        except (KeyError, TypeError):
            return None

    def put(self, folder: Path, entry: FileEntry, facts: RecordingFacts) -> None:
        """Keep the facts of a file; what could not be opened may be readable the next time."""
        if facts.problem != "unreadable":
            kept = {"size": entry.size, "mtime_ns": entry.mtime_ns, "facts": asdict(facts)}
            self._entries[self._key(folder, entry.path)] = kept
            self._is_saved = False

    def forget_others(self, folder: Path, paths: set[str]) -> None:
        """Drop what is kept of files below `folder` that are not among `paths` any more."""
        prefix, wanted = self._key(folder, ""), {self._key(folder, path) for path in paths}
        gone = [key for key in self._entries if key.startswith(prefix) and key not in wanted]
        for key in gone:
            del self._entries[key]
        self._is_saved = self._is_saved and not gone

    def save(self) -> None:
        """Write the file, by one rename, where anything changed; a full disk only warns."""
        if self._is_saved:
            return
        content = json.dumps({"format": _FORMAT, "recordings": self._entries}).encode()
        self._is_saved = replace_file(self._path, lambda stream: stream.write(content))

    def _key(self, folder: Path, path: str) -> str:
        # Looked up once: for every file it would take longer than all the rest.
        if folder not in self._prefixes:
            self._prefixes[folder] = f"{folder.resolve()}/"
        return self._prefixes[folder] + path


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        recordings = content["recordings"] if content["format"] == _FORMAT else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return recordings if isinstance(recordings, dict) else {}
