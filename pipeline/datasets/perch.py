"""PERCH: recordings of children with crackles and wheezes per respiratory cycle; not public.

Format: names such as `Z02666-08.wav_F.wav` (the inner .wav belongs to the name, or is missing):
person `Z02666`, recording 08. A .txt of cycles as ICBHI's (see `pipeline.datasets.cycles`), named
with or without the inner .wav and the `_F`: `Z02666-08.wav_F.txt`, `Z02666-08_F.txt`,
`Z02666-08.txt`. There are no metadata.
Types: normal, crackle, wheeze, both.
Licence: not public.
Citation: Pneumonia Etiology Research for Child Health (PERCH); the layout is known from public
source code, not from the data set's own description.
Split origin: none of its own.
Problems: crackle_wheeze, icbhi-4.
"""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.datasets.cycles import TYPES, add_cycles
from pipeline.datasets.description import Annotations, DataSet, recording_row
from pipeline.datasets.files import AnnotationFiles, find_recordings, stem

# Everything before the hyphen is the person: the letter may stand for a site that counts anew.
NAME = re.compile(r"(?P<subject>[A-Z]+\d+)-(?P<number>\d+)(?:\.wav)?_F(?:\.wav)?", re.IGNORECASE)
_LEVELLED = re.compile(r"[A-Z]+\d+-\d+")
_WANTED = "expected a name such as Z02666-08.wav_F: person, hyphen, number, _F"


def read(folder: Path, files: list[str]) -> Annotations:
    """Return what PERCH's names and cycles say."""
    found, excluded = find_recordings("perch", files, NAME, level=level, wanted=_WANTED)
    texts = AnnotationFiles(folder, files, ".txt", level)
    result = Annotations(excluded=excluded + texts.orphans(found, _LEVELLED))
    for path, match in found.items():
        row = recording_row("perch", match["subject"].upper(), path, stem(path), "event")
        result.recordings.append(row)
        add_cycles(result, row, texts)
    return result


def level(name: str) -> str:
    """Return what a recording's name and its annotation's have in common: `Z02666-08`."""
    return re.sub(r"\.WAV|_F(?=$|\.)", "", name.upper())


DATASET = DataSet(
    name="perch",
    title="PERCH, Pneumonia Etiology Research for Child Health",
    licence="not public",
    citation="Pneumonia Etiology Research for Child Health (PERCH) study.",
    homepage="",
    classes={"type": tuple(TYPES.values())},
    label_level="event",
    layout=(
        "recordings such as Z02666-08.wav_F.wav (or .flac) with a .txt of cycles, such as "
        "Z02666-08.wav_F.txt or Z02666-08_F.txt, beside each or anywhere below"
    ),
    split_origin="none of its own: the pipeline splits it by subject",
    read=read,
)
