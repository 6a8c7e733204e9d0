"""A folder of one's own: recordings below folders whose names are their labels.

Format: .wav or .flac, any rate; the name of the folder a recording lies in is its label set,
joined by `+` (`crackle+wheeze/`, `normal/`, `pneumonia/`). An optional `subjects.csv` at the top
says whose a recording is: columns path (posix, relative to the folder) and subject_id, and any of
device, location, age, sex, diagnosis. A recording that it does not name is its own subject.
Several such folders are data sets of their own: `folder-<name>`, name of letters, digits, - and _.
Types: any. Sound words (normal, crackle, wheeze, ...; see `folder_labels.SOUNDS`) make the type of
one weak event over the whole recording; without one the whole label set does. All other words
make the diagnosis, normal and healthy both. The record_label is the whole label set.
Licence: the user's own.
Citation: none.
Split origin: none of its own.
Problems: crackle_wheeze, icbhi-4, pneumonia.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

from pipeline.datasets import folder_findings
from pipeline.datasets.description import (
    Annotations,
    DataSet,
    Row,
    event_row,
    exclusion,
    recording_row,
)
from pipeline.datasets.files import find_recordings
from pipeline.datasets.folder_labels import Labels, read_labels
from pipeline.datasets.folder_subjects import (
    NOT_UNDERSTOOD,
    Subjects,
    find_file,
    name_of,
    read_subjects,
)

_ANY_NAME = re.compile(r".*", re.DOTALL)


def read(folder: Path, files: list[str]) -> Annotations:
    """Return what the folders' names and subjects.csv say."""
    return read_folder("folder", folder, files)


def data_set(name: str) -> DataSet:
    """Return the data set of a name such as `folder-clinic_a`: one of several of the user's."""
    own = partial(read_folder, name)
    return replace(DATASET, name=name, title=f"{DATASET.title} ({name})", read=own)


def read_folder(dataset: str, folder: Path, files: list[str]) -> Annotations:
    """Return what a user's folder holds, under the data set's own name."""
    found, excluded = find_recordings(dataset, files, _ANY_NAME, name_of=name_of)
    path = find_file(files)
    subjects = read_subjects(folder / path) if path else Subjects()
    result = Annotations(excluded=excluded + subjects.excluded)
    people = _people(found, subjects)
    used: dict[str, Labels] = {}
    for recording in found:
        labels = read_labels(PurePosixPath(recording).parent.name)
        if labels and name_of(recording) not in subjects.contradicted:
            used[recording] = labels
            known = subjects.of.get(name_of(recording), {})
            _add_recording(result, dataset, recording, people[recording], labels, known)
        else:
            result.excluded.append(_left_out(dataset, recording, labels))
    result.excluded += folder_findings.findings(used, found, subjects, bool(path))
    result.excluded += folder_findings.clashes(result.recordings)
    return result


def _left_out(dataset: str, path: str, labels: Labels | None) -> Row:
    where = (path, f"{dataset}/{name_of(path)}", "recording")
    if labels is None:
        return exclusion(*where, "labels contradict", PurePosixPath(path).parent.name)
    detail = "lines of subjects.csv give it to different people"
    return exclusion(*where, "subject ambiguous", detail)


def _people(paths: Collection[str], subjects: Subjects) -> dict[str, str]:
    """Return whose each recording is: by the file, else its own, under an id no one else has."""
    given = {row["subject_id"] for row in subjects.of.values()} - {""}
    prefix = ""
    while any(f"{prefix}{name_of(path)}" in given for path in paths):
        prefix += "file:"
    ids = {path: subjects.of.get(name_of(path), {}).get("subject_id", "") for path in paths}
    return {path: subject or f"{prefix}{name_of(path)}" for path, subject in ids.items()}


def _add_recording(
    result: Annotations, dataset: str, path: str, person: str, labels: Labels, known: Row
) -> None:
    columns = {key: value for key, value in known.items() if key != "subject_id"}
    # What is written down for one recording goes before the name of its folder.
    told = columns.get("diagnosis", "")
    columns["diagnosis"] = "" if told is NOT_UNDERSTOOD else told or labels.diagnosis
    row = recording_row(
        dataset,
        person,
        path,
        name_of(path),
        "recording",
        **{**columns, "record_label": labels.record_label},
    )
    result.recordings.append(row)
    if labels.type:
        result.events.append(event_row(row["recording_id"], 0.0, None, labels.type, weak=1))


DATASET = DataSet(
    name="folder",
    title="A folder of the user's own",
    licence="the user's own",
    citation="None.",
    homepage="",
    classes={"type": (), "diagnosis": (), "record_label": ()},
    label_level="recording",
    layout=(
        "a folder of your own: recordings (.wav or .flac) in folders named by their labels, such "
        "as crackle+wheeze/a.wav, normal/b.wav or pneumonia/c.wav, and, if wanted, subjects.csv "
        "with the columns path and subject_id"
    ),
    split_origin="none of its own: the pipeline splits it by subject",
    read=read,
)
