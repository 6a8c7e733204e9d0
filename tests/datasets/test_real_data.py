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


def test_icbhi_lists_what_is_known_to_be_wrong_and_nothing_else():
    excluded = real_index("icbhi").excluded
    assert excluded[["what", "reason", "detail", "action"]].to_numpy().tolist() == [
        [
            "metadata",
            "named otherwise on disk",
            "the official split names 226_1b1_Pl_sc_LittC2SE as 226_1b1_Pl_sc_Meditron",
            "repaired",
        ],
        ["metadata", "recording not on disk", "annotation files: 850 in annotations_all", "kept"],
        [
            "metadata",
            "recording not on disk",
            "official split: 502 of train, 348 of test",
            "kept",
        ],
        ["subject", "age and sex unknown", "subject 223", "kept"],
        [
            "subject",
            "on both sides of the official split",
            "subject 156: 9 recordings in train, 8 in test",
            "kept",
        ],
        [
            "subject",
            "on both sides of the official split",
            "subject 218: 4 recordings in train, 4 in test",
            "kept",
        ],
    ]


def icbhi_without_audio():
    """Return what the adapter reads where every annotation file had its recording beside it."""
    folder = FOLDER / "icbhi"
    texts = [f"annotations_all/{path.name}" for path in (folder / "annotations_all").iterdir()]
    tables = [path.name for path in folder.glob("ICBHI_*.txt")]
    recordings = [text.replace(".txt", ".wav") for text in texts]
    return datasets.load("icbhi").read(folder, [*texts, *tables, *recordings])


def cycles_by_side(found):
    sides = {row["recording_id"]: row["official_side"] for row in found.recordings}
    return Counter((sides[event["recording_id"]], event["type"]) for event in found.events)


def test_all_920_icbhi_annotations_read_as_the_published_recordings_and_cycles():
    found = icbhi_without_audio()
    assert len(found.recordings) == 920
    recordings = Counter(row["official_side"] for row in found.recordings)
    assert recordings == {"train": 539, "test": 381}
    counts = cycles_by_side(found)
    kinds = ("normal", "crackle", "wheeze", "both")
    train, test = ([counts[side, kind] for kind in kinds] for side in ("train", "test"))
    assert train == [2063, 1215, 501, 363]
    assert test == [1579, 649, 385, 143]
    assert (sum(train), sum(test)) == (4142, 2756)
    assert [a + b for a, b in zip(train, test, strict=True)] == [3642, 1864, 886, 506]
    reasons = {row["reason"] for row in found.excluded if row["action"] == "left out"}
    assert reasons == set()


def test_without_the_alias_eleven_icbhi_cycles_stand_on_no_side(monkeypatch):
    monkeypatch.setattr(icbhi_metadata, "ALIASES", {})
    found = icbhi_without_audio()
    sides = Counter()
    for (side, _), n in cycles_by_side(found).items():
        sides[side] += n
    assert sides == {"train": 4142 - 11, "test": 2756, "": 11}
    recordings = Counter(row["official_side"] for row in found.recordings)
    assert recordings == {"train": 538, "test": 381, "": 1}
    assert "not in the official split" in {row["reason"] for row in found.excluded}


def test_icbhi_has_four_subjects_of_two_devices():
    devices = {}
    for row in icbhi_without_audio().recordings:
        devices.setdefault(row["subject_id"], set()).add(row["device"])
    several = {subject for subject, found in devices.items() if len(found) > 1}
    assert several == {f"icbhi/{number}" for number in (112, 158, 218, 226)}
    assert set().union(*devices.values()) == set(icbhi.DEVICES)


def test_icbhi_metadata_hold_all_126_subjects():
    folder = FOLDER / "icbhi"
    files = list_files(folder).paths()
    diagnoses, excluded = icbhi_metadata.read_diagnoses(folder, files)
    people, more = icbhi_metadata.read_demographics(folder, files)
    assert excluded == []
    assert [(row["reason"], row["detail"]) for row in more] == [
        ("age and sex unknown", "subject 223")
    ]
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
    numbers = {int(each.split("/")[1]) for each in diagnoses.index[diagnoses == "pneumonia"]}
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
    excluded = excluded[excluded["reason"] == "sheet contradicts file name: location"]
    assert set(excluded["action"]) == {"kept"}
    numbers = {int(re.match(r"subject (\d+):", detail)[1]) for detail in excluded["detail"]}
    assert numbers == {2, 3, 4, 5, 6, 7, 26, 105}


def test_jordan_lists_what_is_known_to_be_wrong_and_nothing_else():
    excluded = real_index("jordan").excluded
    excluded = excluded[excluded["reason"] != "sheet contradicts file name: location"]
    assert excluded[["reason", "detail", "action"]].to_numpy().tolist() == [
        [
            "blanks at the ends of fields",
            "file names: diagnosis 3, location 66",
            "repaired",
        ],
        [
            "case of words varies",
            "file names, compared without case: Asthma, asthma; COPD, copd; "
            "Heart Failure, heart failure",
            "kept",
        ],
        [
            "cells beside the table",
            "stray rows: 154, 155; text from column J on",
            "kept",
        ],
    ]


def test_jordan_is_one_device_and_three_filters():
    recordings = real_index("jordan").recordings
    assert set(recordings["device"]) == {"Litt3200"}
    assert recordings["filter"].value_counts().to_dict() == {"B": 112, "D": 112, "E": 112}


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
    assert made.excluded[["reason", "detail", "action"]].to_numpy().tolist() == [
        ["events not in time order", "851 recordings", "repaired"],
        ["poor quality, no events", "177 recordings", "kept"],
        ["times given as text", "6656 events, in milliseconds", "repaired"],
    ]


@pytest.mark.parametrize("name", ["icbhi", "jordan", "sprsound"])
def test_every_word_of_the_real_files_is_among_the_classes_that_the_data_set_states(name):
    """Diagnoses that are several at once count by their parts."""
    made, classes = real_index(name), datasets.load(name).classes
    found = {
        "type": set(made.events["type"]),
        "diagnosis": {
            part
            for word in made.recordings["diagnosis"]
            for part in re.split(r" \+ | and ", word)
            if part
        },
        "record_label": set(made.recordings["record_label"]) - {""},
    }
    for column, words in found.items():
        known = {word.casefold() for word in classes.get(column, ())}
        assert {word.casefold() for word in words} <= known, column


def test_icbhi_states_all_diagnoses_of_its_126_subjects():
    folder = FOLDER / "icbhi"
    diagnoses, _ = icbhi_metadata.read_diagnoses(folder, list_files(folder).paths())
    assert set(diagnoses.values()) == set(icbhi.DIAGNOSES)
