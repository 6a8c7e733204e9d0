"""The development sample: whole subjects of every class on every side, deterministic, and told."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import SplitError
from pipeline.splits import read_split, write_split
from pipeline.splits.subset import sample_subset
from tests.real_data import needs_real_data, real_tables
from tests.splits.cohorts import cohorts, official, recording, shuffled, split, tables

CLASSES = {"crackle": 12, "wheeze": 12, "both": 12, "normal": 12}


def sounds(problem: str = "crackle_wheeze", **counts: int):
    """Return a split of a cohort with so many subjects of each sound, two recordings each."""
    rows = [
        recording(f"icbhi/{word}{k}", number, [word, "normal"])
        for word, n in counts.items()
        for k in range(n)
        for number in range(2)
    ]
    return split(tables(rows), problem, mode="grouped")


def members(made, side: str, part: str = "") -> dict[str, set[str]]:
    """Return the subjects of each class on a side."""
    rows = made.splits[made.splits["side"].eq(side) & made.splits["part"].eq(part)]
    spans = made.labels.merge(rows, on="recording_id")
    found = {name: set(spans.loc[spans[name] == 1, "subject_id"]) for name in made.names}
    if made.problem.exclusive:
        return found
    without = {f"not {name}": set(spans.loc[spans[name] == 0, "subject_id"]) for name in found}
    return {**found, **without, "none": set(rows["subject_id"]) - set.union(*found.values())}


def test_zero_keeps_everything():
    whole = sounds(**CLASSES)
    assert sample_subset(whole, 0, 0) is whole


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
    whole = sounds(crackle=30, wheeze=3, normal=30)
    sample = sample_subset(whole, 4, seed=0)
    for side in ("train", "val", "test"):
        assert members(sample, side)["wheeze"] == members(whole, side)["wheeze"]
        assert f"Sample, {side} side, wheeze: 1 of the 4 subjects asked for; all there are." in (
            sample.notes
        )


def test_the_notes_of_the_split_are_kept():
    whole = sounds(crackle=2, wheeze=2, normal=6)
    assert whole.notes
    assert sample_subset(whole, 1, 0).notes[-len(whole.notes) :] == whole.notes


def test_pneumonia_takes_sick_and_well():
    rows = [recording(f"icbhi/{k}", diagnosis="COPD" if k % 2 else "Pneumonia") for k in range(40)]
    counts = sample_subset(split(tables(rows)), 2, 0).counts
    for side in ("train", "val", "test"):
        assert counts[side]["all"]["subjects"] == 4
        assert counts[side]["all"]["positive_subjects"] == {"pneumonia": 2}


def test_exclusive_classes_are_all_there_is_no_class_of_none():
    rows = [
        recording(f"icbhi/{word}{k}", 0, [word])
        for word in ("normal", "crackle", "wheeze", "both")
        for k in range(8)
    ]
    sample = sample_subset(split(tables(rows), "icbhi-4", mode="grouped"), 1, 0)
    for side in ("train", "val", "test"):
        assert sample.counts[side]["all"]["subjects"] == 4
        assert all(sample.counts[side]["all"]["positive_subjects"].values())
    assert not any("asked for" in note or "no normal" in note for note in sample.notes)


def test_each_part_of_a_test_side_has_its_subjects_and_is_told_apart():
    words = ("Normal", "Wheeze")
    rows = official("sprsound", words, **{f"_{k}": "ra" for k in range(9)})
    rows += official("sprsound", words, **{f"_{k}": "i" for k in range(10, 15)})
    whole = split(tables(rows), "sprsound-1-1", mode="official")
    sample = sample_subset(whole, 2, 0)
    for part in ("inter-test", "intra-test"):
        assert all(len(each) >= 2 for each in members(sample, "test", part).values())
        assert any(note.startswith(f"Sample, {part} side: ") for note in sample.notes)
    # A subject that is kept is kept on both sides, and that it is on both is still told.
    kept = set(sample.splits["subject_id"])
    assert sample.overlap["subjects"] == [e for e in whole.overlap["subjects"] if e in kept]
    assert set(sample.overlap["subjects"]) < set(whole.overlap["subjects"])


def test_the_notes_say_what_was_kept_and_the_sample_reads_back(tmp_path):
    sample = sample_subset(sounds(both=12, crackle=30, normal=30), 2, seed=0)
    for side in ("train", "val", "test"):
        found = {name: len(each) for name, each in members(sample, side).items()}
        assert (
            f"Sample, {side} side: 4 subjects, 8 recordings (crackle {found['crackle']}, "
            "wheeze 2, some without crackle 4, some without wheeze 4, "
            f"no crackle or wheeze {found['none']})." in sample.notes
        )
    write_split(sample, tmp_path)
    assert read_split(tmp_path).notes == sample.notes


def test_negatives_are_kept_where_every_subject_has_some_positive_span():
    rows = [recording(f"icbhi/x{k}", 0, ["crackle" if k % 2 else "wheeze"]) for k in range(9)]
    rows += [recording(f"icbhi/both{k}", 0, ["both"]) for k in range(80)]
    whole = split(tables(rows), "crackle_wheeze", mode="grouped")
    for seed in range(5):
        sample = sample_subset(whole, 2, seed)
        for side in ("train", "test"):
            found = members(sample, side)
            assert found["not crackle"]
            assert found["not wheeze"]


def test_one_subject_is_not_called_subjects():
    rows = [recording(f"icbhi/{k}", diagnosis="Pneumonia") for k in range(3)]
    notes = " ".join(sample_subset(split(tables(rows), mode="test-only"), 1, 0).notes)
    assert "1 subject, 1 recording (" in notes
    assert "0 of the 1 subject asked for" in notes


def test_another_seed_gives_another_sample():
    whole = sounds(**CLASSES)
    hashes = {sample_subset(whole, 1, seed).split_hash for seed in range(5)}
    assert len(hashes) > 1


@settings(max_examples=30, deadline=None)
@given(
    cohorts(("icbhi", "jordan")),
    st.sampled_from(["pneumonia", "crackle_wheeze", "icbhi-4"]),
    st.sampled_from(["grouped", "default", "test-only"]),
    st.integers(1, 3),
    st.integers(0, 9),
)
def test_a_sample_keeps_whole_subjects_sides_and_classes_in_any_order(
    index, problem, mode, n, seed
):
    try:
        whole = split(index, problem, mode=mode)
    except SplitError:
        return
    sample = sample_subset(whole, n, seed)
    kept = set(sample.splits["subject_id"])
    of_kept = whole.splits[whole.splits["subject_id"].isin(kept)].reset_index(drop=True)
    assert sample.splits.equals(of_kept)
    assert set(sample.labels["recording_id"]) == set(of_kept["recording_id"])
    for side in ("train", "val", "test"):
        before, after = members(whole, side), members(sample, side)
        assert all(len(after[name]) >= min(n, len(before[name])) for name in before)
        assert len(set.union(*after.values())) <= n * len(before)
    again = sample_subset(split(shuffled(index, seed), problem, mode=mode), n, seed)
    assert again.split_hash == sample.split_hash


@needs_real_data
def test_a_sample_of_real_recordings_has_every_class_on_every_side():
    whole = split(
        real_tables(["icbhi"]), "crackle_wheeze", n_folds=5, test_share=0.2, val_share=0.2
    )
    sample = sample_subset(whole, 5, 0)
    assert sample.counts["train"]["all"]["positive_subjects"] == {"crackle": 5, "wheeze": 5}
    for side in ("train", "val", "test"):
        assert all(sample.counts[side]["all"]["positive_subjects"].values())
