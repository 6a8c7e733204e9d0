"""Names of PERCH and Antwerp: who is the subject, and which .txt belongs to a recording."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fakes.antwerp import make_antwerp, make_antwerp_sim
from tests.fakes.perch import make_perch
from tests.fakes.sounds import write_sound

CYCLES = "0.0\t0.5\t1\t0\n0.5\t1.0\t0\t0\n"


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a recording and, if named, its annotation."""

    def make(audio, text=""):
        write_sound(tmp_path / "data" / audio, np.random.default_rng(len(audio)))
        if text:
            (tmp_path / "data" / text).write_text(CYCLES)
        return tmp_path / "data"

    return make


@pytest.mark.parametrize("audio", ["Z02666-08.wav_F.wav", "Z02666-08_F.wav", "z02666-08.WAV_f.wav"])
@pytest.mark.parametrize(
    "text",
    [
        "Z02666-08.wav_F.txt",
        "Z02666-08.wav_F.wav.txt",
        "Z02666-08_F.txt",
        "Z02666-08.wav.txt",
        "Z02666-08.txt",
    ],
)
def test_perch_finds_the_annotation_however_the_inner_wav_is_treated(write, index, audio, text):
    tables = index("perch", write(audio, text))
    assert tables.recordings["subject_id"].tolist() == ["perch/Z02666"]
    assert tables.events["type"].tolist() == ["crackle", "normal"]
    assert tables.excluded.empty


def test_perch_recordings_of_one_person_are_one_subject(tmp_path, index):
    recordings = index("perch", make_perch(tmp_path / "perch").folder).recordings
    counts = recordings["subject_id"].value_counts().to_dict()
    assert counts == {f"perch/{each}": 1 for each in ("Z02667", "K00012", "K00013")} | {
        "perch/Z02666": 2
    }


def test_perch_spellings_of_one_recording_are_not_two(write, index):
    write("Z02666-08.wav_F.wav", "Z02666-08.txt")
    tables = index("perch", write("Z02666-08_F.wav"))
    assert len(tables.recordings) == 1
    assert tables.excluded["reason"].tolist() == ["duplicate name"]


def test_perch_annotations_that_differ_are_not_chosen_from(write, index):
    folder = write("Z02666-08.wav_F.wav", "Z02666-08.txt")
    (folder / "Z02666-08_F.txt").write_text("0.0\t0.5\t0\t1\n")
    tables = index("perch", folder)
    assert tables.events.empty
    assert tables.excluded["reason"].tolist() == ["annotation ambiguous"]


def test_perch_annotations_without_recording_are_counted_and_other_texts_are_not(write, index):
    folder = write("Z02666-08.wav_F.wav", "Z02666-08.txt")
    (folder / "Z02777-01.wav_F.txt").write_text(CYCLES)
    (folder / "notes.txt").write_text("hello")
    excluded = index("perch", folder).excluded
    assert excluded[["reason", "detail"]].to_numpy().tolist() == [
        ["recording not on disk", "annotation files: 1 in ."]
    ]


@pytest.mark.parametrize("name", ["Z02666.wav", "Z02666-08.wav", "02666-08_F.wav", "Z-08_F.wav"])
def test_perch_names_of_another_form_are_left_out_with_what_was_expected(write, index, name):
    write("Z02666-09_F.wav", "Z02666-09.txt")
    row = index("perch", write(name)).excluded.set_index("path").loc[name]
    assert (row["reason"], row["action"]) == ("name not understood", "left out")
    assert "Z02666-08.wav_F" in row["detail"]


@pytest.mark.parametrize(
    ("stem", "subject", "location"),
    [
        ("RESPT_CALSA_ACT2sess_008_VA_POST_Thbl", "008", "Thbl"),
        ("RESPT_CALSA_ACT2sess_8_VA_POST_Thbl", "008", "Thbl"),
        ("RESPT_CALSA_ACT2sess_1008_VA_POST_Thbl", "1008", "Thbl"),
        ("RESPT_OTHER_008_PRE", "008", ""),
        ("RESPT_008", "008", ""),
        ("RESPT_CALSA_2ndsess_008_VA_POST_Thbr", "008", "Thbr"),
    ],
)
def test_antwerps_one_field_of_digits_is_the_person(write, index, stem, subject, location):
    row = index("antwerp", write(f"{stem}.wav", f"{stem}.txt")).recordings.iloc[0]
    assert row["subject_id"] == f"antwerp/{subject}"
    assert row["location"] == location


@pytest.mark.parametrize(
    "stem",
    [
        "RESPT_CALSA_ACT2sess_VA_POST_Thbl",
        "RESPT_CALSA_2_008_VA_POST_Thbl",
        "RESPT_CALSA_008_VA_2_Thbl",
        "RESPT_CALSA_P008_VA",
        "008_VA_POST",
        "RESPT__008_VA",
        "RESPT_CALSA 008 VA",
    ],
)
def test_antwerp_names_that_do_not_yield_one_person_are_left_out(write, index, stem):
    write("RESPT_CALSA_ACT2sess_011_VA_POST_Thbl.wav")
    row = index("antwerp", write(f"{stem}.wav", f"{stem}.txt")).excluded.set_index("path")
    found = row.loc[f"{stem}.wav"]
    assert (found["reason"], found["action"]) == ("name not understood", "left out")
    assert "one field of digits" in found["detail"]


def test_antwerp_sessions_of_one_number_are_one_subject(tmp_path, index):
    recordings = index("antwerp", make_antwerp(tmp_path / "antwerp").folder).recordings
    assert recordings["subject_id"].value_counts()["antwerp/008"] == 3


def test_antwerp_and_simulated_antwerp_share_names_and_no_id(tmp_path, index):
    first = index("antwerp", make_antwerp(tmp_path / "antwerp").folder).recordings
    second = index("antwerp-sim", make_antwerp_sim(tmp_path / "antwerp-sim").folder).recordings
    for column in ("recording_id", "subject_id"):
        assert not set(first[column]) & set(second[column])
    assert [each.split("/")[1] for each in first["subject_id"]] == [
        each.split("/")[1] for each in second["subject_id"]
    ]
