"""What the sides look like, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from pipeline.errors import ContractError, SettingsError, SplitError
from pipeline.problems import problem_named
from pipeline.schema import SPLIT_MODES
from pipeline.splits import MODES, make_split, read_split, write_split
from pipeline.splits.strata import Group, deal
from tests.splits.cohorts import (
    LABELS,
    SIDES,
    official,
    recording,
    sick_and_healthy,
    split,
    subjects_on,
    tables,
)


def test_the_shares_are_kept_in_every_stratum():
    rows = [
        recording(f"{dataset}/{k}", diagnosis="Pneumonia" if k % 4 == 0 else "COPD")
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
        made = split(index, fold=str(fold), n_folds=5)
        assert (made.mode, made.fold) == ("grouped", str(fold))
        assert made.described == f"grouped, fold {fold}"
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
    rows = [recording(f"icbhi/{k}", 0, diagnosis="Pneumonia", audio="one") for k in range(4)]
    rows += [recording(f"icbhi/{k}") for k in range(10, 20)]
    with pytest.raises(
        SplitError, match=r"4 positive subjects in all in 1 group that shares audio"
    ):
        split(tables(rows))


def test_more_folds_than_positive_subjects_are_refused_for_every_fold_with_the_count():
    index = sick_and_healthy(3, 20)
    for fold in range(4):
        with pytest.raises(SplitError, match="3 positive subjects in all") as caught:
            split(index, fold=str(fold), n_folds=4)
        assert "3 or less" in caught.value.action
    assert split(index, fold="2", n_folds=3)


def test_a_fold_or_a_mode_that_does_not_exist_is_refused():
    with pytest.raises(SettingsError, match="--fold 3"):
        split(sick_and_healthy(5, 5), fold="3")
    with pytest.raises(SettingsError, match="groupd"):
        split(sick_and_healthy(5, 5), mode="groupd")


def test_there_are_the_modes_of_the_command_line_and_one_for_scoring():
    assert (*SPLIT_MODES, "test-only", "gate-only") == MODES


def test_settings_that_have_no_effect_need_not_be_there():
    index = sick_and_healthy(8, 8)
    question = problem_named("pneumonia")
    with_test = {"test_share": 0.25, "val_share": 0.25, "seed": 0}
    for mode in ("default", "grouped"):
        made = make_split(question, *index, LABELS, with_test, mode)
        assert made.split_hash == split(index, mode=mode).split_hash
    with_folds = {"n_folds": 3, "val_share": 0.25, "seed": 0}
    made = make_split(question, *index, LABELS, with_folds, "grouped", "1")
    assert made.split_hash == split(index, mode="grouped", fold="1").split_hash
    assert make_split(question, *index, LABELS, {}, "test-only").mode == "test-only"


def test_nothing_with_a_label_is_an_error_of_its_own():
    index = tables([recording("icbhi/1", diagnosis=""), recording("icbhi/2", diagnosis="NA")])
    with pytest.raises(SplitError, match="no recording has a label"):
        split(index)


def test_test_only_puts_everything_on_the_test_side_even_one_class():
    made = split(sick_and_healthy(0, 3), mode="test-only")
    assert set(made.splits["side"]) == {"test"}
    assert made.mode == "test-only"


def test_a_split_reads_back_as_it_was_written(tmp_path):
    rows = official(_1="rr", _2="r", _3="r", _156="re", _201="ee")
    rows += [
        recording("jordan/1", 0, ["E W"], audio="a"),
        recording("jordan/2", 0, ["N"], audio="a"),
    ]
    rows += [recording(f"jordan/{k}", 0, ["E W"]) for k in range(3, 9)]
    made = split(tables(rows), "crackle_wheeze")
    info = write_split(made, tmp_path)
    again = read_split(tmp_path)
    for name in ("splits", "labels", "excluded"):
        pd.testing.assert_frame_equal(
            getattr(again, name), getattr(made, name), check_dtype=name == "labels"
        )
    assert again.problem.content == made.problem.content
    for name in ("mode", "fold", "notes", "overlap"):
        assert getattr(again, name) == getattr(made, name)
    assert (again.split_hash, again.counts) == (made.split_hash, made.counts)
    assert info == {"mode": made.mode, "fold": "", "split_hash": made.split_hash}
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
from tests.splits.cohorts import split, sick_and_healthy
index = sick_and_healthy(6, 15)
print(split(index).split_hash, split(index, fold="1").split_hash)
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
