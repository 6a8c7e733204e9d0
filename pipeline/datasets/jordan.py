"""Jordan (KAUH): 336 recordings of 112 subjects, three filters of each, labelled as a whole.

Format: 4 kHz 16-bit mono named `{B|D|E}P{1-112}_{diagnosis},{sound},{location},{age},{sex}.wav`;
B, D and E are three filters of one recording of one subject. The case of words varies and
fields carry trailing blanks. `Data annotation.xlsx` repeats the fields by subject.
Types: the raw sound words (N; I, E inspiratory, expiratory; W wheeze; C, Crep crackle;
B, Bronchial bronchial), one weak event over the whole recording: there are no time stamps.
Diagnoses by subject, N for none.
Licence: CC BY 4.0.
Citation: Fraiwan et al. 2021, Data in Brief 35 106913.
Split origin: none of its own.
Problems: crackle_wheeze, icbhi-4, pneumonia.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from pipeline.datasets import jordan_sheet
from pipeline.datasets.description import (
    KEPT,
    REPAIRED,
    Annotations,
    DataSet,
    Row,
    event_row,
    exclusion,
    finding,
    recording_row,
)
from pipeline.datasets.files import find_recordings, stem
from pipeline.datasets.jordan_sheet import Person

NAME = re.compile(
    r"(?P<filter>[BDE])P(?P<subject>\d{1,3})_(?P<diagnosis>[^,]*),(?P<sound>[^,]*),"
    r"(?P<location>[^,]*),\s*(?P<age>\d+(?:\.\d+)?)\s*,\s*(?P<sex>[MF])\s*",
    re.IGNORECASE,
)
# The one stethoscope of all recordings: 3M Littmann 3200 (Fraiwan et al. 2021).
DEVICE = "Litt3200"
SOUNDS = ("N", "E W", "I E W", "I C E W", "I C", "I C B", "C", "Crep", "Bronchial")
DIAGNOSES = (
    *("N", "asthma", "heart failure", "COPD", "pneumonia", "lung fibrosis", "BRON"),
    "Plueral Effusion",
)


def read(folder: Path, files: list[str]) -> Annotations:
    """Return what Jordan's names say, checked against its sheet where there is one."""
    found, excluded = find_recordings("jordan", files, NAME)
    result = Annotations(excluded=excluded)
    people: dict[int, set[Person]] = defaultdict(set)
    for path, match in found.items():
        person = _person(match)
        people[int(match["subject"])].add(person)
        _add_recording(result, path, match, person)
    result.excluded += [row for number in sorted(people) for row in _clash(number, people[number])]
    result.excluded += _spellings(list(found.values()))
    result.excluded += jordan_sheet.check(folder, files, people)
    return result


def _person(match: re.Match[str]) -> Person:
    diagnosis, sound, location = (match[name].strip() for name in Person._fields[:3])
    return Person(diagnosis, sound, location, float(match["age"]), match["sex"].upper())


def _add_recording(result: Annotations, path: str, match: re.Match[str], person: Person) -> None:
    row = recording_row(
        "jordan",
        str(int(match["subject"])),
        path,
        stem(path),
        "recording",
        device=DEVICE,
        filter=match["filter"].upper(),
        location=person.location,
        age=person.age,
        sex=person.sex,
        diagnosis=person.diagnosis,
    )
    result.recordings.append(row)
    if person.sound:
        result.events.append(event_row(row["recording_id"], 0.0, None, person.sound, weak=1))
    else:
        reason = (path, row["recording_id"], "event", "no sound word", "the recording is kept")
        result.excluded.append(exclusion(*reason))


def _clash(number: int, people: set[Person]) -> list[Row]:
    if len({person.folded() for person in people}) == 1:
        return []
    detail = f"subject {number}: " + "; ".join(sorted(str(tuple(person)) for person in people))
    return [exclusion("", "", "metadata", "filters of one subject disagree", detail, KEPT)]


def _spellings(names: list[re.Match[str]]) -> list[Row]:
    """Return a row on blanks that were stripped, and one on words in several cases."""
    fields = Person._fields[:3]
    words = {field: [match[field] for match in names] for field in fields}
    blanks = {field: sum(word != word.strip() for word in words[field]) for field in fields}
    rows = []
    if any(blanks.values()):
        detail = "file names: " + ", ".join(f"{field} {n}" for field, n in blanks.items() if n)
        rows.append(finding("metadata", "blanks at the ends of fields", detail, REPAIRED))
    cases = [case for field in fields for case in _cases(words[field])]
    if cases:
        detail = f"file names, compared without case: {'; '.join(cases)}"
        rows.append(finding("metadata", "case of words varies", detail))
    return rows


def _cases(words: list[str]) -> list[str]:
    spelled = defaultdict(set)
    for word in map(str.strip, words):
        spelled[word.casefold()].add(word)
    return [", ".join(sorted(found)) for _, found in sorted(spelled.items()) if len(found) > 1]


DATASET = DataSet(
    name="jordan",
    title="KAUH lung sounds, King Abdullah University Hospital, Jordan",
    licence="CC BY 4.0",
    citation=(
        "Fraiwan M et al. A dataset of lung sounds recorded from the chest wall using an "
        "electronic stethoscope. Data in Brief 35 (2021) 106913."
    ),
    homepage="https://data.mendeley.com/datasets/jwyy9np4gv/3",
    classes={"type": SOUNDS, "diagnosis": DIAGNOSES},
    label_level="recording",
    layout=(
        "recordings such as BP10_Asthma,E W,P R U,59,M.wav (or .flac) in Audio Files or any "
        "folder, and Data annotation.xlsx"
    ),
    split_origin="none of its own: the pipeline splits it by subject",
    read=read,
)
