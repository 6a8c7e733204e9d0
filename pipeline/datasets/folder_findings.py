"""What a user should know of how a folder of their own was read: one row per kind, with counts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping

from pipeline.datasets.description import (
    NO_SUBJECTS,
    NOT_IN_SUBJECTS,
    Row,
    finding,
)
from pipeline.datasets.folder_labels import Labels
from pipeline.datasets.folder_subjects import Subjects, name_of

_ALONE = (
    "each of them is its own subject: leakage between recordings of one person cannot be ruled out"
)


def findings(
    labels: Mapping[str, Labels], paths: Collection[str], subjects: Subjects, has_file: bool
) -> list[Row]:
    """Return rows for excluded.csv on labels and subjects.

    Parameters
    ----------
    labels : mapping
        Path -> labels, of the recordings that are used.
    paths : collection of str
        All recordings.
    subjects : Subjects
    has_file : bool
        Whether there is a subjects.csv.
    """
    owned = {name for name, row in subjects.of.items() if row["subject_id"]}
    alone = [path for path in labels if name_of(path) not in owned]
    absent = sorted(set(subjects.of) - {name_of(path) for path in paths})
    unlabelled = [path for path, found in labels.items() if not found.record_label]
    unclear = [path for path, found in labels.items() if found.unclear]
    other = [path for path, found in labels.items() if _told_otherwise(found, path, subjects)]
    kinds = (
        ("subject", NOT_IN_SUBJECTS if has_file else NO_SUBJECTS, alone, _ALONE),
        ("metadata", "recording not on disk", absent, "named in subjects.csv"),
        ("metadata", "subjects.csv contradicts folder", other, "its diagnosis is used"),
        ("metadata", "no label", unlabelled, "in no folder whose name is a label"),
        ("metadata", "label not understood", unclear, "its words on sounds are none that is known"),
    )
    rows = [finding(what, why, _some(found, text)) for what, why, found, text in kinds if found]
    words = Counter(found.diagnosis for found in labels.values() if found.diagnosis)
    if words:
        detail = ", ".join(f"{word} ({n})" for word, n in sorted(words.items()))
        rows.append(finding("metadata", "folder names taken as diagnosis", detail))
    return rows + _spellings(subjects)


def clashes(recordings: Iterable[Row]) -> list[Row]:
    """Return a row for each column in which recordings of one subject contradict each other."""
    rows = []
    for column in ("diagnosis", "sex"):
        told = defaultdict(set)
        for row in recordings:
            if row[column]:
                told[row["subject_id"]].add(row[column].casefold())
        found = [
            f"{key} ({', '.join(sorted(each))})" for key, each in told.items() if len(each) > 1
        ]
        if found:
            rows.append(finding("subject", f"several values of {column}", _some(found, "")))
    return rows


def _told_otherwise(labels: Labels, path: str, subjects: Subjects) -> bool:
    told = subjects.of.get(name_of(path), {}).get("diagnosis", "")
    # A folder named normal speaks of the sound: it may well be a patient's.
    return bool(told) and labels.diagnosis.casefold() not in ("", "normal", told.casefold())


def _spellings(subjects: Subjects) -> list[Row]:
    spelled = defaultdict(set)
    for row in subjects.of.values():
        spelled["".join(row["subject_id"].casefold().split())].add(row["subject_id"])
    found = [" and ".join(sorted(each)) for each in spelled.values() if len(each) > 1]
    text = "taken as different people"
    return [finding("subject", "ids differ in case or blanks", _some(found, text))] if found else []


def _some(found: list[str], text: str) -> str:
    detail = f"{len(found)}, the first: {found[0]}"
    return f"{detail}; {text}" if text else detail
