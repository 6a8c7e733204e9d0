"""What the pipeline writes into a job, the trainer accepts."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from cnn.job import read_job
from cnn.models import MODEL_NAMES
from cnn.schema import FEWEST_LABELS, SETTINGS, SPECTROGRAM
from pipeline.problems import NAMES, problem_named
from pipeline.schema import SCHEMA
from pipeline.settings import FOLDER
from pipeline.training import rundir
from pipeline.training.job import training_job
from tests.ml_env.rundir import make_run_dir

BASELINE = FOLDER / "baseline.toml"


@pytest.mark.parametrize("section", [*SETTINGS, "spectrogram"])
def test_both_sides_know_the_same_keys_and_the_pipelines_limits_are_inside(section: str) -> None:
    ours = {**SETTINGS, "spectrogram": SPECTROGRAM}[section]
    theirs = SCHEMA[section]
    assert set(ours) == set(theirs)
    for name, key in theirs.items():
        assert ours[name].type is key.type
        for value in (key.low, key.high):
            assert value is None or ours[name].accepts(key.type(value)), (name, value)
        for choice in key.choices:
            value = [choice] if key.type is list else choice
            assert ours[name].accepts(value), (name, choice)


def test_the_pipeline_offers_the_networks_that_are_there() -> None:
    assert SCHEMA["model"]["name"].choices == MODEL_NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_trainer_takes_the_outputs_of_every_problem(name: str) -> None:
    problem = problem_named(name)
    assert len(problem.labels) >= FEWEST_LABELS[problem.activation]


def test_a_job_of_the_pipeline_is_read(tmp_path: Path) -> None:
    inputs = make_run_dir(tmp_path / "made", n_train=2, n_val=2) / "inputs"
    settings = tomllib.loads(BASELINE.read_text())
    settings["clips"] |= settings["clips"]["recording"]
    job = {
        "action": "train",
        "device": "auto",
        **training_job(problem_named("pneumonia"), 3, settings),
    }
    names = ["train.csv", "val.csv", "normalisation.json", "packs/icbhi"]
    (tmp_path / "run").mkdir()
    rundir.prepare(tmp_path / "run", job, {name: inputs / name for name in names})
    found = read_job(tmp_path / "run", "train")
    assert (found.seed, found.activation) == (3, "sigmoid")
    assert found.rule.window_s == 10.0
    assert found.packs["icbhi"].is_dir()
    assert found.settings("training") == settings["training"]


def test_a_job_with_exclusive_classes_is_read(tmp_path: Path) -> None:
    problem = problem_named("icbhi-4")
    made = make_run_dir(tmp_path / "made", 4, 4, labels=problem.labels, activation="softmax")
    settings = tomllib.loads(BASELINE.read_text())
    settings["clips"] |= settings["clips"]["event"]
    job = {"action": "train", "device": "auto", **training_job(problem, 3, settings)}
    names = ["train.csv", "val.csv", "normalisation.json", "packs/icbhi"]
    (tmp_path / "run").mkdir()
    rundir.prepare(tmp_path / "run", job, {name: made / "inputs" / name for name in names})
    found = read_job(tmp_path / "run", "train")
    assert (found.activation, found.rule.labels) == ("softmax", problem.labels)


def test_a_prediction_of_the_pipeline_is_read(tmp_path: Path) -> None:
    inputs = make_run_dir(tmp_path / "made", n_train=2, n_val=2) / "inputs"
    (tmp_path / "run").mkdir()
    names = {
        "model": inputs,
        "clips.csv": inputs / "val.csv",
        "packs/icbhi": inputs / "packs/icbhi",
    }
    rundir.prepare(tmp_path / "run", {"action": "predict", "device": "cpu"}, names)
    found = read_job(tmp_path / "run", "predict")
    assert found.input("clips").is_file()
