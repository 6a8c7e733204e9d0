"""Splits of the real recordings."""

from __future__ import annotations

import pytest

from tests.real_data import needs_real_data, real_tables
from tests.splits.cohorts import SIDES, split, subjects_on


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
