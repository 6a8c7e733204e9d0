"""Training on all data sets, or devices, but one."""

from __future__ import annotations

import pytest

from pipeline.errors import SettingsError, SplitError
from pipeline.problems import problem_named
from pipeline.splits import fold_names
from tests.splits.cohorts import LABELS, SETTINGS, recording, split, subjects_on, tables

DATASET, DEVICE = "leave-one-dataset-out", "leave-one-device-out"


def names(index, mode: str, problem: str = "pneumonia") -> tuple[str, ...]:
    return fold_names(problem_named(problem), mode, *index, LABELS, SETTINGS)


def by_device(*extra, devices=("A", "B", "C"), n: int = 8):
    """Return a cohort of so many subjects per device, every second with pneumonia."""
    rows = [
        recording(f"icbhi/{device}{k}", diagnosis="Pneumonia" if k % 2 else "COPD", device=device)
        for device in devices
        for k in range(n)
    ]
    return tables([*rows, *extra])


def two_datasets(*extra, n: int = 8):
    rows = [
        recording(f"{dataset}/{k}", diagnosis="Pneumonia" if k % 2 else "COPD")
        for dataset in ("icbhi", "jordan")
        for k in range(n)
    ]
    return tables([*rows, *extra])


def test_the_device_left_out_is_the_test_side_and_train_is_all_the_rest():
    made = split(by_device(), mode=DEVICE, fold="B")
    assert subjects_on(made, "test") == {f"icbhi/B{k}" for k in range(8)}
    assert len(subjects_on(made, "train") | subjects_on(made, "val")) == 16
    assert subjects_on(made, "val")
    assert (made.mode, made.fold, made.excluded.empty) == (DEVICE, "B", True)


def test_subjects_of_the_held_out_device_leave_train_altogether():
    both = [recording("icbhi/156", number, device="AB"[number]) for number in range(2)]
    made = split(by_device(*both), mode=DEVICE, fold="B")
    assert made.splits.set_index("recording_id")["side"]["icbhi/156_1"] == "test"
    assert "icbhi/156_0" not in set(made.splits["recording_id"])
    assert list(made.excluded["recording_id"]) == ["icbhi/156_0"]
    assert list(made.excluded["reason"]) == ["held-out device"]
    assert "1 recording whose subject or audio is on the held-out device" in " ".join(made.notes)


def test_audio_that_is_shared_with_the_held_out_device_leaves_train_through_chains_too():
    chain = [
        recording("icbhi/x", 0, device="B", audio="one"),
        recording("icbhi/y", 0, device="A", audio="one"),
        # Without a label, and yet it ties y to z.
        recording("icbhi/y", 1, device="A", audio="two", diagnosis=""),
        recording("icbhi/z", 0, device="C", audio="two"),
        recording("icbhi/z", 1, device="C"),
    ]
    made = split(by_device(*chain), mode=DEVICE, fold="B")
    assert set(made.splits["subject_id"]).isdisjoint({"icbhi/y", "icbhi/z"})
    assert "icbhi/x" in subjects_on(made, "test")
    held_out = made.excluded[made.excluded["reason"] == "held-out device"]
    assert list(held_out["recording_id"]) == ["icbhi/y_0", "icbhi/z_0", "icbhi/z_1"]


def test_the_refusal_names_what_is_held_out():
    sick = [recording(f"icbhi/{k}", diagnosis="Pneumonia", device="A") for k in range(2)]
    index = tables(sick + [recording(f"icbhi/w{k}", device="AB"[k % 2]) for k in range(8)])
    with pytest.raises(SplitError) as caught:
        split(index, mode=DEVICE, fold="A")
    assert "a leave-one-device-out split that holds out A" in caught.value.expected


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (1, "1 recording without a known device stands on the train side: whether it was made"),
        (2, "2 recordings without a known device stand on the train side: whether they were made"),
    ],
)
def test_recordings_without_a_device_that_are_trained_on_are_counted(n, said):
    index = by_device(*(recording(f"jordan/{k}", device="") for k in range(n)))
    made = split(index, mode=DEVICE, fold="B")
    assert any(note.startswith(said) for note in made.notes)
    for other in (split(index), split(by_device(), mode=DEVICE, fold="B")):
        assert not any("known device" in note for note in other.notes)


def test_a_recording_without_a_device_has_an_unknown_one_of_its_data_set():
    extra = [recording("jordan/1", device=""), recording("jordan/2", device="A")]
    index = by_device(*extra)
    assert names(index, DEVICE) == ("A", "B", "C", "unknown (jordan)")
    made = split(index, mode=DEVICE, fold="unknown (jordan)")
    assert subjects_on(made, "test") == {"jordan/1"}


def test_a_device_is_one_across_data_sets():
    made = split(by_device(recording("jordan/2", device="A")), mode=DEVICE, fold="A")
    assert "jordan/2" in subjects_on(made, "test")


def test_the_data_set_left_out_is_the_test_side_and_takes_its_copies_with_it():
    copies = [recording("icbhi/90", audio="a"), recording("icbhi/90", 1)]
    copies += [recording("jordan/91", audio="a")]
    index = two_datasets(*copies)
    assert names(index, DATASET) == ("icbhi", "jordan")
    made = split(index, mode=DATASET, fold="jordan")
    assert subjects_on(made, "test") == {*(f"jordan/{k}" for k in range(8)), "jordan/91"}
    assert "icbhi/90" not in set(made.splits["subject_id"])
    assert set(made.excluded["reason"]) == {"held-out data set"}


def test_a_test_side_without_positives_is_a_note_but_train_needs_every_class():
    well = [recording(f"jordan/{k}") for k in range(5)]
    sick = [recording(f"icbhi/{k}", diagnosis="Pneumonia" if k < 4 else "COPD") for k in range(9)]
    made = split(tables(well + sick), mode=DATASET, fold="jordan")
    assert "The test side has no subject with pneumonia." in made.notes
    with pytest.raises(SplitError, match="no positive subject on the train side") as caught:
        split(tables(well + sick), mode=DATASET, fold="icbhi")
    assert "4 positive subjects in all" in caught.value.found


def test_only_one_device_or_data_set_is_refused():
    index = by_device(devices=("A",))
    for call in (names, lambda index, mode: split(index, mode=mode, fold="A")):
        with pytest.raises(SplitError, match="only A"):
            call(index, DEVICE)
        with pytest.raises(SplitError, match="two or more data sets") as caught:
            call(index, DATASET)
        assert caught.value.found == "only icbhi"


def test_what_has_no_label_is_no_fold():
    index = by_device(recording("icbhi/9", device="D", diagnosis=""))
    assert names(index, DEVICE) == ("A", "B", "C")


@pytest.mark.parametrize("fold", ["", "Meditron", "0"])
def test_a_fold_that_names_nothing_is_refused_with_the_names_there_are(fold):
    with pytest.raises(SettingsError, match="a device among: A, B, C") as caught:
        split(by_device(), mode=DEVICE, fold=fold)
    assert caught.value.action == "name one with --fold, or leave --fold out to test on each"


def test_the_folds_of_other_modes():
    index = by_device()
    assert names(index, "grouped") == ("0", "1", "2")
    for mode in ("default", "official", "official-clean", "file", "test-only"):
        assert names(index, mode) == ()
