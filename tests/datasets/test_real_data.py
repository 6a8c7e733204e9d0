"""The counts that DATASETS.md states, on the real files."""

from __future__ import annotations

import os
import re
from collections import Counter
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from pipeline import datasets
from pipeline.datasets import icbhi, icbhi_metadata
from pipeline.datasets.index import HashCache, IndexTables, build_index, list_files

FOLDER = Path(os.environ.get("AUSCULT_REAL_DATA", "/nonexistent"))
pytestmark = pytest.mark.skipif(
    "AUSCULT_REAL_DATA" not in os.environ, reason="AUSCULT_REAL_DATA is not set"
)


@cache
def real_index(name: str) -> IndexTables:
    """Return the index of a data set's real recordings; made once."""
    dataset, folder = datasets.load(name), FOLDER / name
    with TemporaryDirectory() as place:
        kept = HashCache.at(Path(place), name, folder)
        return build_index(dataset, folder, list_files(folder), kept, n_workers=2)


def test_icbhi_recordings_and_official_sides():
    recordings = real_index("icbhi").recordings
    assert len(recordings) == 70
    assert recordings["subject_id"].nunique() == 30
    assert recordings["official_side"].value_counts().to_dict() == {"train": 37, "test": 33}
    pneumonia = recordings[recordings["diagnosis"] == "Pneumonia"]
    assert pneumonia["subject_id"].nunique() == 2
    assert set(pneumonia["official_side"]) == {"train"}
    assert set(recordings["sample_rate"]) == {4000, 10000, 44100}


def test_icbhi_lists_what_is_not_on_disk_and_nothing_else():
    excluded = real_index("icbhi").excluded
    assert excluded[["what", "reason", "detail"]].to_numpy().tolist() == [
        ["metadata", "recording not on disk", "annotation files: 850 in annotations_all"],
        ["metadata", "recording not on disk", "official split: 502 of train, 348 of test"],
    ]


def test_all_920_icbhi_annotations_read_as_the_published_cycles():
    folder = FOLDER / "icbhi"
    paths = sorted((folder / "annotations_all").glob("*.txt"))
    pattern = icbhi.name_pattern(icbhi.DEVICES)
    assert len(paths) == 920
    assert all(pattern.fullmatch(path.stem) for path in paths)
    sides, excluded = icbhi_metadata.read_official_split(
        folder, list_files(folder).paths(), {path.stem for path in paths}
    )
    assert excluded == []
    assert Counter(sides.values()) == {"train": 539, "test": 381}
    counts = Counter()
    for path in paths:
        cycles, malformed = icbhi.parse_cycles(path.read_text())
        assert malformed == []
        counts.update((sides[path.stem], kind) for _, _, kind in cycles)
    kinds = ("normal", "crackle", "wheeze", "both")
    train, test = ([counts[side, kind] for kind in kinds] for side in ("train", "test"))
    assert train == [2063, 1215, 501, 363]
    assert test == [1579, 649, 385, 143]
    assert (sum(train), sum(test)) == (4142, 2756)
    assert [a + b for a, b in zip(train, test, strict=True)] == [3642, 1864, 886, 506]


def test_icbhi_metadata_hold_all_126_subjects():
    folder = FOLDER / "icbhi"
    files = list_files(folder).paths()
    diagnoses, excluded = icbhi_metadata.read_diagnoses(folder, files)
    people, more = icbhi_metadata.read_demographics(folder, files)
    assert excluded + more == []
    assert len(diagnoses) == len(people) == 126
    pneumonia = {subject for subject, name in diagnoses.items() if name == "Pneumonia"}
    assert pneumonia == {"122", "135", "140", "191", "219", "226"}
    assert people["223"] == {"age": None, "sex": ""}


def test_jordan_subjects_diagnoses_and_sounds():
    recordings, events = real_index("jordan").recordings, real_index("jordan").events
    assert len(recordings) == 336
    assert recordings["subject_id"].nunique() == 112
    subjects = recordings.drop_duplicates("subject_id").set_index("subject_id")
    diagnoses = subjects["diagnosis"].str.casefold()
    counts = diagnoses.value_counts().to_dict()
    named = {"n": 35, "asthma": 32, "heart failure": 18, "copd": 9, "pneumonia": 5}
    named |= {"lung fibrosis": 4, "bron": 3, "plueral effusion": 2}
    assert {name: counts[name] for name in named} == named
    assert sum(counts.values()) - sum(named.values()) == 4
    numbers = {int(each.split("-")[1]) for each in diagnoses.index[diagnoses == "pneumonia"]}
    assert numbers == {18, 36, 37, 41, 69}
    sounds = (events["type"].value_counts() // 3).to_dict()
    assert {name: sounds[name] for name in ("E W", "N", "Crep", "C")} == {
        "E W": 39,
        "N": 35,
        "Crep": 23,
        "C": 7,
    }
    assert set(sounds) - {"E W", "N", "Crep", "C"} == {
        "I E W",
        "I C E W",
        "I C B",
        "I C",
        "Bronchial",
    }


def test_jordan_sheet_contradicts_eight_locations():
    excluded = real_index("jordan").excluded
    assert set(excluded["reason"]) == {"sheet contradicts file name: location"}
    assert set(excluded["action"]) == {"kept"}
    numbers = {int(re.match(r"subject (\d+):", detail)[1]) for detail in excluded["detail"]}
    assert numbers == {2, 3, 4, 5, 6, 7, 26, 105}


def test_jordan_audio_shared_by_subjects_or_filters():
    recordings = real_index("jordan").recordings
    names = recordings["recording_id"].str.extract(r"jordan/([BDE]P\d+)_")[0]
    shared = names.groupby(recordings["audio_hash"]).agg(lambda found: "=".join(sorted(found)))
    shared = set(shared[shared.str.contains("=")])
    assert {"BP100=BP101", "DP100=DP101", "EP76=EP77", "BP9=DP9"} == shared


def test_sprsound_train_side():
    made = real_index("sprsound")
    assert len(made.recordings) == 1949
    assert made.recordings["subject_id"].nunique() == 251
    assert set(made.recordings["official_side"]) == {"train"}
    assert (made.recordings["record_label"] == "Poor Quality").sum() == 177
    assert made.recordings["path"].str.endswith(".wav").sum() == 40
    assert len(made.events) == 6656
    assert made.excluded.empty
