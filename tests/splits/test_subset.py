from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import SplitError
from pipeline.splits import make_split
from pipeline.splits.subset import sample_subset
from tests.fakes.cohort_tables import LABELS, SETTINGS, cohorts, recording, tables
from tests.real_data import needs_real_data, real_tables

CLASSES = {"crackle": 12, "wheeze": 12, "both": 12, "normal": 12}


def sounds(**counts: int):
    """Return a split of a cohort with so many subjects of each sound, two recordings each."""
    rows = [
        recording(f"icbhi-{word}{k}", number, [word, "normal"])
        for word, n in counts.items()
        for k in range(n)
        for number in range(2)
    ]
    return make_split("crackle_wheeze", *tables(rows), LABELS, SETTINGS)


def members(split, side: str) -> dict[str, set[str]]:
    """Return the subjects of each class on a side."""
    rows = split.splits[split.splits["side"] == side]
    spans = split.labels.merge(rows, on="recording_id")
    found = {name: set(spans.loc[spans[name] == 1, "subject_id"]) for name in split.names}
    return {**found, "none": set(rows["subject_id"]) - set.union(*found.values())}


def test_zero_keeps_everything():
    split = sounds(**CLASSES)
    assert sample_subset(split, 0, 0) is split


@pytest.mark.parametrize("n", [1, 2])
def test_each_side_has_so_many_subjects_of_each_class_and_says_what_it_is(n):
    sample = sample_subset(sounds(**CLASSES), n, seed=0)
    for side in ("train", "val", "test"):
        found = members(sample, side)
        assert all(len(subjects) >= n for subjects in found.values())
        assert len(set.union(*found.values())) <= 3 * n
    assert "development sample" in sample.notes[0]
    assert f"{n} per class and side" in sample.notes[0]
    assert not any("asked for" in note for note in sample.notes)


def test_a_subject_counts_for_every_class_it_has_so_that_no_more_are_taken_than_needed():
    sample = sample_subset(sounds(both=12, crackle=30, normal=30), 2, seed=0)
    for side in ("train", "val", "test"):
        assert len(members(sample, side)["wheeze"]) == 2
        assert sample.counts[side]["all"]["subjects"] == 4


def test_where_there_are_fewer_all_are_taken_and_a_note_says_so():
    split = sounds(crackle=30, wheeze=3, normal=30)
    sample = sample_subset(split, 4, seed=0)
    for side in ("train", "val", "test"):
        assert members(sample, side)["wheeze"] == members(split, side)["wheeze"]
        assert f"Sample, {side} side, wheeze: 1 of the 4 subjects asked for; all there are." in (
            sample.notes
        )


def test_the_notes_of_the_split_are_kept():
    split = sounds(crackle=2, wheeze=2, normal=6)
    assert split.notes
    assert sample_subset(split, 1, 0).notes[-len(split.notes) :] == split.notes


def test_pneumonia_takes_sick_and_well():
    rows = [recording(f"icbhi-{k}", diagnosis="COPD" if k % 2 else "Pneumonia") for k in range(40)]
    split = make_split("pneumonia", *tables(rows), LABELS, SETTINGS)
    counts = sample_subset(split, 2, 0).counts
    for side in ("train", "val", "test"):
        assert counts[side]["all"]["subjects"] == 4
        assert counts[side]["all"]["positive_subjects"] == {"pneumonia": 2}


def test_another_seed_gives_another_sample():
    split = sounds(**CLASSES)
    hashes = {sample_subset(split, 1, seed).split_hash for seed in range(5)}
    assert len(hashes) > 1


@settings(max_examples=20, deadline=None)
@given(
    cohorts(),
    st.sampled_from(["pneumonia", "crackle_wheeze"]),
    st.integers(1, 3),
    st.integers(0, 9),
)
def test_a_sample_keeps_whole_subjects_sides_and_classes_in_any_order(index, problem, n, seed):
    try:
        split = make_split(problem, *index, LABELS, {**SETTINGS, "mode": "grouped"})
    except SplitError:
        return
    sample = sample_subset(split, n, seed)
    kept = set(sample.splits["subject_id"])
    whole = split.splits[split.splits["subject_id"].isin(kept)].reset_index(drop=True)
    assert sample.splits.equals(whole)
    assert set(sample.labels["recording_id"]) == set(whole["recording_id"])
    for side in ("train", "val", "test"):
        before, after = members(split, side), members(sample, side)
        assert all(len(after[name]) >= min(n, len(before[name])) for name in before)
        assert len(set.union(*after.values())) <= n * len(before)
    assert sample_subset(split, n, seed).split_hash == sample.split_hash


@needs_real_data
def test_a_sample_of_real_recordings_has_every_class_on_every_side():
    settings_ = {"n_folds": 5, "test_share": 0.2, "val_share": 0.2, "seed": 0}
    split = make_split("crackle_wheeze", *real_tables(["icbhi"]), LABELS, settings_)
    sample = sample_subset(split, 5, 0)
    assert sample.counts["train"]["all"]["positive_subjects"] == {"crackle": 5, "wheeze": 5}
    for side in ("train", "val", "test"):
        assert all(sample.counts[side]["all"]["positive_subjects"].values())
