"""Two jobs and two seeds through the luigi command and the real training, then compared."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tasks.project import ROOT, TINY, Project

JOBS = """
[model]
width = 0.25
[[job]]
name = "short"
description = "one epoch"
[job.training]
n_epochs = 1
[[job]]
name = "long"
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    place = Project(tmp_path_factory.mktemp("runs"))
    place.experiment.write_text(TINY + JOBS)
    return place


def luigi(project, module, *words):
    command = [str(Path(sys.executable).with_name("luigi")), "--module", module, *words]
    command += ["--problem", "pneumonia", "--experiment", str(project.experiment)]
    command += ["--paths-data", str(project.data), "--compute-device", "cpu", "--workers", "2"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_an_experiment_of_several_runs_is_made_compared_and_not_made_again(project):
    run = ("pipeline.tasks.run_experiment", "RunExperiment", "--seeds", "2")
    assert "Runs: 4, of short, long" in luigi(project, *run)
    models = sorted((project.data / "07_models").glob("pneumonia-*"))
    assert len(models) == 4
    made = [(path / "manifest.json").stat().st_mtime_ns for path in models]
    reports = {path.name.split("-")[0] for path in (project.data / "08_reports").glob("[!.]*")}
    assert reports == {"inspection", "run_names.csv"}  # no test side was touched
    assert "Nothing to do" in luigi(project, *run)
    assert [(path / "manifest.json").stat().st_mtime_ns for path in models] == made
    project.experiment.write_text(TINY)  # [evaluate] of a file of jobs is no plain experiment's
    shown = luigi(project, "pipeline.tasks.compare", "CompareRuns")
    page = Path(shown.strip().splitlines()[-1].removeprefix("Runs: "))
    with open(page.with_name("settings.csv"), newline="") as stream:
        rows = {row["name"]: row for row in csv.DictReader(stream)}
    assert {name: row["training.n_epochs"] for name, row in rows.items()} == {
        "short": "1",
        "long": "2",
    }
    assert all(row["n_seeds"] == "2" and row["mean"] for row in rows.values())
    assert "one epoch" in page.read_text()
    with open(page.with_name("runs.csv"), newline="") as stream:
        assert {row["model"] for row in csv.DictReader(stream)} == {path.name for path in models}
