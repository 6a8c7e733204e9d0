"""What counts as a run: whole model folders of the problem; the rest is named with its reason."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from pipeline.contract import read_json, write_manifest
from pipeline.problems import problem_named
from pipeline.runs.found import find_runs
from tests.runs_and_jobs.fake_models import Bench


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def reasons(bench, *datasets):
    found, skipped = find_runs(bench.data, bench.problem, datasets)
    return found, {one.name: one.reason for one in skipped}


def change_record(folder, change):
    """Change record.json as another version would have written it, and seal the folder again."""
    manifest = read_json(folder / "manifest.json")
    record = read_json(folder / "record.json")
    change(record)
    (folder / "record.json").write_text(json.dumps(record))
    write_manifest(folder, "auscult/model", salt=manifest["salt"], lineage=manifest["lineage"])


def test_a_run_is_found_with_all_that_tells_it_from_others(bench):
    folder = bench.train(seed=3, training__n_epochs=9)
    ((run,), skipped) = reasons(bench)
    assert not skipped
    assert (run.folder, run.seed, run.fold, run.split_hash) == (folder, 3, "", "a" * 64)
    assert run.setting["training.n_epochs"] == 9
    assert run.setting["datasets"] == ["icbhi"]
    assert not [key for key in run.setting if key.split(".")[0] in ("problem", "figures", "seed")]
    assert run.trained["n_parameters"] == 100_000


def test_nothing_is_found_where_there_is_nothing(bench):
    assert reasons(bench) == ([], {})
    (bench.data / "07_models").mkdir(parents=True)
    assert reasons(bench) == ([], {})


def test_runs_of_other_problems_are_not_mentioned(bench):
    Bench(bench.data, "crackle_wheeze").train()
    (bench.data / "07_models" / "crackle_wheeze-aaaaaaaaaaaa").mkdir()
    (bench.data / "07_models" / ".locks").mkdir()
    assert reasons(bench) == ([], {})


def test_only_the_data_sets_asked_for(bench):
    bench.train()
    both = bench.train(split="b", datasets=["icbhi", "jordan"])
    found, _ = reasons(bench, "icbhi", "jordan")
    assert [run.folder for run in found] == [both]


def test_half_written_folders_are_named(bench):
    models = bench.data / "07_models"
    (models / "pneumonia-aaaaaaaaaaaa").mkdir(parents=True)
    (models / ".pneumonia-bbbbbbbbbbbb.part-0a0a0a0a").mkdir()
    (models / "runs" / "pneumonia-cccccccccccc").mkdir(parents=True)
    (models / "runs" / "crackle_wheeze-cccccccccccc").mkdir()
    found, skipped = reasons(bench)
    assert found == []
    assert "no manifest" in skipped["pneumonia-aaaaaaaaaaaa"]
    assert "half-written" in skipped[".pneumonia-bbbbbbbbbbbb.part-0a0a0a0a"]
    assert "train.log" in skipped["runs/pneumonia-cccccccccccc"]
    assert len(skipped) == 3


def test_a_damaged_folder_is_named(bench):
    folder = bench.train()
    (folder / "validation.csv").write_text("clip_id\n")
    found, skipped = reasons(bench)
    assert found == []
    assert "bytes" in skipped[folder.name]


def test_folders_of_others_are_named(bench):
    strange = bench.data / "07_models" / "my notes"
    strange.mkdir(parents=True)
    foreign = bench.data / "07_models" / "another-tool"
    foreign.mkdir()
    (foreign / "manifest.json").write_text('{"kind": "elsewhere/model", "files": {}}')
    found, skipped = reasons(bench)
    assert found == []
    assert "no model of this project" in skipped["my notes"]
    assert "elsewhere/model" in skipped["another-tool"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda record: record.pop("split_hash"), "split_hash"),
        (lambda record: record["trained"].pop("training"), "training"),
        (lambda record: record["trained"].update(n_parameters="many"), "many"),
        (lambda record: record.update(settings=3), "of another version"),
        (lambda record: record["settings"]["problem"].update(others="left out"), "words"),
    ],
)
def test_old_versions_are_named(bench, change, reason):
    folder = bench.train()
    change_record(folder, change)
    found, skipped = reasons(bench)
    assert found == []
    assert reason in skipped[folder.name]


def test_a_model_from_elsewhere_has_no_truth_here(bench, tmp_path):
    folder = bench.train()
    shutil.rmtree(bench.data / "06_clips")
    found, skipped = reasons(bench)
    assert found == []
    assert "clips are not here" in skipped[folder.name]


def test_of_one_run_on_changed_inputs_the_newer_one_counts(bench):
    old, new = bench.train(), bench.train(n_val=20)
    os.utime(old / "manifest.json", (1, 1))
    found, skipped = reasons(bench)
    assert [run.folder for run in found] == [new]
    assert new.name in skipped[old.name]


def test_only_a_fold_has_predictions_of_a_test_part(bench):
    plain, fold = bench.train(), bench.train(fold="1")
    late = bench.train(fold="2", predicted=False)
    clips = next((bench.data / "06_clips").glob("*"))
    bench.predict(clips, plain.name.rpartition("-")[2], 1.0, 0)
    found = {run.folder: run.predictions is not None for run in reasons(bench)[0]}
    assert found == {plain: False, fold: True, late: False}


def test_code_of_another_version_makes_another_setting(bench):
    bench.train(version="1")
    bench.train(version="2")
    one, other = reasons(bench)[0]
    assert one.setting["code"] != other.setting["code"]


def test_a_problem_s_name_may_begin_like_another_s(tmp_path):
    whole, longer = Bench(tmp_path, "sprsound-1-1"), Bench(tmp_path, "sprsound-1-2")
    whole.train()
    longer.train()
    found, skipped = find_runs(tmp_path, problem_named("sprsound-1-1"))
    assert (len(found), skipped) == (1, [])
