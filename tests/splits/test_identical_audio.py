"""Subjects that share identical audio, and copies under conflicting labels."""

from __future__ import annotations

import pandas as pd
import pytest

from pipeline.errors import SplitError
from pipeline.splits import check_disjoint
from pipeline.splits.grouping import subject_groups
from tests.splits.cohorts import (
    recording,
    sides_of,
    split,
    tables,
)


def test_copies_under_conflicting_labels_are_left_out_for_the_problem_at_hand_only():
    rows = [
        recording("jordan/100", 0, ["N"], "N", audio="a"),
        recording("jordan/100", 1, ["N"], "N"),
        recording("jordan/101", 0, ["E W"], "Asthma", audio="a"),
        *(recording(f"jordan/{k}", 0, ["I C E W"], "pneumonia") for k in range(5)),
        *(recording(f"jordan/{k}", 0, ["N"], "N") for k in range(10, 15)),
    ]
    sounds = split(tables(rows), "crackle_wheeze")
    gone = sounds.excluded
    assert list(gone["recording_id"]) == ["jordan/100_0", "jordan/101_0"]
    assert set(gone["reason"]) == {"conflicting labels"}
    assert "jordan/101_0" in gone["detail"].iloc[0]
    assert "jordan/100_1" in set(sounds.splits["recording_id"])
    assert any("2 copies of identical audio" in note for note in sounds.notes)

    illness = split(tables(rows))
    assert illness.excluded.empty
    assert len({sides_of(illness)[f"jordan/{k}_0"] for k in (100, 101)}) == 1
    assert any("jordan/100 = jordan/101" in note for note in illness.notes)


def test_copies_with_the_same_labels_stay_and_stay_together():
    rows = [
        recording("icbhi/1", 0, ["crackle", "normal"], audio="a"),
        recording("icbhi/2", 0, ["crackle", "normal"], audio="a"),
        recording("icbhi/3", 0, ["crackle", "normal"], audio="b"),
        recording("icbhi/4", 0, ["normal", "crackle"], audio="b"),
    ]
    made = split(tables(rows), "crackle_wheeze", mode="test-only")
    assert set(made.splits["subject_id"]) == {"icbhi/1", "icbhi/2"}


def test_a_weak_copy_conflicts_only_if_it_names_other_sounds():
    rows = [
        recording("icbhi/1", 0, ["crackle", "normal"], audio="a"),
        recording("jordan/1", 0, ["Crep"], audio="a"),
        recording("icbhi/2", 0, ["wheeze", "normal"], audio="b"),
        recording("jordan/2", 0, ["Crep"], audio="b"),
    ]
    made = split(tables(rows), "crackle_wheeze", mode="test-only")
    assert set(made.splits["subject_id"]) == {"icbhi/1", "jordan/1"}


def test_subjects_stay_together_through_chains_and_unlabelled_recordings():
    rows = [
        recording("icbhi/3", 0, audio="a"),
        recording("icbhi/2", 0, audio="a"),
        recording("icbhi/2", 1, audio="b"),
        recording("jordan/1", 0, audio="b", diagnosis=""),
        recording("jordan/1", 1),
    ]
    groups = subject_groups(tables(rows)[0])
    assert set(groups.values()) == {"icbhi/2"}
    assert set(groups) == {"icbhi/2", "icbhi/3", "jordan/1"}


def test_the_check_names_who_crosses():
    rows = pd.DataFrame(
        {
            "recording_id": ["a", "b", "c", "d"],
            "subject_id": ["s1", "s1", "s2", "s3"],
            "content_hash": ["1", "2", "3", "3"],
            "side": ["train", "test", "train", "val"],
        }
    )
    with pytest.raises(SplitError) as caught:
        check_disjoint(rows)
    assert "s1 is on test and train" in caught.value.found
    assert "c = d (identical audio) is on train and val" in caught.value.found
    check_disjoint(rows.iloc[[0, 2]])
    with pytest.raises(SplitError, match="recording a is there twice"):
        check_disjoint(rows.iloc[[0, 0]])
