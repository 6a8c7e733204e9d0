"""For any cohort: no subject and no audio crosses sides, in any mode but `official`."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.errors import AuscultError, SplitError
from pipeline.problems import problem_named
from pipeline.splits import MODES, fold_names, read_side_file
from pipeline.splits.classes import classes_of
from pipeline.splits.grouping import subject_groups
from pipeline.splits.strata import Group, deal
from tests.splits.cohorts import (
    LABELS,
    SETTINGS,
    SIDES,
    cohorts,
    several_of_each,
    shuffled,
    split,
    subjects_on,
)

#: Problems, independent and exclusive, with the data sets that can serve them.
SERVING = {
    "pneumonia": ("icbhi", "jordan"),
    "crackle_wheeze": ("icbhi", "jordan", "sprsound"),
    "icbhi-4": ("icbhi", "jordan", "sprsound"),
    "icbhi-diagnosis": ("icbhi",),
    "sprsound-1-1": ("sprsound",),
    "sprsound-2-1": ("sprsound",),
}
GENERATED = [each for each in MODES if each not in ("official", "file", "gate-only")]


@st.composite
def questions(draw: st.DrawFn, mode: str = ""):
    """Draw a problem, and a cohort of data sets that can serve it (officially, if asked for)."""
    problem = draw(st.sampled_from(list(SERVING)))
    datasets = [each for each in SERVING[problem] if "official" not in mode or each != "jordan"]
    return problem, draw(cohorts(datasets))


def folds_of(problem: str, index, mode: str) -> list[str]:
    """Return "" and every fold of a mode; none where there is nothing to hold out."""
    try:
        names = fold_names(problem_named(problem), mode, *index, LABELS, SETTINGS)
    except SplitError:
        return []
    return [*names] if mode.startswith("leave") else ["", *names]


def made_or_none(*args, **kwargs):
    """Return a split; None where it is refused, but not for what the pipeline would do wrong."""
    try:
        return split(*args, **kwargs)
    except SplitError as error:
        if error.where == "splits" and "one side only" in error.expected:
            raise
        return None


def holds(made, recordings) -> None:
    """Check what every split has to hold, whatever made it."""
    rows = made.splits
    assert set(rows["side"]) <= SIDES
    assert set(made.labels["recording_id"]) == set(rows["recording_id"])
    # Nothing gets lost in silence.
    gone = set(made.excluded.loc[made.excluded["what"] == "recording", "recording_id"])
    assert gone.isdisjoint(rows["recording_id"])
    assert gone | set(rows["recording_id"]) == set(recordings["recording_id"])


def holds_apart_in(rows) -> None:
    assert rows.groupby("subject_id")["side"].nunique().max() == 1
    assert rows.groupby("content_hash")["side"].nunique().max() == 1


def holds_apart(made) -> None:
    """Check that nobody and nothing stands on two sides."""
    holds_apart_in(made.splits)
    assert made.overlap == {"subjects": [], "audio": []}


@pytest.mark.parametrize("mode", GENERATED)
@settings(max_examples=30, deadline=None)
@given(data=st.data(), seed=st.integers(0, 99))
def test_no_subject_and_no_audio_crosses_sides(mode, data, seed):
    problem, index = data.draw(questions(mode))
    recordings, _ = index
    groups = subject_groups(recordings)
    for fold in folds_of(problem, index, mode):
        made = made_or_none(index, problem, fold, mode, seed=seed)
        if made is None:
            continue
        holds(made, recordings)
        holds_apart(made)
        rows = made.splits
        assert rows.groupby(rows["subject_id"].map(groups))["side"].nunique().max() == 1
        assert list(rows["group_id"]) == [groups[each] for each in rows["subject_id"]]
        needed = ["train"] if mode.startswith("leave") else ["train", "test"]
        if mode != "test-only" and "official" not in made.mode:
            has_every_class(made, needed)


def has_every_class(made, sides) -> None:
    spans = made.labels.merge(made.splits, on="recording_id")
    for side in sides:
        for each in classes_of(made.problem):
            name, value = each.split("=")
            assert (spans.loc[spans["side"] == side, name] == int(value)).any()


@settings(max_examples=40, deadline=None)
@given(questions("official"), st.integers(0, 99))
def test_to_the_letter_every_recording_keeps_its_side_and_all_overlap_is_told(question, seed):
    problem, index = question
    made = made_or_none(index, problem, mode="official", seed=seed)
    if made is None:
        return
    holds(made, index[0])
    rows = made.splits.merge(index[0][["recording_id", "official_side"]], on="recording_id")
    assert set(rows["side"].eq("test") ^ rows["official_side"].str.contains("test")) == {False}
    assert (
        rows["part"] == rows["official_side"].where(rows["official_side"].str[0] == "i", "")
    ).all()
    train = rows[rows["side"] != "test"]
    assert train.groupby("group_id")["side"].nunique().max() == 1
    n_sides = rows.groupby("subject_id")["side"].nunique()
    assert made.overlap["subjects"] == sorted(n_sides.index[n_sides > 1])
    n_sides = rows.groupby("content_hash")["side"].nunique()
    assert len(made.overlap["audio"]) == (n_sides > 1).sum()
    assert bool(made.overlap["audio"]) == any("identical copies" in note for note in made.notes)
    assert not made.excluded["reason"].eq("conflicting labels").any()


@settings(max_examples=60, deadline=None)
@given(questions(), st.data())
def test_a_users_file_is_followed_or_refused_and_lets_nothing_cross(question, data):
    problem, index = question
    recordings = index[0]
    key = data.draw(st.sampled_from(["subject_id", "recording_id", "path"]))
    side = st.sampled_from(["train", "val", "test"])
    told = {name: data.draw(side) for name in sorted(set(recordings[key]))}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sides.csv"
        path.write_text(f"side,{key}\n" + "".join(f"{s},{who}\n" for who, s in told.items()))
        rows = read_side_file(path)
    made = made_or_none(index, problem, mode="file", given=rows)
    if made is None:
        return
    holds(made, recordings)
    holds_apart(made)
    # What crosses in the file is an error even where no label tells.
    holds_apart_in(recordings.assign(side=recordings[key].map(told)))
    asked = made.splits["recording_id"].map(
        dict(zip(recordings["recording_id"], recordings[key].map(told), strict=True))
    )
    moved = made.splits["side"] != asked
    assert not moved.any() or not asked.eq("val").any()
    assert set(made.splits.loc[moved, "side"]) <= {"val"}


@pytest.mark.parametrize("mode", ["leave-one-dataset-out", "leave-one-device-out"])
@settings(max_examples=40, deadline=None)
@given(question=questions())
def test_what_is_held_out_is_tested_whole_and_its_groups_are_nowhere_on_train(mode, question):
    problem, index = question
    recordings = index[0]
    groups = recordings["subject_id"].map(subject_groups(recordings))
    unknown = "unknown (" + recordings["dataset"] + ")"
    origin = recordings["device"].where(recordings["device"] != "", unknown)
    origin = recordings["dataset"] if "dataset" in mode else origin
    for fold in folds_of(problem, index, mode):
        made = made_or_none(index, problem, fold, mode)
        if made is None:
            continue
        held_out = set(recordings.loc[origin == fold, "recording_id"])
        rows = made.splits
        on_test = set(rows.loc[rows["side"] == "test", "recording_id"])
        assert on_test == held_out & set(rows["recording_id"])
        reasons = made.excluded.set_index("recording_id")["reason"]
        chosen = set(reasons.index[reasons.str.startswith("held-out")])
        assert not chosen & held_out
        touching = set(recordings.loc[groups.isin(groups[origin == fold]), "recording_id"])
        assert chosen <= touching
        assert set(rows.loc[rows["side"] != "test", "recording_id"]).isdisjoint(touching)


@settings(max_examples=40, deadline=None)
@given(questions(), st.sampled_from(MODES), st.integers(0, 99), st.data())
def test_the_same_tables_in_any_order_give_the_same_split_or_the_same_refusal(
    question, mode, seed, data
):
    problem, index = question
    fold = data.draw(st.sampled_from(folds_of(problem, index, mode) or ["x"]))

    def outcome(tables_):
        try:
            made = split(tables_, problem, fold, mode)
        except AuscultError as error:
            return str(error)
        return made.split_hash, made.labels.to_csv(), made.excluded.to_csv(), made.notes

    assert outcome(shuffled(index, seed)) == outcome(index)


@settings(max_examples=12, deadline=None)
@given(several_of_each(), st.sampled_from(["pneumonia", "crackle_wheeze", "icbhi-diagnosis"]))
def test_every_subject_is_tested_exactly_once_across_the_folds(index, problem):
    try:
        folds = [split(index, problem, str(fold), "grouped") for fold in range(3)]
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


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=4, max_size=40), st.integers(2, 5), st.integers(0, 99))
def test_each_of_many_exclusive_classes_reaches_as_many_folds_as_it_can(kinds, n_folds, seed):
    groups = [Group(f"g{k}", 1, ("icbhi",), (f"c{kind}=1",)) for k, kind in enumerate(kinds)]
    dealt = deal(groups, [1 / n_folds] * n_folds, seed, "folds")
    for kind in set(kinds):
        folds = {dealt[group.name] for group in groups if group.classes == (f"c{kind}=1",)}
        assert len(folds) == min(n_folds, kinds.count(kind))


def test_the_last_group_of_a_class_goes_to_train_whatever_the_other_part_lacks():
    groups = [
        Group("all", 1, ("icbhi",), ("a=1", "b=1", "c=1")),
        Group("rare", 1, ("icbhi",), ("a=1", "b=1", "c=0")),
    ]
    for seed in range(10):
        assert deal(groups, [0.8, 0.2], seed, "val") == {"all": 0, "rare": 0}
