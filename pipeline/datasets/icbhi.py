"""ICBHI 2017: 920 recordings of 126 subjects with crackles and wheezes per respiratory cycle.

Format: mono PCM of 4, 10 and 44.1 kHz named
`{subject}_{index}_{Tc|Al|Ar|Pl|Pr|Ll|Lr}_{sc|mc}_{device}.wav`; beside each a .txt of cycles,
`start<TAB>end<TAB>crackle<TAB>wheeze` in seconds and 0/1. Diagnosis and demographics by subject.
Types: normal, crackle, wheeze, both; diagnoses by subject.
Licence: free for research.
Citation: Rocha et al. 2019, Physiological Measurement 40 035001.
Split origin: the challenge's own 60/40 file; subjects 156 and 218 stand on both of its sides.
Problems: crackle_wheeze, icbhi-4, icbhi-diagnosis, pneumonia.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from pipeline.datasets import icbhi_metadata
from pipeline.datasets.cycles import TYPES, add_cycles
from pipeline.datasets.description import Annotations, DataSet, recording_row
from pipeline.datasets.files import AnnotationFiles, find_recordings, stem

DEVICES = ("AKGC417L", "LittC2SE", "Litt3200", "Meditron")
DIAGNOSES = (
    *("Healthy", "COPD", "Bronchiectasis", "Asthma", "URTI", "LRTI", "Bronchiolitis", "Pneumonia"),
)


def read(folder: Path, files: list[str]) -> Annotations:
    """Return what ICBHI's names, cycles, metadata and official split say."""
    annotations = read_cohort("icbhi", DEVICES, folder, files)
    sides, excluded = icbhi_metadata.read_official_split(
        folder, files, {stem(row["path"]) for row in annotations.recordings}
    )
    for row in annotations.recordings:
        row["official_side"] = sides.get(stem(row["path"]), "")
    annotations.excluded += excluded
    return annotations


def read_cohort(
    dataset: str, devices: Iterable[str], folder: Path, files: list[str]
) -> Annotations:
    """Return what a cohort in ICBHI's layout holds, all but an official split.

    Parameters
    ----------
    dataset : str
        Its canonical name.
    devices : iterable of str
        The device names that may end a recording's name.
    folder : Path
    files : list of str
        All posix paths below `folder`.

    Raises
    ------
    AnnotationError
        A metadata file cannot be understood at all, or two of one kind differ.
    """
    pattern = name_pattern(devices)
    found, excluded = find_recordings(dataset, files, pattern)
    diagnoses, diagnosis_rows = icbhi_metadata.read_diagnoses(folder, files)
    people, people_rows = icbhi_metadata.read_demographics(folder, files)
    texts = AnnotationFiles(folder, files, ".txt")
    excluded += diagnosis_rows + people_rows + texts.orphans(found, pattern)
    result = Annotations(excluded=excluded)
    for path, match in found.items():
        subject = match["subject"]
        row = recording_row(
            dataset,
            subject,
            path,
            stem(path),
            "event",
            device=match["device"],
            location=match["location"],
            diagnosis=diagnoses.get(subject, ""),
            **people.get(subject, {}),
        )
        result.recordings.append(row)
        add_cycles(result, row, texts)
    return result


def name_pattern(devices: Iterable[str]) -> re.Pattern[str]:
    """Return the pattern of a recording's stem in ICBHI's layout."""
    return re.compile(
        r"(?P<subject>\d+)_(?P<index>[0-9A-Za-z]+)_(?P<location>Tc|Al|Ar|Pl|Pr|Ll|Lr)"
        rf"_(?P<mode>sc|mc)_(?P<device>{'|'.join(devices)})"
    )


DATASET = DataSet(
    name="icbhi",
    title="ICBHI 2017 Respiratory Sound Database",
    licence="free for research",
    citation=(
        "Rocha BM et al. An open access database for the evaluation of respiratory sound "
        "classification algorithms. Physiological Measurement 40 (2019) 035001."
    ),
    homepage="https://bhichallenge.med.auth.gr",
    classes={"type": tuple(TYPES.values()), "diagnosis": DIAGNOSES},
    label_level="event",
    layout=(
        "recordings such as 101_1b1_Al_sc_Meditron.wav (or .flac) with a .txt of cycles beside "
        "each, in ICBHI_final_database or directly in the folder, and beside them the diagnosis, "
        "demographic and train_test files"
    ),
    split_origin=(
        "the challenge's train/test file; subjects 156 and 218 stand on both of its sides"
    ),
    read=read,
    official_sides=("train", "test"),
)
