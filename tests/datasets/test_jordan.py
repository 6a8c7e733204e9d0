"""Quirks of the Jordan recordings."""

from __future__ import annotations

import openpyxl
import pytest

from tests.fakes.jordan import SUBJECTS, make_jordan

SHEET = "Data annotation.xlsx"


@pytest.fixture
def folder(tmp_path):
    return make_jordan(tmp_path / "jordan").folder


def test_three_filters_are_one_subject(folder, index):
    recordings = index("jordan", folder).recordings
    assert recordings.groupby("subject_id")["filter"].agg("".join).eq("BDE").all()
    assert recordings["subject_id"].nunique() == len(SUBJECTS)
    assert set(recordings["device"]) == {"Litt3200"}


def test_diagnosis_is_stripped_and_keeps_its_case(folder, index):
    recordings = index("jordan", folder).recordings.drop_duplicates("subject_id")
    diagnoses = recordings.set_index("subject_id")["diagnosis"]
    assert diagnoses["jordan/1"] == "Asthma"
    assert diagnoses["jordan/6"] == "asthma"
    assert diagnoses["jordan/4"] == "Heart Failure + Lung Fibrosis"


def test_the_sound_word_is_one_weak_event_over_the_whole_recording(folder, index):
    tables = index("jordan", folder)
    assert set(tables.events["weak"]) == {1}
    assert set(tables.events["type"]) == {fields[1] for fields in SUBJECTS.values()}
    joined = tables.events.merge(tables.recordings, on="recording_id")
    assert joined["start_s"].eq(0).all()
    assert joined["end_s"].equals(joined["duration_s"])


def test_audio_that_subjects_share_has_one_hash(folder, index):
    hashes = index("jordan", folder).recordings.groupby("audio_hash")["subject_id"].agg(set)
    assert sorted(map(sorted, hashes[hashes.map(len) > 1])) == [["jordan/3", "jordan/6"]] * 2


def test_locations_the_sheet_contradicts_are_listed_and_kept_as_in_the_names(folder, index):
    tables = index("jordan", folder)
    rows = tables.excluded[tables.excluded["reason"].str.startswith("sheet contradicts")]
    assert rows["action"].tolist() == ["kept", "kept"]
    assert rows["detail"].tolist() == [
        "subject 2: location 'P L L R' in the file names, 'P L L' here",
        "subject 4: location 'P L R' in the file names, 'P R L' here",
    ]
    recordings = tables.recordings.set_index("subject_id")
    assert set(recordings.loc["jordan/2", "location"]) == {"P L L R"}


def test_the_sheet_may_be_missing(tmp_path, index):
    folder = make_jordan(tmp_path / "jordan", sheet=False).folder
    reasons = set(index("jordan", folder).excluded["reason"])
    assert reasons == {"case of words varies", "blanks at the ends of fields"}


def test_blanks_and_case_of_words_take_one_row_each(folder, index):
    rows = index("jordan", folder).excluded.set_index("reason")
    blanks = rows.loc["blanks at the ends of fields"]
    assert blanks["detail"] == "file names: diagnosis 3, location 9"
    assert blanks["action"] == "repaired"
    case = rows.loc["case of words varies"]
    assert case["detail"] == "file names, compared without case: Asthma, asthma"
    assert case["action"] == "kept"


def test_what_stands_beside_the_table_is_listed_and_read_as_no_subject(folder, index):
    row = index("jordan", folder).excluded.set_index("reason").loc["cells beside the table"]
    assert row["detail"] == "stray rows: 53, 54; text from column J on"
    assert row["path"] == SHEET


@pytest.mark.parametrize("content", [b"", b"no sheet", b"PK\x03\x04 torn"])
def test_a_damaged_sheet_is_listed_and_does_not_stop_the_index(folder, index, content):
    (folder / SHEET).write_bytes(content)
    tables = index("jordan", folder)
    assert "sheet not understood" in set(tables.excluded["reason"])
    assert "sheet contradicts file name: location" not in set(tables.excluded["reason"])
    assert len(tables.recordings) == 3 * len(SUBJECTS)


def test_a_sheet_of_other_columns_is_listed(folder, index):
    book = openpyxl.load_workbook(folder / SHEET)
    book.active["B1"] = "Sex"
    book.save(folder / SHEET)
    assert "sheet not understood" in set(index("jordan", folder).excluded["reason"])


def test_every_field_is_compared_with_the_sheet(folder, index):
    book = openpyxl.load_workbook(folder / SHEET)
    for cell, value in {"A6": 37, "B6": "M", "D6": "N", "E6": "copd"}.items():
        book.active[cell] = value
    book.save(folder / SHEET)
    excluded = index("jordan", folder).excluded
    row = excluded[excluded["detail"].str.startswith("subject 5:")].iloc[0]
    assert row["reason"] == "sheet contradicts file name: diagnosis, sound, age, sex"


def test_a_lock_file_of_the_spreadsheet_program_is_passed_over(folder, index):
    (folder / f"~${SHEET}").write_bytes(b"locked")
    assert "sheet not understood" not in set(index("jordan", folder).excluded["reason"])


def test_filters_that_disagree_are_listed(folder, index):
    place = folder / "Audio Files"
    (place / "DP3_N,N,P R M,18,F.wav").rename(place / "DP3_asthma,N,P R M,18,F.wav")
    tables = index("jordan", folder)
    row = tables.excluded.set_index("reason").loc["filters of one subject disagree"]
    assert "subject 3" in row["detail"]
    assert row["action"] == "kept"


def test_case_and_blanks_alone_are_no_disagreement(folder, index):
    place = folder / "Audio Files"
    (place / "DP5_pneumonia,Crep,P R L ,36,F.wav").rename(
        place / "DP5_Pneumonia ,crep,P R L,36,f.WAV"
    )
    tables = index("jordan", folder)
    assert "filters of one subject disagree" not in set(tables.excluded["reason"])
    assert not any(tables.excluded["detail"].str.startswith("subject 5"))
    assert tables.recordings["sex"].isin(["F", "M"]).all()


def test_a_name_without_sound_word_keeps_the_recording_and_is_listed(folder, index):
    place = folder / "Audio Files"
    (place / "DP5_pneumonia,Crep,P R L ,36,F.wav").rename(place / "DP5_pneumonia, ,P R L,36,F.wav")
    tables = index("jordan", folder)
    assert "no sound word" in set(tables.excluded["reason"])
    assert "jordan/DP5_pneumonia, ,P R L,36,F" in set(tables.recordings["recording_id"])
    assert "jordan/DP5_pneumonia, ,P R L,36,F" not in set(tables.events["recording_id"])


@pytest.mark.parametrize("name", ["BP5.wav", "BPx_N,N,P R M,18,F.wav", "BP5_N,N,P R M,old,F.wav"])
def test_names_of_another_form_are_listed(folder, index, name):
    place = folder / "Audio Files"
    (place / "BP3_N,N,P R M,18,F.wav").rename(place / name)
    excluded = index("jordan", folder).excluded
    assert excluded.set_index("reason").loc["name not understood", "path"] == f"Audio Files/{name}"
