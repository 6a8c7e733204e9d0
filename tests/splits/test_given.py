"""The user's own csv of sides."""

from __future__ import annotations

import pytest

from pipeline.errors import SettingsError, SplitError
from pipeline.splits import read_side_file
from tests.splits.cohorts import (
    SIDES,
    recording,
    sick_and_healthy,
    sides_of,
    split,
    subjects_on,
    tables,
)

COHORT = sick_and_healthy(4, 4)


def given(tmp_path, text: str):
    path = tmp_path / "sides.csv"
    path.write_text(text, encoding="utf-8")
    return read_side_file(path)


def by_subject(sides: str) -> str:
    """Return the csv of a cohort, one letter per subject; "-" for one that is not named."""
    words = {"r": "train", "v": "val", "e": "test"}
    lines = [f"icbhi/{k},{words[each]}" for k, each in enumerate(sides) if each != "-"]
    return "\n".join(["subject_id,side", *lines, ""])


def test_subjects_stand_where_the_file_says(tmp_path):
    made = split(COHORT, mode="file", given=given(tmp_path, by_subject("rveerver")))
    assert made.mode == "file"
    assert subjects_on(made, "test") == {"icbhi/2", "icbhi/3", "icbhi/6"}
    assert subjects_on(made, "val") == {"icbhi/1", "icbhi/5"}
    assert made.notes == []


def test_without_val_rows_val_is_carved_from_train_and_a_note_says_so(tmp_path):
    made = split(COHORT, mode="file", given=given(tmp_path, by_subject("rrrerrre")))
    assert subjects_on(made, "test") == {"icbhi/3", "icbhi/7"}
    assert subjects_on(made, "val")
    assert any("names no validation side" in note for note in made.notes)


def test_recordings_that_are_not_named_are_left_out_with_the_reason(tmp_path):
    made = split(COHORT, mode="file", given=given(tmp_path, by_subject("re-ere--")))
    assert set(made.splits["subject_id"]) == {f"icbhi/{k}" for k in (0, 1, 3, 4, 5)}
    assert set(made.excluded["reason"]) == {"not in the split file"}
    assert "Left out: 6 recordings that the split file does not name." in made.notes


def test_recordings_and_paths_do_as_well_as_subjects_and_the_first_filled_in_counts(tmp_path):
    recordings = COHORT[0].sort_values("recording_id")
    lines = ["\ufeff note , side,path,recording_id,subject_id", ""]
    for k, row in enumerate(recordings.itertuples()):
        side = "test" if row.subject_id in {"icbhi/0", "icbhi/5"} else "train"
        who = f"{row.path},," if k % 2 else f"nonsense,{row.recording_id},nobody"
        lines.append(f"x, {side},{who}")
    made = split(COHORT, mode="file", given=given(tmp_path, "\n".join(lines)))
    assert subjects_on(made, "test") == {"icbhi/0", "icbhi/5"}
    assert len(made.splits) == len(recordings)


def test_a_splits_csv_of_the_pipeline_is_such_a_file(tmp_path):
    made = split(COHORT)
    path = tmp_path / "splits.csv"
    made.splits.to_csv(path, index=False)
    again = split(COHORT, mode="file", given=read_side_file(path))
    assert sides_of(again) == sides_of(made)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("subject_id,fold\nicbhi/1,train\n", "columns subject_id, fold"),
        ("person,side\nicbhi/1,train\n", "columns person, side"),
        ("", "columns "),
        ("subject_id,side\n", "no row"),
        (
            "subject_id,side\nicbhi/1,train\nicbhi/2,validation\n",
            "line 3: 'validation' (did you mean 'val'?)",
        ),
        ("subject_id,side\nicbhi/1,Valid\n", "line 2: 'Valid' (did you mean 'val'?)"),
        ("subject_id,side\nicbhi/1,training\n", "line 2: 'training' (did you mean 'train'?)"),
        ("subject_id,side\nicbhi/1,tset\n", "line 2: 'tset' (did you mean 'test'?)"),
        ("subject_id,side\n\nicbhi/1\n", "line 3: ''"),
        ("subject_id,side\nicbhi/1,train\n,test\n", "line 3: none"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_line(tmp_path, text, said):
    with pytest.raises(SettingsError) as caught:
        given(tmp_path, text)
    assert said in caught.value.found
    assert caught.value.where.endswith("sides.csv")


def test_a_file_that_is_not_there_or_is_no_text_is_refused(tmp_path):
    with pytest.raises(SettingsError, match=r"none\.csv: No such file"):
        read_side_file(tmp_path / "none.csv")
    (tmp_path / "sound.wav").write_bytes(b"RIFF\xff\xfe\x00")
    with pytest.raises(SettingsError, match="is not UTF-8"):
        read_side_file(tmp_path / "sound.wav")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_a_file_in_another_encoding_is_refused_with_what_to_do(tmp_path, encoding):
    path = tmp_path / "sides.csv"
    path.write_bytes("subject_id,side\nicbhi/caf\u00e9,train\n".encode(encoding))
    with pytest.raises(SettingsError, match="is not UTF-8") as caught:
        read_side_file(path)
    assert caught.value.action == 'save it as "CSV UTF-8"'
    assert caught.value.where == str(path)


@pytest.mark.parametrize("delimiter", [";", "\t", ","])
def test_commas_semicolons_and_tabs_read_the_same(tmp_path, delimiter):
    text = by_subject("rrrerrre")
    again = given(tmp_path, text.replace(",", delimiter))
    assert again.equals(given(tmp_path, text))


def test_the_case_of_columns_and_sides_does_not_matter(tmp_path):
    read = given(tmp_path, "Subject_ID,Side\nicbhi/1,Train\nicbhi/2,TEST\nicbhi/3,Val\n")
    assert list(read["side"]) == ["train", "test", "val"]
    assert list(read["key"]) == ["subject_id"] * 3


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            "subject_id,side\nicbhi/0,train\n0,test\n",
            "line 3: subject_id '0' (did you mean 'icbhi/0'?)",
        ),
        ("recording_id,side\nicbhi/0_0,train\nicbhi/0_7,train\n", "line 3: recording_id"),
        (
            "path,side\n0_0.wav,train\n",
            "line 2: path '0_0.wav' (did you mean 'audio/icbhi/0_0.wav'?)",
        ),
        (
            "path,side\nC:\\data\\ICBHI\\0_0.WAV,train\n",
            "(did you mean 'audio/icbhi/0_0.wav'?)",
        ),
        ("subject_id,side\nsomebody,train\n", "line 2: subject_id 'somebody'"),
    ],
)
def test_a_row_that_names_nothing_is_refused_with_the_line(tmp_path, row, said):
    with pytest.raises(SplitError, match="something in the index, such as") as caught:
        split(COHORT, mode="file", given=given(tmp_path, row))
    assert said in caught.value.found
    assert caught.value.where == str(tmp_path / "sides.csv")


@pytest.mark.parametrize(
    ("sides", "found", "action"),
    [
        ("rrrrrrrv", "no row of side test", "add rows of side test to the file"),
        ("eeveeevv", "no row of side train", "add rows of side train to the file"),
    ],
)
def test_a_file_without_a_side_says_so_and_what_to_do_in_it(tmp_path, sides, found, action):
    with pytest.raises(SplitError) as caught:
        split(COHORT, mode="file", given=given(tmp_path, by_subject(sides)))
    assert (caught.value.found, caught.value.action) == (found, action)
    assert caught.value.where == str(tmp_path / "sides.csv")


def test_a_side_whose_rows_have_no_label_is_told_apart_from_one_without_rows(tmp_path):
    rows = [recording("icbhi/0", diagnosis="Pneumonia"), recording("icbhi/1", diagnosis="")]
    with pytest.raises(SplitError) as caught:
        split(tables(rows), mode="file", given=given(tmp_path, by_subject("re")))
    assert "no recording of its rows of side test has a label" in caught.value.found


def test_rows_that_contradict_are_refused_with_their_lines(tmp_path):
    text = "subject_id,recording_id,side\nicbhi/0,,train\n,icbhi/0_1,test\nicbhi/1,,test\n"
    with pytest.raises(SplitError, match="icbhi/0_1: train in line 2 and test in line 3"):
        split(COHORT, mode="file", given=given(tmp_path, text))


def test_a_path_of_two_data_sets_is_refused(tmp_path):
    rows = [recording(f"{each}/1", path="a.wav") for each in ("icbhi", "jordan")]
    with pytest.raises(SplitError, match=r"line 2: 'a\.wav' is in several"):
        split(tables(rows), mode="file", given=given(tmp_path, "path,side\na.wav,test\n"))


def test_a_subject_on_two_sides_is_an_error(tmp_path):
    text = "recording_id,side\nicbhi/0_0,train\nicbhi/0_1,test\n"
    with pytest.raises(SplitError, match="icbhi/0 is on test and train") as caught:
        split(COHORT, mode="file", given=given(tmp_path, text))
    assert caught.value.where == str(tmp_path / "sides.csv")


def test_identical_audio_on_two_sides_is_an_error_even_where_labels_conflict(tmp_path):
    rows = [
        recording("icbhi/0", audio="one", diagnosis="Pneumonia"),
        recording("icbhi/1", audio="one"),
        recording("icbhi/1", 1),
    ]
    with pytest.raises(SplitError, match=r"icbhi/0_0 = icbhi/1_0 \(identical audio\)"):
        split(tables(rows), mode="file", given=given(tmp_path, by_subject("re")))


def test_a_file_whose_test_side_lacks_a_class_is_refused_with_the_count(tmp_path):
    with pytest.raises(SplitError, match="pneumonia: 4 positive subjects in all") as caught:
        split(COHORT, mode="file", given=given(tmp_path, by_subject("rrrvrree")))
    assert "no positive subject on the test side (3 on the train side, 1 on the val side)" in (
        caught.value.found
    )
    assert caught.value.where == str(tmp_path / "sides.csv")
    assert "in the file" in caught.value.action


def test_the_mode_needs_a_file():
    with pytest.raises(SettingsError, match="--split-file"):
        split(COHORT, mode="file")


def with_gate(tmp_path):
    """Return the sides of a file in which 1 and 5 are on the gate side."""
    text = by_subject("rrverrve").replace("icbhi/1,train", "icbhi/1,gate")
    return given(tmp_path, text.replace("icbhi/5,train", "icbhi/5,Gate"))


def test_the_gate_side_of_a_file_is_kept_apart_from_all_three_and_a_note_says_so(tmp_path):
    made = split(COHORT, mode="file", given=with_gate(tmp_path))
    assert set(made.splits["side"]) == SIDES
    assert set(made.splits["subject_id"]) == {f"icbhi/{k}" for k in (0, 2, 3, 4, 6, 7)}
    assert set(made.excluded["reason"]) == {"gate side"}
    assert any("4 recordings of the gate side" in note for note in made.notes)


def test_the_gate_side_alone_stands_on_test_and_needs_no_class(tmp_path):
    made = split(COHORT, mode="gate-only", given=with_gate(tmp_path))
    assert set(made.splits["side"]) == {"test"}
    assert subjects_on(made, "test") == {"icbhi/1", "icbhi/5"}
    assert set(made.excluded["reason"]) == {"not on the gate side"}
    text = by_subject("rrverrve").replace("icbhi/1,train", "icbhi/1,gate")
    one = split(COHORT, mode="gate-only", given=given(tmp_path, text))
    assert subjects_on(one, "test") == {"icbhi/1"}


def test_without_anybody_on_the_gate_side_there_is_no_such_split(tmp_path):
    with pytest.raises(SplitError, match="somebody with a label on the gate side"):
        split(COHORT, mode="gate-only", given=given(tmp_path, by_subject("rrverrve")))


def test_who_has_no_label_is_on_the_gate_side_in_vain(tmp_path):
    rows = [recording("icbhi/0", diagnosis="Pneumonia"), recording("icbhi/1", diagnosis="")]
    text = "subject_id,side\nicbhi/0,gate\nicbhi/1,gate\n"
    made = split(tables(rows), mode="gate-only", given=given(tmp_path, text))
    assert subjects_on(made, "test") == {"icbhi/0"}


def test_a_subject_or_an_audio_on_the_gate_and_another_side_is_an_error(tmp_path):
    text = "recording_id,side\nicbhi/0_0,train\nicbhi/0_1,gate\n"
    with pytest.raises(SplitError, match="icbhi/0 is on gate and train"):
        split(COHORT, mode="file", given=given(tmp_path, text))
    rows = [recording("icbhi/0", audio="one"), recording("icbhi/1", audio="one")]
    text = "subject_id,side\nicbhi/0,gate\nicbhi/1,test\n"
    with pytest.raises(SplitError, match="identical audio"):
        split(tables(rows), mode="file", given=given(tmp_path, text))


def test_a_gate_side_alone_is_no_file_to_train_with(tmp_path):
    text = by_subject("rrrrrrrr").replace("train", "gate")
    with pytest.raises(SplitError, match="no row of side train"):
        split(COHORT, mode="file", given=given(tmp_path, text))


def test_names_with_blanks_around_them_are_found_by_the_rows_that_name_them(tmp_path):
    rows = [recording(f"icbhi/{k} ", diagnosis="Pneumonia" if k < 2 else "COPD") for k in range(4)]
    made = split(tables(rows), mode="file", given=given(tmp_path, by_subject("rere")))
    assert set(made.splits["subject_id"]) == {f"icbhi/{k} " for k in range(4)}


def test_the_gate_side_alone_needs_a_file():
    with pytest.raises(SettingsError, match="--split-file"):
        split(COHORT, mode="gate-only")
