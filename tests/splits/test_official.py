"""The official splits: to the letter, cleaned, and where they cannot be used."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.errors import SettingsError, SplitError
from tests.splits.cohorts import (
    content,
    official,
    recording,
    sick_and_healthy,
    sides_of,
    split,
    subjects_on,
    tables,
)

BOTH = {"_101": "rr", "_102": "r", "_103": "r", "_104": "r", "_156": "re", "_201": "ee"}


@pytest.mark.parametrize("mode", ["default", "official-clean"])
def test_the_official_sides_are_kept_and_a_subject_on_both_is_wholly_on_train(mode):
    made = split(tables(official(**BOTH, _202="e")), "crackle_wheeze", mode=mode)
    assert made.mode == "official-clean"
    assert subjects_on(made, "test") == {"icbhi/201", "icbhi/202"}
    assert "icbhi/156" in subjects_on(made, "train") | subjects_on(made, "val")
    assert any("icbhi/156" in note and "1 test recording" in note for note in made.notes)
    assert made.overlap == {"subjects": [], "audio": []}


def test_a_group_by_audio_that_spans_the_official_sides_goes_to_train():
    rows = official(_101="r", _102="r", _103="r", _201="e", _202="e")
    rows[3] = {**rows[3], "content_hash": rows[0]["content_hash"]}
    made = split(tables(rows), "crackle_wheeze")
    assert subjects_on(made, "test") == {"icbhi/202"}


def test_a_subject_is_on_train_for_a_recording_there_that_has_no_label_too():
    rows = official(**BOTH)
    unlabelled = next(each for each in rows if each["recording_id"] == "icbhi/156_0")
    unlabelled["words"] = ["hum"]
    made = split(tables(rows), "crackle_wheeze", mode="official-clean")
    assert subjects_on(made, "test") == {"icbhi/201"}
    assert "icbhi/156" in set(made.splits["subject_id"])


def test_to_the_letter_every_recording_stays_where_it_was_published_and_overlap_is_told():
    rows = official(**BOTH)
    rows[-1] = {**rows[-1], "content_hash": rows[0]["content_hash"]}
    made = split(tables(rows), "crackle_wheeze", mode="official")
    assert made.mode == "official"
    for row in rows:
        side = sides_of(made)[row["recording_id"]].replace("val", "train")
        assert side == row["official_side"]
    assert made.overlap == {"subjects": ["icbhi/156"], "audio": ["icbhi/101_0 = icbhi/201_1"]}
    assert (
        "icbhi: icbhi/156 stands on both sides of the official split (1 test recording): "
        "figures on it are optimistic." in made.notes
    )
    assert any("icbhi/101_0 = icbhi/201_1" in note for note in made.notes)


def test_to_the_letter_copies_under_conflicting_labels_stay_and_val_is_carved_by_group():
    rows = official(**{f"_{k}": "rr" for k in range(8)}, _156="rrree", _201="ee", _202="ee")
    rows[0] = {**rows[0], "content_hash": rows[2]["content_hash"], "words": ["wheeze", "crackle"]}
    made = split(tables(rows), "crackle_wheeze", mode="official", val_share=0.5)
    assert made.excluded.empty
    assert "2 copies of identical audio under conflicting labels are kept, as published." in (
        made.notes
    )
    rest = made.splits[made.splits["side"] != "test"]
    assert set(rest["side"]) == {"train", "val"}
    assert rest.groupby("group_id")["side"].nunique().max() == 1


def sprsound(**sides: str):
    return official("sprsound", ("Normal", "Wheeze", "Fine Crackle"), **sides)


def test_the_test_sides_of_sprsound_are_kept_apart_as_parts():
    rows = sprsound(_1="ra", _2="ra", _3="r", _4="r", _5="r", _8="ii", _9="i")
    made = split(tables(rows), "sprsound-1-1", mode="official")
    parts = dict(zip(made.splits["recording_id"], made.splits["part"], strict=True))
    expected = {each["recording_id"]: each["official_side"] for each in rows}
    assert parts == {k: "" if side == "train" else side for k, side in expected.items()}
    assert set(made.splits.loc[made.splits["part"] != "", "side"]) == {"test"}
    assert made.overlap["subjects"] == ["sprsound/1", "sprsound/2"]
    assert any("sprsound/1 and sprsound/2 stand on both sides" in note for note in made.notes)

    clean = split(tables(rows), "sprsound-1-1", mode="official-clean")
    on_test = clean.splits[clean.splits["side"] == "test"]
    assert set(on_test["subject_id"]) == {"sprsound/8", "sprsound/9"}
    assert set(on_test["part"]) == {"inter-test"}
    assert set(clean.splits.loc[clean.splits["side"] != "test", "part"]) == {""}


def test_a_published_test_side_of_exclusive_classes_need_not_have_all_of_them():
    kinds = ("Rhonchi", "Wheeze", "Stridor", "Coarse Crackle", "Fine Crackle", "Wheeze+Crackle")
    rows = official("sprsound", ("Normal", *kinds), _1="ra", _2="r", _3="r")
    rows += official("sprsound", ("Normal", "Wheeze"), _9="i")
    made = split(tables(rows), "sprsound-1-2", mode="official-clean")
    assert subjects_on(made, "test") == {"sprsound/9"}
    assert any("The test side has no subject with rhonchi or" in note for note in made.notes)
    rows[-1] = {**rows[-1], "words": ["Normal"]}
    with pytest.raises(SplitError, match=r"no subject for rhonchi or wheeze or .* on the test"):
        split(tables(rows), "sprsound-1-2", mode="official-clean")


@pytest.mark.parametrize("mode", ["official", "official-clean"])
def test_a_side_that_is_not_on_disk_is_named_when_the_mode_is_asked_for(mode):
    index = tables(sprsound(_1="r", _2="r", _3="r", _4="r"))
    with pytest.raises(SplitError, match="inter-test and intra-test sides is on disk") as caught:
        split(index, "crackle_wheeze", mode=mode)
    assert "sprsound" in caught.value.found
    assert caught.value.where == f"--split {mode}"
    with pytest.raises(SplitError, match="recording of the intra-test side is on disk"):
        split(tables(sprsound(_1="r", _2="r", _3="i")), "crackle_wheeze", mode=mode)


@pytest.mark.parametrize("mode", ["official", "official-clean"])
def test_a_data_set_without_an_official_split_is_named_when_the_mode_is_asked_for(mode):
    rows = [*official(**BOTH), recording("jordan/1", 0, ["E W"])]
    with pytest.raises(SplitError, match="jordan has none"):
        split(tables(rows), "crackle_wheeze", mode=mode)


@pytest.mark.parametrize("mode", ["official", "official-clean"])
def test_a_class_with_no_subject_on_the_test_side_is_refused_with_the_count(mode):
    rows = official(**BOTH)
    for row in rows[:3]:
        row["diagnosis"] = "Pneumonia"
    with pytest.raises(SplitError) as caught:
        split(tables(rows), mode=mode)
    assert caught.value.found == (
        "pneumonia on icbhi's official split: "
        "no positive subject on the test side (2 on the train side)"
    )
    assert caught.value.action == "use grouped"
    made = split(tables(rows))
    assert made.mode == "grouped"
    assert made.notes[0] == (
        "icbhi: the official split is not used: no positive subject on the test side (2 on the "
        "train side). Its subjects were dealt to the sides instead."
    )


@pytest.mark.parametrize(
    ("cohort", "said"),
    [
        ({"_1": "r", "_2": "r", "_3": "rr", "_4": "r"}, "no recording of the test side is on"),
        ({"_1": "e", "_2": "e", "_3": "ee", "_4": "e"}, "no recording of the train side is on"),
        ({"_1": "r", "_2": "r", "_3": "r", "_4": "re"}, "stands on the test side alone"),
        ({"_1": "x", "_2": "x", "_3": "x", "_4": "x"}, "the train and test sides is on disk"),
    ],
)
def test_an_official_split_with_one_side_missing_falls_back_with_a_note(cohort, said):
    made = split(tables(official(**cohort)), "crackle_wheeze")
    assert made.mode == "grouped"
    assert any(said in note for note in made.notes)
    assert len(made.splits) == sum(map(len, cohort.values()))


@pytest.mark.parametrize("mode", ["default", "official", "official-clean"])
def test_a_recording_that_the_official_split_does_not_name_is_left_out_with_the_reason(mode):
    rows = official(_1="rrx", _2="r", _3="r", _4="e", _5="x")
    made = split(tables(rows), "crackle_wheeze", mode=mode)
    assert list(made.excluded["recording_id"]) == ["icbhi/1_2", "icbhi/5_0"]
    assert set(made.excluded["reason"]) == {"no official side"}
    assert any("2 recordings that the official split does not name" in n for n in made.notes)


def test_a_label_that_the_official_test_side_lacks_makes_the_default_fall_back():
    rows = official(_1="r", _2="r", _3="r", _4="e")
    rows[-1] = {**rows[-1], "words": ["crackle", "normal"]}
    made = split(tables(rows), "crackle_wheeze")
    assert made.mode == "grouped"
    assert "no positive subject for wheeze on the test side (3 on the train side)" in made.notes[0]


def test_other_data_sets_are_dealt_beside_an_official_split():
    rows = official(_1="r", _2="r", _3="e")
    rows += [recording(f"jordan/{k}", 0, ["I C E W"]) for k in range(6)]
    rows += [recording(f"jordan/{k}", 0, ["N"]) for k in range(6, 12)]
    made = split(tables(rows), "crackle_wheeze")
    assert made.mode == "official-clean+grouped"
    assert {each for each in subjects_on(made, "test") if "icbhi" in each} == {"icbhi/3"}
    assert len(subjects_on(made, "test")) == 1 + 3


def test_a_subject_of_another_data_set_follows_the_official_side_of_its_audio():
    rows = official(_1="r", _2="r", _3="r", _4="e")
    rows += [recording(f"jordan/{k}", 0, ["N"]) for k in range(8)]
    rows += [
        {**recording("jordan/8", 1, ["I C E W"]), "content_hash": rows[3]["content_hash"]},
        {**recording("jordan/9", 1, ["I C E W"]), "content_hash": rows[0]["content_hash"]},
    ]
    made = split(tables(rows), "crackle_wheeze")
    assert "jordan/8" in subjects_on(made, "test")
    assert sides_of(made)["jordan/9_1"] == sides_of(made)["icbhi/1_0"] != "test"


def test_an_official_split_that_gives_up_no_longer_draws_others_to_its_train_side():
    # sprsound's test sides are missing, so its train side must not pull icbhi/4 off the test side.
    rows = official(_1="r", _2="r", _3="r", _4="e")
    rows += sprsound(_1="r", _2="r", _3="r")
    words = ["Fine Crackle", "Wheeze", "Normal"]
    rows[4] = {**rows[4], "content_hash": rows[3]["content_hash"], "words": words}
    made = split(tables(rows), "crackle_wheeze")
    assert made.mode == "official-clean+grouped"
    assert {"icbhi/4", "sprsound/1"} <= subjects_on(made, "test")


@pytest.mark.parametrize("mode", ["official", "official-clean", "file", "test-only"])
def test_a_fold_of_a_mode_without_folds_is_refused(mode):
    given = object() if mode == "file" else None
    with pytest.raises(SettingsError, match=f"no fold with --split {mode}"):
        split(sick_and_healthy(5, 5), fold="0", mode=mode, given=given)


def test_train_and_val_do_not_change_when_everything_on_the_official_test_side_is_noise():
    rows = official(_1="rr", _2="r", _3="rr", _4="r", _5="rr", _6="r", _7="ee", _8="e", _9="e")
    before = split(tables(rows), "crackle_wheeze")
    noise = np.random.default_rng(0)
    for row in rows:
        if row["official_side"] == "test":
            row["words"] = list(noise.choice(["normal", "wheeze", "crackle"], 7))
            row["words"] += ["wheeze", "crackle", "normal"]
            row["content_hash"] = row["audio_hash"] = content(noise.random())
            row["duration_s"], row["diagnosis"] = 99.0, "COPD"
    after = split(tables(rows), "crackle_wheeze")

    def kept(made):
        rows_ = made.splits[made.splits["side"] != "test"].reset_index(drop=True)
        spans = made.labels[made.labels["recording_id"].isin(rows_["recording_id"])]
        return rows_.to_csv(), spans.to_csv(index=False)

    assert kept(after) == kept(before)
    assert not after.labels.equals(before.labels)


@pytest.mark.parametrize("fold", ["", "1"])
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
