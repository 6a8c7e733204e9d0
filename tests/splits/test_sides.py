from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.errors import ContractError, SettingsError, SplitError
from pipeline.splits import check_disjoint, make_split, read_split, write_split
from pipeline.splits.grouping import subject_groups
from pipeline.splits.strata import Group, deal
from tests.fakes.cohort_tables import (
    LABELS,
    SETTINGS,
    cohorts,
    content,
    recording,
    several_of_each,
    shuffled,
    tables,
)
from tests.real_data import needs_real_data, real_tables

PROBLEMS = st.sampled_from(["pneumonia", "crackle_wheeze"])
SIDES = {"train", "val", "test"}


def split(index, problem="pneumonia", fold=None, **changed):
    return make_split(problem, *index, LABELS, {**SETTINGS, **changed}, fold)


def sick_and_healthy(n_sick: int, n_healthy: int, dataset: str = "icbhi"):
    return tables(
        [
            recording(f"{dataset}-{k}", n, diagnosis="Pneumonia" if k < n_sick else "Healthy")
            for k in range(n_sick + n_healthy)
            for n in range(2)
        ]
    )


def sides_of(made) -> dict[str, str]:
    return dict(zip(made.splits["recording_id"], made.splits["side"], strict=True))


def subjects_on(made, side: str, name: str | None = None) -> set[str]:
    spans = made.labels.merge(made.splits, on="recording_id")
    chosen = spans["side"].eq(side) & (True if name is None else spans[name].eq(1))
    return set(spans.loc[chosen, "subject_id"])


# Properties, for any cohort


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


# What the sides look like


def test_the_shares_are_kept_in_every_stratum():
    rows = [
        recording(f"{dataset}-{k}", diagnosis="Pneumonia" if k % 4 == 0 else "COPD")
        for dataset in ("icbhi", "jordan")
        for k in range(100)
    ]
    made = split(tables(rows), test_share=0.2, val_share=0.2)
    assert made.mode == "grouped"
    for dataset in ("icbhi", "jordan"):
        counts = {side: made.counts[side][dataset] for side in SIDES}
        assert [counts[side]["subjects"] for side in ("test", "val", "train")] == [20, 16, 64]
        positive = [counts[s]["positive_subjects"]["pneumonia"] for s in ("test", "val", "train")]
        assert positive == [5, 4, 16]


def test_folds_are_balanced_in_every_stratum():
    index = sick_and_healthy(10, 40)
    for fold in range(5):
        made = split(index, fold=fold, n_folds=5)
        assert made.mode == f"fold {fold} of 5"
        assert len(subjects_on(made, "test")) == 10
        assert len(subjects_on(made, "test", "pneumonia")) == 2


def test_another_seed_gives_another_split():
    index = sick_and_healthy(10, 40)
    assert split(index, seed=1).split_hash != split(index, seed=2).split_hash
    assert split(index, seed=1).split_hash == split(index, seed=1).split_hash


def test_every_subject_can_come_to_every_side():
    classes = [("a=1",) if k % 5 == 0 else ("a=0",) for k in range(25)]
    groups = [Group(f"g{k:02}", 1, ("icbhi",), each) for k, each in enumerate(classes)]
    dealt = [deal(groups, [0.8, 0.2], seed, "test") for seed in range(40)]
    for group in groups:
        assert {each[group.name] for each in dealt} == {0, 1}


def test_two_positive_subjects_stand_on_train_and_test_and_the_lack_on_val_is_noted():
    made = split(sick_and_healthy(2, 10))
    assert [len(subjects_on(made, s, "pneumonia")) for s in ("train", "val", "test")] == [1, 0, 1]
    assert "The validation side has no subject with pneumonia." in made.notes


def test_three_positive_subjects_stand_on_all_sides():
    made = split(sick_and_healthy(3, 10))
    assert [len(subjects_on(made, s, "pneumonia")) for s in ("train", "val", "test")] == [1, 1, 1]


def test_rare_negatives_are_spread_like_rare_positives():
    made = split(sick_and_healthy(10, 3))
    assert all(subjects_on(made, side) - subjects_on(made, side, "pneumonia") for side in SIDES)


def test_without_a_validation_share_there_is_no_validation_side_and_a_note():
    made = split(sick_and_healthy(5, 5), val_share=0.0)
    assert set(made.splits["side"]) == {"train", "test"}
    assert "There is no validation side." in made.notes


@pytest.mark.parametrize(
    ("n_sick", "n_healthy", "count"),
    [
        (1, 10, "pneumonia: 1 positive subject in all"),
        (0, 10, "pneumonia: 0 positive subjects in all"),
        (10, 1, "pneumonia: 1 negative subject in all"),
        (1, 0, "pneumonia: 1 positive subject in all"),
    ],
)
def test_a_side_without_a_class_is_refused_with_the_count(n_sick, n_healthy, count):
    with pytest.raises(SplitError) as caught:
        split(sick_and_healthy(n_sick, n_healthy))
    assert caught.value.found.startswith(count)


def test_positives_that_all_share_audio_are_refused_with_the_count():
    rows = [recording(f"icbhi-{k}", 0, diagnosis="Pneumonia", audio="one") for k in range(4)]
    rows += [recording(f"icbhi-{k}") for k in range(10, 20)]
    with pytest.raises(SplitError, match=r"4 positive subjects in all in 1 group\(s\)"):
        split(tables(rows))


def test_more_folds_than_positive_subjects_are_refused_for_every_fold_with_the_count():
    index = sick_and_healthy(3, 20)
    for fold in range(4):
        with pytest.raises(SplitError, match="3 positive subjects in all") as caught:
            split(index, fold=fold, n_folds=4)
        assert "3 or less" in caught.value.action
    assert split(index, fold=2, n_folds=3)


def test_a_fold_or_a_mode_that_does_not_exist_is_refused():
    with pytest.raises(SettingsError, match="--fold 3"):
        split(sick_and_healthy(5, 5), fold=3)
    with pytest.raises(SettingsError, match="groupd"):
        split(sick_and_healthy(5, 5), mode="groupd")


def test_nothing_with_a_label_is_an_error_of_its_own():
    index = tables([recording("icbhi-1", diagnosis=""), recording("icbhi-2", diagnosis="NA")])
    with pytest.raises(SplitError, match="no recording has a label"):
        split(index)


def test_test_only_puts_everything_on_the_test_side_even_one_class():
    made = split(sick_and_healthy(0, 3), mode="test-only")
    assert set(made.splits["side"]) == {"test"}
    assert made.mode == "test-only"


# Identical audio


def test_copies_under_conflicting_labels_are_left_out_for_the_problem_at_hand_only():
    rows = [
        recording("jordan-100", 0, ["N"], "N", audio="a"),
        recording("jordan-100", 1, ["N"], "N"),
        recording("jordan-101", 0, ["E W"], "Asthma", audio="a"),
        *(recording(f"jordan-{k}", 0, ["I C E W"], "pneumonia") for k in range(5)),
        *(recording(f"jordan-{k}", 0, ["N"], "N") for k in range(10, 15)),
    ]
    sounds = split(tables(rows), "crackle_wheeze")
    gone = sounds.excluded
    assert list(gone["recording_id"]) == ["jordan/jordan-100_0", "jordan/jordan-101_0"]
    assert set(gone["reason"]) == {"conflicting labels"}
    assert "jordan/jordan-101_0" in gone["detail"].iloc[0]
    assert "jordan/jordan-100_1" in set(sounds.splits["recording_id"])
    assert any("2 copies of identical audio" in note for note in sounds.notes)

    illness = split(tables(rows))
    assert illness.excluded.empty
    assert len({sides_of(illness)[f"jordan/jordan-{k}_0"] for k in (100, 101)}) == 1
    assert any("jordan-100 = jordan-101" in note for note in illness.notes)


def test_copies_with_the_same_labels_stay_and_stay_together():
    rows = [
        recording("icbhi-1", 0, ["crackle", "normal"], audio="a"),
        recording("icbhi-2", 0, ["crackle", "normal"], audio="a"),
        recording("icbhi-3", 0, ["crackle", "normal"], audio="b"),
        recording("icbhi-4", 0, ["normal", "crackle"], audio="b"),
    ]
    made = split(tables(rows), "crackle_wheeze", mode="test-only")
    assert set(made.splits["subject_id"]) == {"icbhi-1", "icbhi-2"}


def test_a_weak_copy_conflicts_only_if_it_names_other_sounds():
    rows = [
        recording("icbhi-1", 0, ["crackle", "normal"], audio="a"),
        recording("jordan-1", 0, ["Crep"], audio="a"),
        recording("icbhi-2", 0, ["wheeze", "normal"], audio="b"),
        recording("jordan-2", 0, ["Crep"], audio="b"),
    ]
    made = split(tables(rows), "crackle_wheeze", mode="test-only")
    assert set(made.splits["subject_id"]) == {"icbhi-1", "jordan-1"}


def test_subjects_stay_together_through_chains_and_unlabelled_recordings():
    rows = [
        recording("icbhi-3", 0, audio="a"),
        recording("icbhi-2", 0, audio="a"),
        recording("icbhi-2", 1, audio="b"),
        recording("jordan-1", 0, audio="b", diagnosis=""),
        recording("jordan-1", 1),
    ]
    groups = subject_groups(tables(rows)[0])
    assert set(groups.values()) == {"icbhi-2"}
    assert set(groups) == {"icbhi-2", "icbhi-3", "jordan-1"}


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


# The official split of ICBHI


def official(**sides: str):
    """Return a cohort with crackles and wheezes everywhere; each subject's sides by recording."""
    words = ["crackle", "wheeze", "normal"]
    return [
        recording(f"icbhi-{subject.strip('_')}", n, words, official_side=side)
        for subject, letters in sides.items()
        for n, side in enumerate({"r": "train", "e": "test", "x": ""}[each] for each in letters)
    ]


def test_the_official_sides_are_kept_and_a_subject_on_both_is_wholly_on_train():
    rows = official(_101="rr", _102="r", _103="r", _104="r", _156="re", _201="ee", _202="e")
    made = split(tables(rows), "crackle_wheeze")
    assert made.mode == "official-clean"
    assert subjects_on(made, "test") == {"icbhi-201", "icbhi-202"}
    assert "icbhi-156" in subjects_on(made, "train") | subjects_on(made, "val")
    assert any("icbhi-156" in note and "1 test recording" in note for note in made.notes)


def test_a_group_by_audio_that_spans_the_official_sides_goes_to_train():
    rows = official(_101="r", _102="r", _103="r", _201="e", _202="e")
    copy = rows[0]["content_hash"]
    rows[3] = {**rows[3], "content_hash": copy}
    made = split(tables(rows), "crackle_wheeze")
    assert subjects_on(made, "test") == {"icbhi-202"}


def test_pneumonia_and_folds_do_not_use_the_official_sides():
    rows = official(_101="r", _102="r", _103="r", _104="r", _201="e", _202="e", _203="e")
    assert split(tables(rows), "crackle_wheeze", fold=0).mode == "fold 0 of 3"
    assert split(tables(rows), "crackle_wheeze", mode="grouped").mode == "grouped"
    for row in rows[:2] + rows[-2:]:
        row["diagnosis"] = "Pneumonia"
    assert split(tables(rows)).mode == "grouped"


@pytest.mark.parametrize(
    ("cohort", "said"),
    [
        ({"_1": "r", "_2": "r", "_3": "rr", "_4": "r"}, "the test side of it"),
        ({"_1": "e", "_2": "e", "_3": "ee", "_4": "e"}, "the train side of it"),
        ({"_1": "r", "_2": "r", "_3": "r", "_4": "re"}, "a test side of its own subjects"),
        ({"_1": "x", "_2": "x", "_3": "x", "_4": "x"}, "the test side and the train side of it"),
    ],
)
def test_an_official_split_with_one_side_missing_falls_back_with_a_note(cohort, said):
    made = split(tables(official(**cohort)), "crackle_wheeze")
    assert made.mode == "grouped"
    assert any(said in note for note in made.notes)
    assert len(made.splits) == sum(map(len, cohort.values()))


def test_a_recording_that_the_official_split_does_not_name_is_left_out_with_the_reason():
    made = split(tables(official(_1="rrx", _2="r", _3="r", _4="e", _5="x")), "crackle_wheeze")
    assert list(made.excluded["recording_id"]) == ["icbhi/icbhi-1_2", "icbhi/icbhi-5_0"]
    assert set(made.excluded["reason"]) == {"no official side"}
    assert any("2 recordings that the official split does not name" in n for n in made.notes)


def test_an_official_side_without_a_label_is_refused_and_points_to_grouped():
    rows = official(_1="r", _2="r", _3="e")
    rows[-1] = {**rows[-1], "words": ["crackle", "normal"]}
    with pytest.raises(SplitError, match="wheeze: 2 positive subjects in all") as caught:
        split(tables(rows), "crackle_wheeze")
    assert "grouped" in caught.value.action


def test_other_data_sets_are_dealt_beside_an_official_split():
    rows = official(_1="r", _2="r", _3="e")
    rows += [recording(f"sprsound-{k}", 0, ["Wheeze", "Normal"]) for k in range(12)]
    made = split(tables(rows), "crackle_wheeze")
    assert made.mode == "official-clean+grouped"
    assert subjects_on(made, "test") > {"icbhi-3"}
    assert len(subjects_on(made, "test")) == 1 + 3


def test_train_and_val_do_not_change_when_everything_on_the_official_test_side_is_noise():
    rows = official(_1="rr", _2="r", _3="rr", _4="r", _5="rr", _6="r", _7="ee", _8="e", _9="e")
    before = split(tables(rows), "crackle_wheeze")
    noise = np.random.default_rng(0)
    for row in rows:
        if row["official_side"] == "test":
            row["words"] = list(noise.choice(["normal", "wheeze", "crackle"], 7))
            row["words"] += ["wheeze", "crackle"]
            row["content_hash"] = row["audio_hash"] = content(noise.random())
            row["duration_s"], row["diagnosis"] = 99.0, "COPD"
    after = split(tables(rows), "crackle_wheeze")

    def kept(made):
        rows_ = made.splits[made.splits["side"] != "test"].reset_index(drop=True)
        spans = made.labels[made.labels["recording_id"].isin(rows_["recording_id"])]
        return rows_.to_csv(), spans.to_csv(index=False)

    assert kept(after) == kept(before)
    assert not after.labels.equals(before.labels)


@pytest.mark.parametrize("fold", [None, 1])
def test_val_is_carved_from_train_rows_alone_in_generated_modes(fold):
    index = sick_and_healthy(9, 30)
    made = split(index, fold=fold)
    test = made.splits["side"] == "test"
    gone = set(made.splits.loc[test, "recording_id"])
    # The same train rows beside another test side: of everybody, only the test subjects differ.
    recordings, events = index
    renamed = recordings["content_hash"].where(
        ~recordings["recording_id"].isin(gone), recordings["recording_id"].map(content)
    )
    again = split((recordings.assign(content_hash=renamed), events), fold=fold)
    assert sides_of(again) == sides_of(made)


# Files and processes


def test_a_split_reads_back_as_it_was_written(tmp_path):
    rows = official(_1="rr", _2="r", _3="r", _156="re", _201="ee")
    rows += [
        recording("jordan-1", 0, ["E W"], audio="a"),
        recording("jordan-2", 0, ["N"], audio="a"),
    ]
    rows += [recording(f"jordan-{k}", 0, ["E W"]) for k in range(3, 9)]
    made = split(tables(rows), "crackle_wheeze")
    info = write_split(made, tmp_path)
    again = read_split(tmp_path)
    for name in ("splits", "labels", "excluded"):
        pd.testing.assert_frame_equal(
            getattr(again, name), getattr(made, name), check_dtype=name == "labels"
        )
    assert (again.problem, again.mode, again.notes) == (made.problem, made.mode, made.notes)
    assert (again.split_hash, again.counts) == (made.split_hash, made.counts)
    assert info == {"mode": made.mode, "split_hash": made.split_hash}
    notes = json.loads((tmp_path / "notes.json").read_text())
    assert notes["counts"]["left_out"] == {"recording": {"conflicting labels": 2}}
    second = tmp_path / "second"
    second.mkdir()
    write_split(again, second)
    for path in second.iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes()


def test_a_split_that_was_changed_or_broken_afterwards_is_refused(tmp_path):
    write_split(split(sick_and_healthy(4, 4)), tmp_path)
    path = tmp_path / "splits.csv"
    path.write_text(path.read_text().replace(",test", ",train"))
    with pytest.raises(ContractError, match="changed afterwards"):
        read_split(tmp_path)
    (tmp_path / "notes.json").write_text("{")
    with pytest.raises(ContractError):
        read_split(tmp_path)


_SCRIPT = """
from tests.splits.test_sides import split, sick_and_healthy
print(split(sick_and_healthy(6, 15)).split_hash, split(sick_and_healthy(6, 15), fold=1).split_hash)
"""


def test_the_split_does_not_depend_on_the_hash_seed_of_python():
    root = Path(__file__).parents[2]
    here = f"{split(sick_and_healthy(6, 15)).split_hash} "
    out = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        cwd=root,
        env={"PYTHONHASHSEED": "12345", "PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert out.startswith(here)


# Real recordings


@needs_real_data
def test_real_crackles_and_wheezes_of_icbhi_follow_the_official_split():
    made = split(real_tables(["icbhi"]), "crackle_wheeze", **SHIPPED)
    assert made.mode == "official-clean"
    assert {side: made.counts[side]["all"]["recordings"] for side in SIDES} == {
        "train": 33,
        "val": 4,
        "test": 33,
    }


@needs_real_data
def test_real_jordan_copies_are_left_out_for_sounds_and_grouped_for_pneumonia():
    made = split(real_tables(["jordan"]), "crackle_wheeze", **SHIPPED)
    names = sorted(each.split("/")[1].split("_")[0] for each in made.excluded["recording_id"])
    assert names == ["BP100", "BP101", "DP100", "DP101", "EP76", "EP77"]
    made = split(real_tables(["jordan"]), **SHIPPED)
    assert made.excluded.empty
    assert [len(subjects_on(made, s, "pneumonia")) for s in ("train", "val", "test")] == [3, 1, 1]
    groups = dict(zip(made.splits["subject_id"], made.splits["group_id"], strict=True))
    assert groups["jordan-101"] == groups["jordan-100"]
    assert groups["jordan-77"] == groups["jordan-76"]


@needs_real_data
@pytest.mark.parametrize(
    ("problem", "datasets"),
    [
        ("pneumonia", ["icbhi", "jordan"]),
        ("crackle_wheeze", ["icbhi", "jordan", "sprsound"]),
    ],
)
def test_real_data_sets_together_have_every_label_in_every_fold(problem, datasets):
    index = real_tables(datasets)
    folds = [split(index, problem, fold, **SHIPPED) for fold in range(5)]
    for made in folds:
        for side in SIDES:
            assert all(made.counts[side]["all"]["positive_subjects"].values())
    sizes = [made.counts["test"]["all"]["subjects"] for made in folds]
    assert max(sizes) - min(sizes) <= 2
    assert sum(sizes) == folds[0].splits["subject_id"].nunique()


SHIPPED = {"n_folds": 5, "test_share": 0.2, "val_share": 0.2, "seed": 0}
