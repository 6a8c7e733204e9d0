"""The one error of the front end."""

from __future__ import annotations

from pathlib import Path


class RecordingError(ValueError):
    """A recording cannot be used.

    Parameters
    ----------
    path : str or Path
    code : str
        A few plain words for tables: "unreadable", "empty file", "not audio", "truncated",
        "no samples", "sample rate", "not a number" or "out of range".
    reason : str
        One plain sentence that says what was found.
    """

    def __init__(self, path: str | Path, code: str, reason: str):
        self.path, self.code, self.reason = str(path), code, reason
        super().__init__(f"{path}: {reason}")

    def __reduce__(self):
        return type(self), (self.path, self.code, self.reason)
