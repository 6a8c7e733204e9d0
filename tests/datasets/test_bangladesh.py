"""Quirks of Bangladesh: ids that lose zeros, names that contradict folders, lacking rows."""

from __future__ import annotations

import openpyxl
import pytest

from pipeline.errors import AnnotationError
from tests.fakes.bangladesh import DIAGNOSES, PLACE, ROWS, SHEET, make_bangladesh, write_sheet


@pytest.fixture
def folder(tmp_path):
    return make_bangladesh(tmp_path / "bangladesh").folder


def diagnoses(tables):
    subjects = tables.recordings.drop_duplicates("subject_id").set_index("subject_id")
    return {key.split("/")[1]: value for key, value in subjects["diagnosis"].items()}


def test_cells_may_be_numbers_or_texts_and_lose_their_zeros(folder, index):
    assert {type(subject) for subject, _ in ROWS} == {int, str}
    assert diagnoses(index("bangladesh", folder)) == DIAGNOSES


@pytest.mark.parametrize("subject", [1203345.0, " 1203345", "1203345"])
@pytest.mark.parametrize("endpoint", [1, 1.0, "1", " 1 "])
def test_every_form_of_a_cell_is_read(folder, index, subject, endpoint):
    write_sheet(folder / SHEET, [(subject, endpoint)])
    assert diagnoses(index("bangladesh", folder))["1203345"] == "primary endpoint pneumonia"


def test_uninterpretable_is_neither_pneumonia_nor_none(folder, index):
    assert diagnoses(index("bangladesh", folder))["1203348"] == "uninterpretable"


def test_people_without_a_row_and_rows_without_recordings_are_counted(folder, index):
    rows = index("bangladesh", folder).excluded.set_index("reason")
    person = rows.loc["not in the sheet"]
    assert (person["what"], person["action"]) == ("subject", "kept")
    assert person["detail"] == "1 subject, the first: 1203349; diagnosis unknown"
    row = rows.loc["recording not on disk"]
    assert row["detail"] == "1 subject, the first: 1209999; in the sheet, no recording"
    assert row["path"] == SHEET


def test_segments_and_days_of_one_person_are_one_subject(folder, index):
    recordings = index("bangladesh", folder).recordings
    assert recordings["subject_id"].value_counts()["bangladesh/1203345"] == 3
    assert index("bangladesh", folder).events.empty


def test_a_name_that_contradicts_its_folder_is_left_out(folder, index):
    place = folder / PLACE / "1203345_SEGMENTED"
    (place / "1203345_140301_001-1_F.wav").rename(place / "1203346_140301_001-1_F.wav")
    tables = index("bangladesh", folder)
    row = tables.excluded.set_index("reason").loc["name contradicts folder"]
    assert (row["what"], row["action"]) == ("recording", "left out")
    assert row["detail"] == "1203346 in the name, 1203345 in the folder"
    assert row["recording_id"] not in set(tables.recordings["recording_id"])


def test_a_zero_lost_in_a_name_is_no_contradiction(folder, index):
    place = folder / PLACE / "0203347_SEGMENTED"
    (place / "0203347_140303_001-1_F.wav").rename(place / "203347_140303_001-1_F.wav")
    tables = index("bangladesh", folder)
    assert "bangladesh/0203347" in set(tables.recordings["subject_id"])
    assert "name contradicts folder" not in set(tables.excluded["reason"])


def test_names_suffice_where_recordings_lie_flat(folder, index):
    before = diagnoses(index("bangladesh", folder))
    for path in list(folder.rglob("*.wav")):
        path.rename(folder / path.name)
    assert diagnoses(index("bangladesh", folder)) == before


def test_a_copy_with_hyphens_is_no_second_recording(folder, index):
    place = folder / PLACE / "1203345_SEGMENTED"
    content = (place / "1203345_140301_001-1_F.wav").read_bytes()
    (place / "1203345-140301-001-1_F.wav").write_bytes(content)
    tables = index("bangladesh", folder)
    assert len(tables.recordings) == 8
    assert "duplicate name" in set(tables.excluded["reason"])


@pytest.mark.parametrize("name", ["1203345_001-1_F.wav", "1203345_140301_001_F.wav", "x.wav"])
def test_names_of_another_form_are_listed(folder, index, name):
    place = folder / PLACE / "1203345_SEGMENTED"
    (place / "1203345_140301_001-1_F.wav").rename(place / name)
    row = index("bangladesh", folder).excluded.set_index("reason").loc["name not understood"]
    assert row["path"].endswith(name)
    assert "HOSP_ID" in row["detail"]


def test_rows_that_contradict_make_a_diagnosis_unknown(folder, index):
    write_sheet(folder / SHEET, [*ROWS, (1203345, 0), (1203346, None), (1203346, 0)])
    tables = index("bangladesh", folder)
    assert diagnoses(tables) == DIAGNOSES | {"1203345": ""}
    row = tables.excluded.set_index("reason").loc["rows contradict"]
    assert row["detail"] == "1 subject, the first: 1203345; taken as unknown"


@pytest.mark.parametrize("line", [(1203345, 2), (1203345, "yes"), ("abc", 1), (None, 1)])
def test_a_line_that_says_nothing_certain_is_listed(folder, index, line):
    others = [row for row in ROWS if row[0] != 1203345]
    write_sheet(folder / SHEET, [line, *others])
    tables = index("bangladesh", folder)
    assert diagnoses(tables)["1203345"] == ""
    assert "line not understood" in set(tables.excluded["reason"])


def test_the_header_may_stand_below_a_title(folder, index):
    book = openpyxl.load_workbook(folder / SHEET)
    book.active.insert_rows(1)
    book.active["A1"] = "Only study patients"
    book.save(folder / SHEET)
    assert diagnoses(index("bangladesh", folder)) == DIAGNOSES


def test_without_the_sheet_diagnoses_are_unknown_and_that_is_listed(folder, index):
    (folder / SHEET).unlink()
    tables = index("bangladesh", folder)
    assert set(diagnoses(tables).values()) == {""}
    row = tables.excluded.set_index("reason").loc["file missing"]
    assert SHEET in row["detail"]


@pytest.mark.parametrize("columns", [("HOSP_ID", "PEP2"), ("ID", "PEP1")])
def test_a_sheet_without_one_of_the_columns_is_an_error(folder, index, columns):
    write_sheet(folder / SHEET, ROWS, columns)
    with pytest.raises(AnnotationError, match="HOSP_ID and PEP1") as error:
        index("bangladesh", folder)
    assert error.value.where == str(folder / SHEET)


def test_a_damaged_sheet_is_an_error_and_its_lock_file_is_not(folder, index):
    (folder / f"~${SHEET}").write_bytes(b"locked")
    index("bangladesh", folder)
    (folder / SHEET).write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(AnnotationError):
        index("bangladesh", folder)


def test_other_spreadsheets_beside_the_sheet_do_no_harm(folder, index):
    write_sheet(folder / "codebook.xlsx", [], ("VARIABLE", "MEANING"))
    assert diagnoses(index("bangladesh", folder)) == DIAGNOSES
