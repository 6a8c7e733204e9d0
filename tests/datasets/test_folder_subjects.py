"""A folder of the user's own: who is who, and what is said where that is not known."""

from __future__ import annotations

import tempfile
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.datasets.description import GRAVE, LEAKAGE_POSSIBLE
from pipeline.datasets.folder import _people
from pipeline.datasets.folder_subjects import Subjects, read_subjects
from pipeline.errors import AnnotationError
from tests.datasets.looking import row_of, subjects_of
from tests.fakes.folder import RECORDINGS, SUBJECTS, make_folder, write_subjects


@pytest.fixture
def folder(tmp_path):
    return make_folder(tmp_path / "folder").folder


def test_without_subjects_each_recording_is_its_own_subject_with_a_warning(tmp_path, index):
    tables = index("folder", make_folder(tmp_path / "folder", subjects=False).folder)
    assert tables.recordings["subject_id"].nunique() == len(RECORDINGS)
    row = row_of(tables, "no subjects.csv")
    assert row["reason"] in LEAKAGE_POSSIBLE
    assert (row["what"], row["action"]) == ("subject", "kept")
    assert row["detail"].startswith(f"{len(RECORDINGS)} recordings, ")
    assert "leakage between recordings of one person cannot be ruled out" in row["detail"]


def test_with_every_subject_named_there_is_no_warning(folder, index):
    assert not set(index("folder", folder).excluded["reason"]) & set(LEAKAGE_POSSIBLE)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_commas_semicolons_and_byte_order_marks_read_the_same(folder, index, delimiter, encoding):
    before = index("folder", folder).recordings
    write_subjects(folder / "subjects.csv", delimiter, encoding)
    assert index("folder", folder).recordings.equals(before)


def test_ids_of_any_text_stay_apart(folder, index):
    tables = index("folder", folder)
    wanted = {f"folder/{person['subject_id']}" for person in SUBJECTS.values()}
    assert set(tables.recordings["subject_id"]) == wanted


def test_a_recording_without_a_line_is_its_own_subject_with_a_warning(write, index):
    text = "path,subject_id\ncrackle/a.wav,P1\ncrackle/b.wav,P1\ncrackle/c.wav,\n"
    tables = index("folder", write(*(f"crackle/{k}.wav" for k in "abcd"), subjects=text))
    assert subjects_of(tables) == {
        "crackle/a.wav": "folder/P1",
        "crackle/b.wav": "folder/P1",
        "crackle/c.wav": "folder/crackle/c",
        "crackle/d.wav": "folder/crackle/d",
    }
    row = row_of(tables, "not in subjects.csv")
    assert row["reason"] in LEAKAGE_POSSIBLE
    assert row["detail"].startswith("2 recordings, the first: crackle/c.wav")


@given(
    st.lists(st.sampled_from(["a", "c", "d", "file:c", "file:d", "file:file:c", ""]), max_size=3)
)
def test_a_recordings_own_id_is_never_anyone_elses(ids):
    paths = ["a.wav", "b.wav", "c.wav", "d.wav"]
    subjects = Subjects(
        {path[0]: {"subject_id": each} for path, each in zip(paths, ids, strict=False)}
    )
    people = _people(paths, subjects)
    named = {path: each for path, each in zip(paths, ids, strict=False) if each}
    assert {path: people[path] for path in named} == named
    alone = [people[path] for path in paths if path not in named]
    assert len(set(alone)) == len(alone)
    assert not set(alone) & set(named.values())


def test_a_line_of_no_recording_is_counted(write, index):
    text = "path,subject_id\ncrackle/a.wav,P1\ncrackle/gone.wav,P2\n"
    tables = index("folder", write("crackle/a.wav", subjects=text))
    assert row_of(tables, "recording not on disk")["detail"] == (
        "1 recording named in subjects.csv, the first: crackle/gone"
    )


def test_bare_file_names_match_nothing_and_the_paths_are_suggested(write, index):
    text = "path,subject_id\na.wav,P1\nb.wav,P1\n"
    tables = index("folder", write("crackle/a.wav", "crackle/b.wav", subjects=text))
    row = row_of(tables, "subjects.csv matches no recording")
    assert row["reason"] in GRAVE
    assert row["detail"] == (
        "2 recordings named in subjects.csv, the first: a (did you mean 'crackle/a.wav'?)"
    )
    assert "recording not on disk" not in set(tables.excluded["reason"])


@pytest.mark.parametrize(
    "path", ["./crackle/a.wav", "crackle\\a.wav", "crackle/a.flac", '"crackle/a.wav"']
)
def test_a_path_may_be_written_in_other_ways(write, index, path):
    tables = index("folder", write("crackle/a.wav", subjects=f"path,subject_id\n{path},P1\n"))
    assert subjects_of(tables) == {"crackle/a.wav": "folder/P1"}


def test_accents_may_be_spelled_in_two_ways(write, index):
    spelled = [unicodedata.normalize(form, "crackle/é.wav") for form in ("NFC", "NFD")]
    assert spelled[0] != spelled[1]
    tables = index("folder", write(spelled[0], subjects=f"path,subject_id\n{spelled[1]},P1\n"))
    assert set(tables.recordings["subject_id"]) == {"folder/P1"}


def test_lines_that_give_a_recording_to_two_people_leave_it_out(write, index):
    text = "path,subject_id,age\ncrackle/a.wav,P1,1\ncrackle/a.wav,P2,1\ncrackle/b.wav,P1,2\n"
    tables = index("folder", write("crackle/a.wav", "crackle/b.wav", subjects=text))
    assert set(subjects_of(tables)) == {"crackle/b.wav"}
    row = row_of(tables, "subject ambiguous")
    assert (row["what"], row["action"]) == ("recording", "left out")
    assert row_of(tables, "lines contradict")["detail"] == "1 recording: crackle/a (subject_id)"


def test_equal_lines_do_no_harm_and_other_contradictions_are_unknown(write, index):
    text = "path,subject_id,age,sex\n" + "crackle/a.wav,P1,1,F\n" * 2 + "crackle/a.wav,P1,2,F\n"
    tables = index("folder", write("crackle/a.wav", subjects=text))
    assert tables.recordings["age"].isna().all()
    assert tables.recordings["sex"].tolist() == ["F"]
    assert row_of(tables, "lines contradict")["detail"] == "1 recording: crackle/a (age)"


def test_what_a_line_says_goes_before_the_folders_name(write, index):
    text = "path;subject_id;diagnosis\nasthma/a.wav;P1;COPD\nnormal/b.wav;P2;pneumonia\n"
    tables = index("folder", write("asthma/a.wav", "normal/b.wav", subjects=text))
    assert tables.recordings["diagnosis"].tolist() == ["COPD", "pneumonia"]
    row = row_of(tables, "subjects.csv contradicts folder")
    assert row["detail"].startswith("1 recording, the first: asthma/a.wav")


def test_columns_that_are_not_read_are_named(write, index):
    text = "Path,Subject_ID,Age,BMI,city\ncrackle/a.wav,P1,3.5,20,X\n"
    tables = index("folder", write("crackle/a.wav", subjects=text))
    assert tables.recordings["age"].tolist() == [3.5]
    row = row_of(tables, "columns not read")
    assert (row["detail"], row["action"]) == ("2 columns: bmi, city", "kept")


@pytest.mark.parametrize(
    "cells", ["-3,F,", "old,F,", "3,X,", "inf,M,", "3,F,pnuemonia", "3,F,COPD and astma"]
)
def test_values_that_make_no_sense_are_unknown_and_listed(write, index, cells):
    text = f"path,subject_id,age,sex,diagnosis\nnormal/a.wav,P1,{cells}\n"
    tables = index("folder", write("normal/a.wav", subjects=text))
    row = row_of(tables, "value not understood")
    assert row["action"] == "left out"
    # What was meant by a misspelt diagnosis is not what the folder's name says.
    wanted = "" if "a" in cells.split(",")[2] else "normal"
    assert tables.recordings["diagnosis"].tolist() == [wanted]


@pytest.mark.parametrize("line", ["crackle/a.wav,P1,more", "crackle/a.wav", ",P1"])
def test_a_line_of_another_length_is_not_guessed_at(write, index, line):
    tables = index("folder", write("crackle/a.wav", subjects=f"path,subject_id\n{line}\n"))
    assert subjects_of(tables) == {"crackle/a.wav": "folder/crackle/a"}
    assert row_of(tables, "line not understood")["action"] == "left out"


def test_ids_that_differ_in_case_only_are_pointed_out(write, index):
    text = "path,subject_id\ncrackle/a.wav,P 1\ncrackle/b.wav,p1\n"
    tables = index("folder", write("crackle/a.wav", "crackle/b.wav", subjects=text))
    assert tables.recordings["subject_id"].nunique() == 2
    assert "P 1 and p1" in row_of(tables, "ids differ in case or blanks")["detail"]


def test_a_person_of_two_diagnoses_or_sexes_is_pointed_out(write, index):
    text = "path,subject_id,sex\npneumonia/a.wav,P1,F\nasthma/b.wav,P1,M\n"
    tables = index("folder", write("pneumonia/a.wav", "asthma/b.wav", subjects=text))
    for column, values in (("diagnosis", "asthma, pneumonia"), ("sex", "f, m")):
        assert f"folder/P1 ({values})" in row_of(tables, f"several values of {column}")["detail"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"path,person\na.wav,P1\n",
        b"path,subject_id,path\na.wav,P1,b.wav\n",
        "path,subject_id\ncaf\u00e9.wav,P1\n".encode("latin-1"),
        "path,subject_id\na.wav,P1\n".encode("utf-16"),
    ],
)
def test_a_file_that_cannot_be_understood_is_an_error(folder, index, content):
    (folder / "subjects.csv").write_bytes(content)
    with pytest.raises(AnnotationError) as error:
        index("folder", folder)
    assert error.value.where == str(folder / "subjects.csv")
    assert "path and subject_id" in error.value.expected


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("path,person", "no column subject_id (its columns are path, person)"),
        ("file;subject_id", "no column path (its columns are file, subject_id)"),
        ("a,b", "no column path and no column subject_id"),
        ("path,subject_id,Path", "the column path twice"),
    ],
)
def test_a_missing_column_is_named(folder, index, header, said):
    (folder / "subjects.csv").write_text(f"{header}\nx,y\n")
    with pytest.raises(AnnotationError) as error:
        index("folder", folder)
    assert error.value.found.startswith(said)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_another_encoding_is_refused_with_what_to_do(folder, index, encoding):
    (folder / "subjects.csv").write_bytes("path,subject_id\n\u00e9.wav,P1\n".encode(encoding))
    with pytest.raises(AnnotationError, match="not UTF-8") as error:
        index("folder", folder)
    assert error.value.action == 'save it as "CSV UTF-8"'


@given(st.one_of(st.binary(max_size=80), st.text('path,subject_id;"\n\r\0./\\', max_size=80)))
@example(b"path,subject_id\n..wav,P1\n/,P1\n../a.wav,P1\n")
@example(b'path,subject_id\n"a.wav,P1\n')
@example(b"path,subject_id\na\0.wav,P1\n")
def test_whatever_the_file_holds_it_is_read_or_refused_in_words(content):
    content = content.encode() if isinstance(content, str) else content
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "subjects.csv"
        path.write_bytes(content)
        try:
            found = read_subjects(path)
        except AnnotationError:
            return
    assert all(set(row) >= {"subject_id"} for row in found.of.values())


def test_a_file_further_down_is_no_subjects_file(folder, index):
    (folder / "subjects.csv").rename(folder / "normal" / "subjects.csv")
    assert "no subjects.csv" in set(index("folder", folder).excluded["reason"])
