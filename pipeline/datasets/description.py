"""What a data set is to the pipeline, and the rows its adapter gives to the index."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Row = dict[str, Any]
"""One row of a table: column name -> value; None and "" mean unknown."""

LEFT_OUT, REPAIRED, KEPT = "left out", "repaired", "kept"
"""What became of a thing listed in excluded.csv ("kept": used as it is, but worth knowing)."""

NO_SUBJECTS, NOT_IN_SUBJECTS = "no subjects.csv", "not in subjects.csv"
LEAKAGE_POSSIBLE = (NO_SUBJECTS, NOT_IN_SUBJECTS)
"""Reasons that stand for recordings whose person is unknown: they may share one across sides."""


NOTHING_MATCHES, NO_LABEL_AT_ALL = "subjects.csv matches no recording", "no recording has a label"
GRAVE = (NOTHING_MATCHES, NO_LABEL_AT_ALL)
"""Reasons of kept rows that say that a user's folder was not read as it was meant."""


@dataclass
class Annotations:
    """Everything an adapter read from names, annotations and metadata; no audio was touched.

    Attributes
    ----------
    recordings : list of Row
        One per recording, as `recording_row` makes them.
    events : list of Row
        One per annotated span, as `event_row` makes them, in the files' own order.
    excluded : list of Row
        What could not be used as it is and why, as `exclusion` makes them.
    """

    recordings: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    excluded: list[Row] = field(default_factory=list)


@dataclass(frozen=True)
class DataSet:
    """A data set and how to read it.

    Attributes
    ----------
    name, title, licence, citation, homepage : str
    classes : mapping of str to tuple of str
        The publisher's words by the column they stand in: "type" of the events, "diagnosis" or
        "record_label" of the recordings. Which problems it can serve follows from them. No words
        under a column: any word may stand there.
    label_level : "event" or "recording"
        Whether labels hold for annotated spans or for a whole recording.
    layout : str
        One sentence that says what its folder has to hold.
    split_origin : str
        Where its train and test sides come from, in one sentence.
    official_sides : tuple of str
        The publisher's own sides: "train" and one or more that begin or end with "test"; () where
        there is no official split.
    read : callable
        `read(folder, files) -> Annotations`, `files` being all posix paths below `folder`.
    """

    name: str
    title: str
    licence: str
    citation: str
    homepage: str
    classes: Mapping[str, tuple[str, ...]]
    label_level: Literal["event", "recording"]
    layout: str
    split_origin: str
    read: Callable[[Path, list[str]], Annotations]
    official_sides: tuple[str, ...] = ()


def recording_row(
    dataset: str, subject: str, path: str, name: str, label_level: str, **known: Any
) -> Row:
    """Return a recording's row; `known` overrides the columns that default to unknown.

    Parameters
    ----------
    subject : str
        The publisher's id of the person.
    path : str
        Posix path relative to the data set's folder.
    name : str
        The recording's own name in the data set, such as the stem of the path.
    """
    return {
        "recording_id": f"{dataset}/{name}",
        "dataset": dataset,
        "subject_id": f"{dataset}/{subject}",
        "path": path,
        "device": "",
        "filter": "",
        "location": "",
        "age": None,
        "sex": "",
        "diagnosis": "",
        "official_side": "",
        "label_level": label_level,
        "record_label": "",
        **known,
    }


def event_row(
    recording_id: str, start_s: float, end_s: float | None, kind: str, weak: int = 0
) -> Row:
    """Return an event's row; `end_s` None stands for the end of the recording."""
    return {
        "recording_id": recording_id,
        "start_s": start_s,
        "end_s": end_s,
        "type": kind,
        "weak": weak,
    }


def finding(what: str, reason: str, detail: str, action: str = KEPT) -> Row:
    """Return the one row of excluded.csv that tells of a whole data set or of one subject."""
    return exclusion("", "", what, reason, detail, action)


def exclusion(
    path: str,
    recording_id: str,
    what: str,
    reason: str,
    detail: str = "",
    action: str = LEFT_OUT,
) -> Row:
    """Return a row of excluded.csv.

    Parameters
    ----------
    what : "recording", "event", "metadata" or "subject"
    reason : str
        A few fixed words, to count by.
    detail : str
        What was found.
    action : LEFT_OUT, REPAIRED or KEPT
    """
    return {
        "path": path,
        "recording_id": recording_id,
        "what": what,
        "reason": reason,
        "detail": detail,
        "action": action,
    }
