"""Problems, ways to split and the doctor, through the luigi command and the real training."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from pipeline.contract import read_json
from tests.fakes.sounds import write_sound
from tests.fakes.sprsound import make_sprsound
from tests.tasks.project import Project

EVENTS = {
    "Normal": ((0.1, 0.7, "Normal"), (0.8, 1.4, "Normal")),
    "DAS": ((0.8, 1.4, "Fine Crackle"), (0.1, 0.7, "Normal")),
    "CAS": ((0.1, 0.7, "Wheeze"), (0.8, 1.4, "Normal")),
}
MINE = """
labels = ["healthy", "sick"]
level = "subject"
column = "diagnosis"
exclusive = true
normal = "healthy"
[words]
healthy = ["healthy"]
sick = ["pneumonia", "heart failure", "asthma", "copd"]
[figures]
title = "Healthy or sick"
main = "score"
level = "subject"
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return Project(tmp_path_factory.mktemp("splits"))


def rows_of(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def warnings_of(report: Path) -> str:
    return "\n".join(read_json(report / "metrics.json")["warnings"])


def fill_sprsound(folder: Path) -> None:
    """Lay down a train side of eight subjects, a test side of four new and one of four known."""
    recordings = []
    for k in range(16):
        label = list(EVENTS)[k % 3]
        side = "train" if k < 8 else "test/inter" if k < 12 else "test/intra"
        subject = 100 + (k if k < 12 else k - 12)
        recordings.append((side, f"{subject}_5.0_{k % 2}_p1_{k}", label, EVENTS[label]))
    make_sprsound(folder, recordings=tuple(recordings))


def test_all_folds_make_one_result_over_every_subject(project):
    report = project.train("TrainPneumonia", "--folds", "2")
    predictions = rows_of(report / "predictions.csv")
    folds = {row["subject_id"]: row["fold"] for row in predictions}
    assert len(folds) == 16
    assert set(folds.values()) == {"0", "1"}
    assert len({row["clip_id"] for row in predictions}) == len(predictions)
    metrics = read_json(report / "metrics.json")
    assert [one["name"] for one in metrics["folds"]] == ["0", "1"]
    assert metrics["main"]["counts"]["n_subjects"] == 16
    again = project.luigi("TrainPneumonia", "--folds", "2", "--experiment", str(project.experiment))
    assert "Nothing to do" in again.stdout


def test_devices_are_left_out_one_after_the_other_from_nothing(tmp_path):
    report = Project(tmp_path).train("TrainPneumonia", "--split", "leave-one-device-out")
    metrics = read_json(report / "metrics.json")
    assert [one["name"] for one in metrics["folds"]] == ["SimA", "SimB", "SimC"]
    for row in rows_of(report / "predictions.csv"):
        assert row["recording_id"].endswith(row["fold"])


def test_own_problem_and_own_sides_need_no_code(project, tmp_path):
    problem = tmp_path / "mine.toml"
    problem.write_text(MINE)
    subjects = by_health(project)
    sides = tmp_path / "sides.csv"
    listed = [f"{each},{'train' if k % 3 else 'test'}" for k, each in enumerate(subjects)]
    sides.write_text("subject_id,side\n" + "\n".join(listed) + "\n")
    words = ["--problem", str(problem), "--split", "file", "--split-file", str(sides)]
    report = project.train("TrainModel", *words)
    predictions = rows_of(report / "predictions.csv")
    assert {row["subject_id"] for row in predictions} == set(subjects[::3])
    for row in predictions:
        assert float(row["prob_healthy"]) + float(row["prob_sick"]) == pytest.approx(1, abs=1e-5)
    assert "Healthy or sick" in (report / "report.html").read_text()


def by_health(project: Project) -> list[str]:
    """Return the subjects of the simulated cohort, the healthy ones first."""
    words = ["--datasets", "simulated", "--experiment", str(project.experiment)]
    assert project.luigi("InspectDatasets", *words).returncode == 0
    index = next((project.data / "02_index").glob("simulated-*/recordings.csv"))
    found = {row["subject_id"]: row["diagnosis"] for row in rows_of(index)}
    return sorted(found, key=lambda each: (found[each] != "Healthy", each))


def test_official_parts_are_reported_apart_and_who_is_known_is_flagged(project):
    fill_sprsound(project.recordings / "sprsound")
    words = ["--problem", "sprsound-1-1", "--datasets", "sprsound"]
    report = project.train("TrainModel", *words, "--split", "official")
    parts = {one["name"]: one for one in read_json(report / "metrics.json")["parts"]}
    assert set(parts) == {"inter-test", "intra-test"}
    assert all(one["n_subjects"] == 4 for one in parts.values())
    assert "4 subjects" in warnings_of(report)
    assert "on both sides of the official split" in warnings_of(report)
    clean = project.train("TrainModel", *words)
    assert "official-clean" in (clean / "report.html").read_text()
    assert {row["subject_id"] for row in rows_of(clean / "predictions.csv")} == {
        f"sprsound/{number}" for number in range(108, 112)
    }


def test_who_is_known_is_refused_when_the_model_is_evaluated_again(project):
    model = next(
        path
        for path in (project.data / "07_models").glob("sprsound-1-1-*")
        if read_json(path / "record.json")["split_mode"] == "official"
    )
    done = project.luigi("EvaluateModel", "--model", str(model), "--datasets", "sprsound")
    assert done.returncode != 0
    assert "that the model has not seen" in done.stderr


def test_a_folder_of_one_s_own_goes_all_the_way_with_a_warning(project):
    rng = np.random.default_rng(1)
    place = project.recordings / "folder"
    for name in ("crackle", "normal", "crackle+wheeze"):
        for k in range(8):
            write_sound(place / name / f"{k}.wav", rng, 4000, 1.5)
    report = project.train("TrainCrackleWheeze", "--datasets", "folder")
    assert "not known who is who" in warnings_of(report)
    people = [f"{name}/{k}.wav,{k}" for name in ("crackle", "normal") for k in range(8)]
    people += [f"crackle+wheeze/{k}.wav,{k}" for k in range(8)]
    (place / "subjects.csv").write_text("path,subject_id\n" + "\n".join(people) + "\n")
    report = project.train("TrainCrackleWheeze", "--datasets", "folder")
    assert "not known who is who" not in warnings_of(report)
    train, test = sides_of(project, report)
    assert len(train | test) == 8
    assert not train & test
    shutil.rmtree(place)


def sides_of(project: Project, report: Path) -> tuple[set[str], set[str]]:
    """Return the subjects on train and val, and those on test, of the run of a report."""
    known = read_json(project.model(report) / "record.json")["split_hash"]
    folder = next(
        path.parent
        for path in (project.data / "04_subset").glob("*/notes.json")
        if json.loads(path.read_text())["split_hash"] == known
    )
    rows = rows_of(folder / "splits.csv")
    test = {row["subject_id"] for row in rows if row["side"] == "test"}
    return {row["subject_id"] for row in rows if row["side"] != "test"}, test


def test_too_much_left_out_stops_the_run_and_names_the_doctor(project):
    make_sprsound(place := project.recordings / "broken" / "sprsound")
    for path in sorted(place.rglob("*_wav/*"))[:4]:
        path.write_bytes(b"")
    words = ["TrainCrackleWheeze", "--datasets", "sprsound", "--experiment"]
    done = project.luigi(*words, str(project.experiment), recordings=str(place.parent))
    assert done.returncode != 0
    assert "empty file 4" in done.stderr
    assert "InspectDatasets --datasets sprsound" in done.stderr
    done = project.luigi("InspectDatasets", "--datasets", "sprsound", recordings=str(place.parent))
    assert done.returncode == 0, done.stderr
    assert "Data (sprsound): " in done.stdout
