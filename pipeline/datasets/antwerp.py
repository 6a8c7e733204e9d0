"""Antwerp: recordings around airway clearance sessions, with crackles and wheezes; not public.

Format: names such as `RESPT_CALSA_ACT2sess_008_VA_POST_Thbl.wav`, fields between underscores,
and a .txt of cycles as ICBHI's (see `pipeline.datasets.cycles`) of the same name. There are no
metadata. What the fields mean is not published. The one field of digits only is taken as the
person's number; a name with none, or with several, is left out. The study and session fields are
no part of the subject: should a number stand for two people, they are kept on one side, while
the reverse would put one person on both. A last field that begins with Th is the location.
Types: normal, crackle, wheeze, both.
Licence: not public.
Citation: none published; the layout is known from public source code.
Split origin: none of its own.
Problems: crackle_wheeze, icbhi-4.
"""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.datasets.cycles import TYPES, add_cycles
from pipeline.datasets.description import Annotations, DataSet, recording_row
from pipeline.datasets.files import AnnotationFiles, find_recordings, stem

# A field that is no number: it holds a letter.
_WORD = r"[0-9-]*[A-Za-z][A-Za-z0-9-]*"
NAME = re.compile(
    rf"(?:{_WORD}_)+(?P<subject>\d+)(?:_{_WORD})*?(?:_(?P<location>Th[a-z]*))?", re.IGNORECASE
)
_WANTED = (
    "expected a name such as RESPT_CALSA_ACT2sess_008_VA_POST_Thbl: one field of digits, the person"
)
LAYOUT = (
    "recordings such as RESPT_CALSA_ACT2sess_008_VA_POST_Thbl.wav (or .flac) with a .txt of cycles "
    "of the same name beside each or anywhere below"
)


def read(folder: Path, files: list[str]) -> Annotations:
    """Return what Antwerp's names and cycles say."""
    return read_sessions("antwerp", folder, files)


def read_sessions(dataset: str, folder: Path, files: list[str]) -> Annotations:
    """Return what a cohort in Antwerp's layout holds.

    Parameters
    ----------
    dataset : str
        Its canonical name.
    folder : Path
    files : list of str
        All posix paths below `folder`.
    """
    found, excluded = find_recordings(dataset, files, NAME, wanted=_WANTED)
    texts = AnnotationFiles(folder, files, ".txt")
    result = Annotations(excluded=excluded + texts.orphans(found, NAME))
    for path, match in found.items():
        # 8 and 008 are one person.
        subject = f"{int(match['subject']):03d}"
        location = match["location"] or ""
        row = recording_row(dataset, subject, path, stem(path), "event", location=location)
        result.recordings.append(row)
        add_cycles(result, row, texts)
    return result


DATASET = DataSet(
    name="antwerp",
    title="Antwerp, recordings around airway clearance sessions",
    licence="not public",
    citation="None published.",
    homepage="",
    classes={"type": tuple(TYPES.values())},
    label_level="event",
    layout=LAYOUT,
    split_origin="none of its own: the pipeline splits it by subject",
    read=read,
)
