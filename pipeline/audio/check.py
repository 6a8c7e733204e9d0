"""Whether a recording can be used, and the facts the index keeps of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from frontend.recording import RecordingError, describe_recording


@dataclass(frozen=True)
class RecordingFacts:
    """What one look at a recording tells; hashes and sizes are "" and 0 where it has a problem.

    Attributes
    ----------
    audio_hash, content_hash : str
        See `frontend.recording`.
    sample_rate : int
        In Hz.
    n_samples : int
    duration_s : float
    problem : str
        "" for a recording that can be used, else a few fixed words: the front end's own (such as
        "unreadable", "empty file", "not audio", "truncated", "no samples", "not a number"), or
        "constant" (silence or one value throughout).
    detail : str
        The problem as a sentence.
    """

    audio_hash: str = ""
    content_hash: str = ""
    sample_rate: int = 0
    n_samples: int = 0
    duration_s: float = 0.0
    problem: str = ""
    detail: str = ""


def inspect_recording(path: str | Path) -> RecordingFacts:
    """Return the facts of a .wav or .flac recording; nothing that is wrong with it raises."""
    try:
        found = describe_recording(path)
    except RecordingError as error:
        return RecordingFacts(problem=error.code, detail=error.reason)
    except OSError as error:  # a disk that fails on the way
        return RecordingFacts(problem="unreadable", detail=f"it cannot be read ({error.strerror}).")
    if found.is_constant:
        detail = f"all its {found.n_samples} samples have one value."
        return RecordingFacts(problem="constant", detail=detail)
    return RecordingFacts(
        audio_hash=found.audio_hash,
        content_hash=found.content_hash,
        sample_rate=found.sample_rate,
        n_samples=found.n_samples,
        duration_s=found.duration_s,
    )
