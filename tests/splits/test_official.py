"""The official split of ICBHI, cleaned, and what does not follow it."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.errors import SplitError
from tests.fakes.cohort_tables import (
    content,
    recording,
    tables,
)
from tests.splits.cohorts import official, sick_and_healthy, sides_of, split, subjects_on


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
