"""For any cohort: no subject and no audio crosses sides, whatever the mode."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.errors import SplitError
from pipeline.splits.grouping import subject_groups
from pipeline.splits.strata import Group, deal
from tests.fakes.cohort_tables import (
    cohorts,
    several_of_each,
    shuffled,
)
from tests.splits.cohorts import SIDES, split, subjects_on

PROBLEMS = st.sampled_from(["pneumonia", "crackle_wheeze"])


@settings(max_examples=60, deadline=None)
@given(
    cohorts(),
    PROBLEMS,
    st.sampled_from(["default", "grouped", "test-only"]),
    st.one_of(st.none(), st.integers(0, 2)),
    st.integers(0, 99),
)
def test_no_subject_and_no_audio_crosses_sides(index, problem, mode, fold, seed):
    recordings, _ = index
    try:
        made = split(index, problem, fold, mode=mode, seed=seed)
    except SplitError:
        return
    rows = made.splits
    assert set(rows["side"]) <= SIDES
    assert rows.groupby("subject_id")["side"].nunique().max() == 1
    assert rows.groupby("content_hash")["side"].nunique().max() == 1
    if mode != "test-only":
        spans = made.labels.merge(rows, on="recording_id")
        for side, name in itertools.product(("train", "test"), made.names):
            assert set(spans.loc[spans["side"] == side, name]) == {0, 1}
    # Chains of shared audio count, through recordings that have no label, too.
    groups = rows["subject_id"].map(subject_groups(recordings))
    assert rows.groupby(groups)["side"].nunique().max() == 1
    assert list(rows["group_id"]) == list(groups)
    # Whole subjects, and nothing gets lost in silence.
    gone = set(made.excluded.loc[made.excluded["what"] == "recording", "recording_id"])
    assert gone.isdisjoint(rows["recording_id"])
    assert gone | set(rows["recording_id"]) == set(recordings["recording_id"])
    assert set(made.labels["recording_id"]) == set(rows["recording_id"])


@settings(max_examples=25, deadline=None)
@given(cohorts(), PROBLEMS, st.one_of(st.none(), st.integers(0, 2)), st.integers(0, 99))
def test_the_same_tables_in_any_order_give_the_same_split_or_the_same_refusal(
    index, problem, fold, seed
):
    def outcome(tables_):
        try:
            made = split(tables_, problem, fold)
        except SplitError as error:
            return str(error)
        return made.split_hash, made.labels.to_csv(), made.excluded.to_csv(), made.notes

    assert outcome(shuffled(index, seed)) == outcome(index)


@settings(max_examples=12, deadline=None)
@given(several_of_each(), PROBLEMS)
def test_every_subject_is_tested_exactly_once_across_the_folds(index, problem):
    try:
        folds = [split(index, problem, fold) for fold in range(3)]
    except SplitError:
        # So much shared audio that no three groups with positives are left.
        assume(False)
    tested = [subject for made in folds for subject in subjects_on(made, "test")]
    assert len(tested) == len(set(tested))
    assert set(tested) == set(folds[0].splits["subject_id"])
    assert len({tuple(made.splits["recording_id"]) for made in folds}) == 1


@settings(max_examples=15, deadline=None)
@given(several_of_each(), st.integers(0, 99))
def test_all_three_sides_have_positives_where_there_are_three_groups_with_them(index, seed):
    everything = split(index, mode="test-only")
    spans = everything.labels.merge(everything.splits, on="recording_id")
    n_groups = spans.groupby("pneumonia")["group_id"].nunique()
    assume(n_groups.get(1, 0) >= 3 and n_groups.get(0, 0) >= 3)
    made = split(index, mode="grouped", seed=seed)
    assert all(subjects_on(made, side, "pneumonia") for side in SIDES)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(["c", "w", "cw", "n"]), min_size=2, max_size=24),
    st.integers(2, 5),
    st.integers(0, 99),
)
def test_rare_labels_reach_every_fold_where_there_are_groups_enough(kinds, n_folds, seed):
    classes = {
        "c": ("crackle=1", "wheeze=0"),
        "w": ("crackle=0", "wheeze=1"),
        "cw": ("crackle=1", "wheeze=1"),
        "n": ("crackle=0", "wheeze=0"),
    }
    groups = [Group(f"g{k}", 1, ("icbhi",), classes[kind]) for k, kind in enumerate(kinds)]
    dealt = deal(groups, [1 / n_folds] * n_folds, seed, "folds")
    sizes = np.bincount(list(dealt.values()), minlength=n_folds)
    assert sizes.sum() == len(kinds)
    if kinds.count("cw") + min(kinds.count("c"), kinds.count("w")) >= n_folds:
        for label in ("crackle=1", "wheeze=1"):
            assert {dealt[g.name] for g in groups if label in g.classes} == set(range(n_folds))


def test_the_last_group_of_a_class_goes_to_train_whatever_the_other_part_lacks():
    groups = [
        Group("all", 1, ("icbhi",), ("a=1", "b=1", "c=1")),
        Group("rare", 1, ("icbhi",), ("a=1", "b=1", "c=0")),
    ]
    for seed in range(10):
        assert deal(groups, [0.8, 0.2], seed, "val") == {"all": 0, "rare": 0}
