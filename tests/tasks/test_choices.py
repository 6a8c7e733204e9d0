"""--split, --fold, --folds and --split-file: what they come to, and what contradicts."""

from __future__ import annotations

import hashlib

import pytest

import pipeline
from pipeline.errors import SettingsError
from pipeline.schema import SPLIT_MODES
from pipeline.splits import MODES
from pipeline.tasks.choices import choose_split, refuse_ignored, refuse_other_than_job

SPLITS = {"n_folds": 5, "test_share": 0.2, "val_share": 0.2, "seed": 0}


def choose(mode="default", fold="", n_folds=0, split_file=""):
    return choose_split(mode, fold, n_folds, split_file, SPLITS)


def test_every_mode_but_the_internal_one_can_be_asked_for():
    assert set(MODES) - {"test-only", "gate-only"} == set(SPLIT_MODES)


def test_without_folds_there_is_one_split_and_the_number_of_folds_does_not_matter():
    found = choose()
    assert (found.mode, found.fold, found.all_folds) == ("default", "", False)
    assert set(found.settings) == {"test_share", "val_share", "seed"}


def test_a_single_fold_is_one_of_the_grouped_ones():
    found = choose(fold="2")
    assert (found.mode, found.fold, found.all_folds) == ("grouped", "2", False)
    assert set(found.settings) == {"n_folds", "val_share", "seed"}
    assert choose(fold="6", n_folds=7).settings["n_folds"] == 7


def test_all_folds_are_one_result():
    found = choose(n_folds=3)
    assert (found.mode, found.fold, found.all_folds) == ("grouped", "", True)
    assert found.settings["n_folds"] == 3


def test_folds_of_the_published_train_side_are_dealt_as_grouped_ones():
    found = choose("official-train", n_folds=3)
    assert (found.mode, found.fold, found.all_folds) == ("official-train", "", True)
    assert set(found.settings) == {"n_folds", "val_share", "seed"}
    assert choose("official-train", fold="2").fold == "2"
    assert not choose("official-train").all_folds
    assert set(choose("official-train").settings) == {"test_share", "val_share", "seed"}


@pytest.mark.parametrize(
    ("mode", "given", "are_hard"),
    [
        ("default", {"n_folds": 3}, True),
        ("official-train", {"fold": "1"}, True),
        ("official-train", {}, False),
        ("default", {}, False),
        ("leave-one-device-out", {}, False),
    ],
)
def test_hard_folds_matter_only_where_folds_are_dealt(mode, given, are_hard):
    asked = {"fold": "", "n_folds": 0, "split_file": "", **given}
    hard = choose_split(mode, **asked, settings={**SPLITS, "hard_folds": True}).settings
    soft = choose_split(mode, **asked, settings={**SPLITS, "hard_folds": False}).settings
    assert hard.pop("hard_folds", False) == are_hard
    assert hard == soft


@pytest.mark.parametrize("mode", ["leave-one-dataset-out", "leave-one-device-out"])
def test_leaving_one_out_means_each_of_them_unless_one_is_named(mode):
    assert choose(mode).all_folds
    assert not choose(mode, fold="Meditron").all_folds
    assert set(choose(mode).settings) == {"val_share", "seed"}


@pytest.mark.parametrize("mode", ["official", "official-clean"])
def test_what_a_published_split_does_not_use_makes_no_other_run(mode):
    assert set(choose(mode).settings) == {"val_share", "seed"}


def test_a_split_file_is_known_by_its_content(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("subject_id,side\n")
    assert choose("file", split_file=str(path)).file_hash == (
        hashlib.sha256(path.read_bytes()).hexdigest()
    )


@pytest.mark.parametrize(
    "given",
    [
        {"mode": "official", "fold": "1"},
        {"mode": "file", "n_folds": 5},
        {"mode": "leave-one-device-out", "n_folds": 5},
        {"fold": "5"},
        {"mode": "official-train", "fold": "5"},
        {"fold": "01"},
        {"fold": "Meditron"},
        {"n_folds": 1},
        {"n_folds": -2},
        {"mode": "file"},
        {"mode": "file", "split_file": "nowhere.csv"},
        {"split_file": "mine.csv"},
    ],
)
def test_contradictions_are_refused(given):
    with pytest.raises(SettingsError):
        choose(**given)


def test_the_command_in_the_report_names_the_split():
    task = pipeline.TrainModel(problem="icbhi-4", datasets="icbhi", split="official", subset=3)
    assert task.evaluation().command == (
        "luigi --module pipeline TrainModel --problem icbhi-4 --datasets icbhi --split official "
        "--subset 3"
    )


def test_folds_of_data_sets_are_known_before_anything_is_read():
    task = pipeline.TrainModel(
        problem="crackle_wheeze", datasets="icbhi,jordan", split="leave-one-dataset-out"
    ).evaluation()
    assert list(task.folds) == ["icbhi", "jordan"]
    assert {one.fold for one in task.folds.values()} == {"icbhi", "jordan"}
    assert len({one.task_id for one in task.folds.values()}) == 2


@pytest.mark.parametrize("words", [["--datasets", ""], ["--datasets="], ["--seed", "", "--fold"]])
def test_an_empty_value_is_not_replaced_by_the_default_in_silence(words):
    with pytest.raises(SettingsError, match="is a shell variable not set"):
        refuse_ignored(["luigi", "TrainPneumonia", *words], ("simulated",), "")


def test_a_folder_that_takes_no_part_is_refused():
    words = ["luigi", "TrainPneumonia", "--paths-folder", "here"]
    refuse_ignored(words, ("folder", "icbhi"), "here")
    refuse_ignored(["luigi", "TrainPneumonia"], ("icbhi",), "from luigi.cfg")
    with pytest.raises(SettingsError, match="--datasets folder"):
        refuse_ignored(words, ("icbhi",), "here")


@pytest.mark.parametrize(("datasets", "fold"), [(("icbhi",), ""), (("icbhi", "jordan"), "perch")])
def test_leaving_a_data_set_out_needs_two_and_one_of_them(datasets, fold):
    with pytest.raises(SettingsError):
        choose_split("leave-one-dataset-out", fold, 0, "", SPLITS, datasets)


def test_a_misspelt_way_to_split_gets_a_hint():
    with pytest.raises(SettingsError, match="Did you mean 'official'"):
        pipeline.TrainModel.split.parse("offical")


def test_a_job_is_not_run_on_something_else_than_it_states(tmp_path):
    path = tmp_path / "ladder.toml"
    path.write_text('[[job]]\nname = "one"\ndatasets = ["jordan", "icbhi"]\nsubset = 3\n')
    given = {"problem": "pneumonia", "datasets": "icbhi,jordan", "split": "default", "subset": 3}
    refuse_other_than_job(f"{path}#one", given)
    refuse_other_than_job("baseline", given)
    for key, value in (("datasets", "icbhi"), ("subset", 0)):
        with pytest.raises(SettingsError, match="as the job one states it"):
            refuse_other_than_job(f"{path}#one", {**given, key: value})
