"""Run directories: links in, a whole output out."""

from __future__ import annotations

from pipeline.contract import read_json, write_manifest
from pipeline.training import rundir


def make_inputs(tmp_path):
    (tmp_path / "clips").mkdir()
    (tmp_path / "pack").mkdir()
    (tmp_path / "clips" / "train.csv").write_text("x\n")
    return {"train.csv": tmp_path / "clips" / "train.csv", "packs/icbhi": tmp_path / "pack"}


def test_prepared_run_links_its_inputs_by_relative_paths(tmp_path):
    run = tmp_path / "runs" / "one"
    rundir.prepare(run, {"action": "train", "seed": 3}, make_inputs(tmp_path))
    job = read_json(run / "job.json")
    assert job["inputs"] == {"train": "inputs/train.csv", "packs": {"icbhi": "inputs/packs/icbhi"}}
    assert (job["kind"], job["version"], job["seed"]) == ("auscult/job", 1, 3)
    assert (run / "inputs" / "train.csv").read_text() == "x\n"
    assert not (run / "inputs" / "train.csv").readlink().is_absolute()


def test_preparing_again_replaces_the_inputs_and_keeps_the_rest(tmp_path):
    run = tmp_path / "run"
    inputs = make_inputs(tmp_path)
    rundir.prepare(run, {"action": "train"}, inputs)
    (run / "train.log").write_text("said\n")
    (run / "checkpoints" / "epoch-0001").mkdir(parents=True)
    rundir.prepare(run, {"action": "train"}, {"packs/icbhi": inputs["packs/icbhi"]})
    assert not (run / "inputs" / "train.csv").exists()
    assert (run / "train.log").read_text() == "said\n"
    assert (run / "checkpoints" / "epoch-0001").is_dir()


def test_output_counts_only_with_its_manifest_and_checksums(tmp_path):
    output = tmp_path / "output"
    output.mkdir()
    (output / "x").write_text("1")
    assert rundir.finished_output(tmp_path, "auscult/model") is None
    assert not output.exists()
    output.mkdir()
    (output / "x").write_text("1")
    write_manifest(output, "auscult/model")
    assert rundir.finished_output(tmp_path, "auscult/model") == output
    (output / "x").write_text("2")
    assert rundir.finished_output(tmp_path, "auscult/model") is None


def test_last_lines_of_a_log_that_is_not_there():
    from pathlib import Path

    assert "no log" in rundir.last_lines(Path("/nonexistent/log"))
