"""What is said about a split: same ids, labels both ways, words not understood."""

from __future__ import annotations

import pytest

from pipeline.splits.notes import grouping_notes, overlap_notes
from tests.splits.cohorts import official, recording, split, tables


def of(made, beginning: str) -> list[str]:
    return [note for note in made.notes if note.startswith(beginning)]


def folders(*names: str, n: int = 8, first: int = 0):
    return [
        recording(f"{name}/P{k + first}", diagnosis="Pneumonia" if k % 2 else "COPD")
        for name in names
        for k in range(n)
    ]


def test_the_same_ids_in_several_own_folders_are_told_with_what_to_do():
    made = split(tables(folders("folder-a", "folder-b")))
    (note,) = of(made, "The same ids occur in folder-a and folder-b: ")
    assert "P0, P1, P2, P3, P4 (8 in all): if they are the same people, they may stand on" in note
    assert note.endswith("both sides; put them into one folder.")


def test_one_id_is_not_called_ids():
    rows = folders("folder", n=8) + folders("folder-b", first=7)
    (note,) = of(split(tables(rows)), "The same id occurs in folder and folder-b: P7: ")
    assert "if it is the same person" in note


def test_the_same_ids_of_publishers_and_of_nobody_are_not_told():
    published = tables(folders("icbhi", "jordan"))
    assert not of(split(published), "The same id")
    # Without subjects.csv a subject is called as its recording.
    rows = [
        {**each, "subject_id": each["recording_id"], "recording_id": each["recording_id"]}
        for each in folders("folder-a", "folder-b")
    ]
    assert not of(split(tables(rows)), "The same id")


def test_subjects_labelled_both_ways_are_named():
    rows = folders("folder", n=8)
    rows += [recording("folder/B", 0, diagnosis="Pneumonia"), recording("folder/B", 1)]
    (note,) = of(split(tables(rows)), "1 subject has recordings labelled both with and without ")
    assert note == (
        "1 subject has recordings labelled both with and without pneumonia: folder/B; as a "
        "subject, each counts as positive."
    )
    rows += [recording("folder/C", 0, diagnosis="Pneumonia"), recording("folder/C", 1)]
    assert of(split(tables(rows)), "2 subjects have recordings labelled both with and without ")


def test_events_of_both_kinds_are_nothing_to_tell():
    rows = [recording(f"icbhi/{k}", 0, ["both", "normal"]) for k in range(8)]
    assert not any("both with" in note for note in split(tables(rows), "crackle_wheeze").notes)


def test_a_subject_of_several_classes_is_named():
    rows = [
        recording(f"icbhi/{k}", n, diagnosis=("Healthy", "COPD", "URTI")[k % 3])
        for k in range(18)
        for n in range(2)
    ]
    rows += [recording("icbhi/B", 0, diagnosis="COPD"), recording("icbhi/B", 1, diagnosis="URTI")]
    made = split(tables(rows), "icbhi-diagnosis", mode="grouped")
    assert of(made, "1 subject has recordings of several classes: icbhi/B.")


def test_words_that_were_not_understood_are_counted_by_data_set():
    sounds = ["normal", "crackle", "wheeze", "both"]
    rows = [recording(f"icbhi/{k}", 0, sounds) for k in range(8)]
    rows += [recording("icbhi/x", n, ["hum"]) for n in range(2)]
    rows += [recording("jordan/y", 0, ["odd"])]
    made = split(tables(rows), "crackle_wheeze", mode="grouped")
    assert of(made, "Left out because not understood") == [
        "Left out because not understood: 2 events of icbhi ('hum' 2); 1 event of jordan ('odd' 1)."
    ]


def test_only_the_most_frequent_words_are_named():
    rows = [recording(f"icbhi/{k}", 0, ["normal", "crackle", "wheeze"]) for k in range(8)]
    rows += [recording("icbhi/x", 0, [f"hum{k}" for k in range(6)] + ["buzz"])]
    rows += [recording("icbhi/x", 1, ["buzz"])]
    (note,) = of(split(tables(rows), "crackle_wheeze", mode="grouped"), "Left out because not ")
    assert "8 events of icbhi ('buzz' 2, 'hum0' 1, 'hum1' 1, 'hum2' 1, 'hum3' 1, and 2 " in note


def test_words_of_several_classes_are_told_and_what_is_unknown_is_not():
    rows = [
        recording(f"icbhi/{k}", diagnosis=("Healthy", "COPD", "URTI")[k % 3]) for k in range(18)
    ]
    rows += [recording("icbhi/x", diagnosis="COPD + URTI"), recording("icbhi/y", diagnosis="NA")]
    made = split(tables(rows), "icbhi-diagnosis", mode="grouped")
    assert of(made, "Left out because") == [
        "Left out because not understood: 1 recording of icbhi ('COPD + URTI' 1)."
    ]


def test_where_all_is_understood_nothing_is_said():
    assert not of(split(tables(folders("icbhi"))), "Left out because")


@pytest.mark.parametrize(
    ("shared", "said"),
    [
        (1, "1 group of subjects shares identical audio and stays on one side: "),
        (2, "2 groups of subjects share identical audio and stay on one side: "),
    ],
)
def test_groups_are_counted_in_singular_and_plural(shared, said):
    rows = [
        recording(f"icbhi/{k}", group_id=f"g{k // 2 if k < 2 * shared else k}") for k in range(6)
    ]
    index, _ = tables(rows)
    assert grouping_notes(index, index[:0], False)[0].startswith(said)
    assert "1 copy of identical" in grouping_notes(index, index[:1], True)[0]


def test_one_audio_stands_and_two_stand():
    assert overlap_notes({"audio": ["a = b"]})[0].startswith("1 recording stands on two sides")
    assert overlap_notes({"audio": ["a", "b"]})[0].startswith("2 recordings stand on two sides")


def test_one_test_recording_is_not_called_recordings():
    rows = official(_1="rr", _2="r", _3="e", _4="e", _156="re")
    for mode in ("official", "official-clean"):
        notes = " ".join(split(tables(rows), "crackle_wheeze", mode=mode).notes)
        assert "1 test recording" in notes
        assert "1 test recordings" not in notes
