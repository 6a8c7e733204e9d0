"""What is really in a fake data set."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

Event = tuple[str, float, float, str, int]
"""Recording id, start_s, end_s, type, weak."""


@dataclass
class Truth:
    """What an index of a fake has to hold.

    Attributes
    ----------
    recordings : dict of dict
        recording_id -> the columns of recordings.csv that the fake knows.
    events : set of Event
    reasons : set of str
        The reasons that stand in excluded.csv, every one of them.
    """

    name: str
    folder: Path
    recordings: dict[str, dict[str, object]] = field(default_factory=dict)
    events: set[Event] = field(default_factory=set)
    reasons: set[str] = field(default_factory=set)

    def subjects(self) -> set[object]:
        """Return the subject ids."""
        return {row["subject_id"] for row in self.recordings.values()}
