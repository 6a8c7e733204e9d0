"""Splits of the real recordings, each mode on what it applies to."""

from __future__ import annotations

import hashlib
from functools import cache

import pandas as pd
import pytest

from pipeline.datasets import load
from pipeline.errors import SplitError
from pipeline.problems import problem_named
from pipeline.splits import fold_names
from tests.real_data import FOLDER, needs_real_data, real_tables
from tests.splits.cohorts import LABELS, SIDES, split, subjects_on

SHIPPED = {"n_folds": 5, "test_share": 0.2, "val_share": 0.2, "seed": 0}

pytestmark = needs_real_data


@cache
def all_of_icbhi():
    """Return the index tables of all 920 recordings, from annotations alone."""
    folder = FOLDER / "icbhi"
    texts = [each.relative_to(folder).as_posix() for each in folder.rglob("*.txt")]
    texts = [each for each in texts if "final_database" not in each]
    sounds = [f"{each[:-4]}.wav" for each in texts if each.startswith("annotations_all/")]
    found = load("icbhi").read(folder, sorted(texts + sounds))
    recordings, events = pd.DataFrame(found.recordings), pd.DataFrame(found.events)
    names = [hashlib.sha256(each.encode()).hexdigest() for each in recordings["recording_id"]]
    lasts = recordings["recording_id"].map(events.groupby("recording_id")["end_s"].max())
    return recordings.assign(content_hash=names, duration_s=lasts), events


def made_by(problem: str, mode: str, index, fold: str = ""):
    return split(index, problem, fold, mode, **SHIPPED)


def spans_on(made, side: str) -> pd.DataFrame:
    return made.labels.merge(made.splits[made.splits["side"] == side], on="recording_id")


def n_recordings(made) -> tuple[int, int]:
    """Return the recordings on train and val together, and on test."""
    on = made.splits["side"].value_counts()
    return int(on["train"] + on.get("val", 0)), int(on["test"])


def test_icbhi_to_the_letter_has_the_published_recordings_and_cycles():
    made = made_by("icbhi-4", "official", all_of_icbhi())
    assert n_recordings(made) == (539, 381)
    train = pd.concat([spans_on(made, "train"), spans_on(made, "val")])
    test = spans_on(made, "test")
    assert (len(train), len(test)) == (4142, 2756)
    for spans, cycles in ((train, (2063, 1215, 501, 363)), (test, (1579, 649, 385, 143))):
        assert tuple(spans[list(made.names)].sum()) == cycles
    assert made.overlap == {"subjects": ["icbhi/156", "icbhi/218"], "audio": []}
    assert made.notes[0] == (
        "icbhi: icbhi/156 and icbhi/218 stand on both sides of the official split (12 test "
        "recordings): figures on it are optimistic."
    )


@pytest.mark.parametrize("mode", ["official-clean", "default"])
def test_icbhi_cleaned_has_156_and_218_on_the_train_side_only(mode):
    made = made_by("crackle_wheeze", mode, all_of_icbhi())
    assert made.mode == "official-clean"
    assert n_recordings(made) == (539 + 12, 381 - 12)
    assert subjects_on(made, "test").isdisjoint({"icbhi/156", "icbhi/218"})
    assert made.overlap == {"subjects": [], "audio": []}
    assert any("their 12 test recordings were moved" in note for note in made.notes)


def test_pneumonia_cannot_use_the_official_split_of_icbhi():
    for mode in ("official", "official-clean"):
        with pytest.raises(SplitError, match="use grouped") as caught:
            made_by("pneumonia", mode, all_of_icbhi())
        assert caught.value.found == (
            "pneumonia on icbhi's official split: no positive subject on the test side (6 on the "
            "train side)"
        )
    made = made_by("pneumonia", "default", all_of_icbhi())
    assert made.mode == "grouped"
    assert "no positive subject on the test side (6 on the train side)" in made.notes[0]
    assert [len(subjects_on(made, side, "pneumonia")) for side in ("train", "val", "test")] == [
        4,
        1,
        1,
    ]


def test_the_devices_of_icbhi_are_held_out_with_their_subjects():
    index = all_of_icbhi()
    names = fold_names(
        problem_named("crackle_wheeze"), "leave-one-device-out", *index, LABELS, SHIPPED
    )
    assert names == ("AKGC417L", "Litt3200", "LittC2SE", "Meditron")
    left = {}
    for name, n in zip(names, (646, 60, 87, 127), strict=True):
        made = made_by("crackle_wheeze", "leave-one-device-out", index, name)
        assert n_recordings(made)[1] == n
        gone = made.excluded.merge(index[0], on="recording_id")
        assert len(made.splits) + len(gone) == 920
        left[name] = set(gone["subject_id"])
        assert left[name].isdisjoint(made.splits.loc[made.splits["side"] != "test", "subject_id"])
    assert set.union(*left.values()) == {f"icbhi/{k}" for k in (112, 158, 218, 226)}


def test_real_crackles_and_wheezes_of_icbhi_follow_the_official_split():
    made = made_by("crackle_wheeze", "default", real_tables(["icbhi"]))
    assert made.mode == "official-clean"
    assert n_recordings(made) == (37, 33)


def test_real_jordan_copies_are_left_out_for_sounds_and_grouped_for_pneumonia():
    for problem in ("crackle_wheeze", "icbhi-4"):
        made = made_by(problem, "default", real_tables(["jordan"]))
        names = sorted(each.split("/")[1].split("_")[0] for each in made.excluded["recording_id"])
        assert names == ["BP100", "BP101", "DP100", "DP101", "EP76", "EP77"]
        assert set(made.excluded["reason"]) == {"conflicting labels"}
    made = made_by("pneumonia", "default", real_tables(["jordan"]))
    assert made.excluded.empty
    assert [len(subjects_on(made, s, "pneumonia")) for s in ("train", "val", "test")] == [3, 1, 1]
    groups = dict(zip(made.splits["subject_id"], made.splits["group_id"], strict=True))
    assert groups["jordan/101"] == groups["jordan/100"]
    assert groups["jordan/77"] == groups["jordan/76"]
    with pytest.raises(SplitError, match="jordan has none"):
        made_by("pneumonia", "official", real_tables(["jordan"]))


@pytest.mark.parametrize("mode", ["official", "official-clean"])
def test_the_official_split_of_sprsound_is_refused_without_its_test_sides(mode):
    with pytest.raises(SplitError, match="inter-test and intra-test sides is on disk"):
        made_by("sprsound-1-1", mode, real_tables(["sprsound"]))


@pytest.mark.parametrize(
    "problem", ["crackle_wheeze", "sprsound-1-1", "sprsound-1-2", "sprsound-2-1", "sprsound-2-2"]
)
def test_sprsound_is_dealt_without_its_test_sides_and_a_note_says_so(problem):
    made = made_by(problem, "default", real_tables(["sprsound"]))
    assert made.mode == "grouped"
    assert made.notes[0].startswith("sprsound: the official split is not used: no recording of")
    assert set(made.splits["part"]) == {""}
    for side in ("train", "test"):
        assert all(made.counts[side]["all"]["positive_subjects"].values())


def test_folds_of_a_class_with_two_subjects_are_refused_with_the_count():
    with pytest.raises(SplitError, match="stridor: 2 subjects in all, in 2 of 5 folds") as caught:
        made_by("sprsound-1-2", "grouped", real_tables(["sprsound"]), "0")
    assert "n_folds to 2 or less" in caught.value.action


def test_each_data_set_can_be_left_out():
    index = real_tables(["icbhi", "jordan", "sprsound"])
    n = {"icbhi": 70, "jordan": 330, "sprsound": 1772}
    for name in n:
        made = made_by("crackle_wheeze", "leave-one-dataset-out", index, name)
        assert set(made.splits.loc[made.splits["side"] == "test", "dataset"]) == {name}
        assert n_recordings(made) == (sum(n.values()) - n[name], n[name])


@pytest.mark.parametrize(
    ("problem", "datasets"),
    [
        ("pneumonia", ["icbhi", "jordan"]),
        ("crackle_wheeze", ["icbhi", "jordan", "sprsound"]),
        ("sprsound-2-2", ["sprsound"]),
    ],
)
def test_real_data_sets_together_have_every_label_in_every_fold(problem, datasets):
    index = real_tables(datasets)
    folds = [made_by(problem, "grouped", index, str(fold)) for fold in range(5)]
    for made in folds:
        for side in SIDES:
            assert all(made.counts[side]["all"]["positive_subjects"].values())
    sizes = [made.counts["test"]["all"]["subjects"] for made in folds]
    assert max(sizes) - min(sizes) <= 2
    assert sum(sizes) == folds[0].splits["subject_id"].nunique()
