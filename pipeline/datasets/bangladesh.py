"""Bangladesh (PCV study): segments of recordings of children, pneumonia by subject; not public.

Format: `PCV_SEGMENTED_Processed_Files/{HOSP_ID}_SEGMENTED/{HOSP_ID}_{yymmdd}_{nnn}-{k}_F.wav`, some
names with hyphens for underscores: HOSP_ID is the person (7 digits), k the segment of recording
nnn. `Bangladesh_PCV_onlyStudyPatients.xlsx` says by HOSP_ID what PEP1, the primary endpoint, is.
Types: none; the diagnosis is "primary endpoint pneumonia", "no primary endpoint pneumonia" or
"uninterpretable".
Licence: not public.
Citation: none published; the layout is known from public source code.
Split origin: none of its own.
Problems: pneumonia.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from pipeline.datasets.bangladesh_sheet import DIAGNOSES, hospital_id, read_diagnoses
from pipeline.datasets.description import Annotations, DataSet, Row, exclusion, recording_row
from pipeline.datasets.files import find_recordings, stem

NAME = re.compile(
    r"(?P<subject>\d{1,7})[_-](?P<date>\d{6})[_-](?P<number>\d+)[_-](?P<segment>\d+)[_-]F",
    re.IGNORECASE | re.ASCII,
)
_FOLDER = re.compile(r"(?P<subject>\d+)[_-]SEGMENTED", re.IGNORECASE | re.ASCII)
_WANTED = "expected a name such as 0123456_190131_001-1_F: HOSP_ID, date, recording, segment"


def read(folder: Path, files: list[str]) -> Annotations:
    """Return what the names, the folders and the sheet say."""
    found, excluded = find_recordings("bangladesh", files, NAME, level=level, wanted=_WANTED)
    result = Annotations(excluded=excluded)
    subjects = {path: hospital_id(match["subject"]) for path, match in found.items()}
    for path, subject in list(subjects.items()):
        if others := _folder_ids(path) - {subject}:
            result.excluded.append(_contradiction(path, subject, others))
            del subjects[path]
    diagnoses, rows = read_diagnoses(folder, files, set(subjects.values()))
    result.excluded += rows
    for path, subject in subjects.items():
        known = {"diagnosis": diagnoses.get(subject, "")}
        row = recording_row("bangladesh", subject, path, stem(path), "recording", **known)
        result.recordings.append(row)
    return result


def level(name: str) -> str:
    """Return a name with underscores for hyphens, in capitals: the spellings of one segment."""
    return name.replace("-", "_").upper()


def _folder_ids(path: str) -> set[str]:
    matches = (_FOLDER.fullmatch(part) for part in PurePosixPath(path).parent.parts)
    return {hospital_id(match["subject"]) for match in matches if match}


def _contradiction(path: str, subject: str, others: set[str]) -> Row:
    # Either could be the person: on a guess, one could end up on both sides of a split.
    detail = f"{subject} in the name, {' and '.join(sorted(others))} in the folder"
    where = (path, f"bangladesh/{stem(path)}", "recording")
    return exclusion(*where, "name contradicts folder", detail)


DATASET = DataSet(
    name="bangladesh",
    title="Bangladesh, PCV study",
    licence="not public",
    citation="None published.",
    homepage="",
    classes={"diagnosis": DIAGNOSES},
    label_level="recording",
    layout=(
        "PCV_SEGMENTED_Processed_Files/0123456_SEGMENTED with recordings such as "
        "0123456_190131_001-1_F.wav (or .flac), and Bangladesh_PCV_onlyStudyPatients.xlsx"
    ),
    split_origin="none of its own: the pipeline splits it by subject",
    read=read,
)
