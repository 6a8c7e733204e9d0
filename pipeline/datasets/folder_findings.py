"""What a user should know of how a folder of their own was read: one row per kind, with counts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping

from pipeline.datasets.description import (
    NO_LABEL_AT_ALL,
    NO_SUBJECTS,
    NOT_IN_SUBJECTS,
    NOTHING_MATCHES,
    Row,
    finding,
)
from pipeline.datasets.folder_labels import Labels, unknown_diagnoses
from pipeline.datasets.folder_subjects import Subjects, name_of
from pipeline.datasets.near_names import did_you_mean
from pipeline.evaluation.wording import plural

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
    unlabelled = [path for path, found in labels.items() if not _has_label(found, path, subjects)]
    other = [path for path, found in labels.items() if _told_otherwise(found, path, subjects)]
    kinds = (
        ("subject", NOT_IN_SUBJECTS if has_file else NO_SUBJECTS, alone, _ALONE),
        ("metadata", "subjects.csv contradicts folder", other, "its diagnosis is used"),
        (
            *("metadata", "no label" if len(unlabelled) < len(labels) else NO_LABEL_AT_ALL),
            *(unlabelled, "in no folder whose name is a label"),
        ),
    )
    rows = [finding(what, why, _some(found, text)) for what, why, found, text in kinds if found]
    rows += _absent(absent, len(subjects.of), paths)
    rows += _words("label not understood", {path: found.unclear for path, found in labels.items()})
    rows += _words(
        "folder names taken as diagnosis",
        {path: unknown_diagnoses([found.diagnosis]) for path, found in labels.items()},
    )
    return rows + _spellings(subjects)


def _has_label(labels: Labels, path: str, subjects: Subjects) -> bool:
    return bool(labels.record_label or subjects.of.get(name_of(path), {}).get("diagnosis"))


def _absent(absent: list[str], n_named: int, paths: Collection[str]) -> list[Row]:
    """Return a row on names in subjects.csv that no recording has."""
    if not absent:
        return []
    reason = NOTHING_MATCHES if len(absent) == n_named else "recording not on disk"
    near = did_you_mean(absent[0], paths)
    detail = f"{plural(len(absent), 'recording')} named in subjects.csv, the first: {absent[0]}"
    return [finding("metadata", reason, detail + near)]


def _words(reason: str, of: Mapping[str, Collection[str]]) -> list[Row]:
    """Return a row with the words of recordings and how many recordings have each; none if none."""
    n_recordings = sum(bool(words) for words in of.values())
    counts = Counter(word for words in of.values() for word in set(words))
    if not counts:
        return []
    listed = ", ".join(f"{word} ({n})" for word, n in sorted(counts.items()))
    return [finding("metadata", reason, f"{plural(n_recordings, 'recording')}: {listed}")]


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
            rows.append(
                finding("subject", f"several values of {column}", _some(found, "", "subject"))
            )
    return rows


def _told_otherwise(labels: Labels, path: str, subjects: Subjects) -> bool:
    told = subjects.of.get(name_of(path), {}).get("diagnosis") or ""
    # A folder named normal speaks of the sound: it may well be a patient's.
    return bool(told) and labels.diagnosis.casefold() not in ("", "normal", told.casefold())


def _spellings(subjects: Subjects) -> list[Row]:
    spelled = defaultdict(set)
    for row in subjects.of.values():
        spelled["".join(row["subject_id"].casefold().split())].add(row["subject_id"])
    found = [" and ".join(sorted(each)) for each in spelled.values() if len(each) > 1]
    text = "taken as different people"
    return (
        [finding("subject", "ids differ in case or blanks", _some(found, text, "id"))]
        if found
        else []
    )


def _some(found: list[str], text: str, noun: str = "recording") -> str:
    detail = f"{plural(len(found), noun)}, the first: {found[0]}"
    return f"{detail}; {text}" if text else detail
