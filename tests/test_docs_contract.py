"""docs/contract.rst names every column, entry and kind that the code writes."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pandas as pd
import pytest
from docutils import nodes

from pipeline import contract
from pipeline.clips.cutting import clip_columns
from pipeline.datasets.tables import EVENT_COLUMNS, EXCLUDED_COLUMNS, RECORDING_COLUMNS
from pipeline.evaluation.levels import CLIP_COLUMNS
from pipeline.evaluation.thresholds import fit_on_training
from pipeline.problems import problem_named
from pipeline.spectrograms.pack import COLUMNS as PACK_COLUMNS
from pipeline.splits import make_split
from pipeline.splits.folder import SPLIT_COLUMNS
from pipeline.training.leakage import trained_on
from pipeline.training.rundir import JOB_KIND, JOB_VERSION
from tests.fakes.cohort_tables import LABELS, SETTINGS, recording, tables
from tests.pages import entries, page, rows, tables_of, words
from tests.salted_tasks import SALTED_TASKS

ROOT = Path(__file__).resolve().parents[1]

LABEL = "<label>"
COLUMNS = {
    "recordings.csv": [list(RECORDING_COLUMNS), PACK_COLUMNS],
    "events.csv": [list(EVENT_COLUMNS)],
    "excluded.csv": [list(EXCLUDED_COLUMNS)],
    "splits.csv": [SPLIT_COLUMNS],
    "train.csv": [clip_columns([LABEL])],
    "predictions.csv": [["clip_id", f"prob_{LABEL}"]],
    "scored predictions.csv": [[*CLIP_COLUMNS, f"true_{LABEL}", f"prob_{LABEL}"]],
}


@pytest.mark.parametrize("name", COLUMNS)
def test_contract_names_every_column_in_order(name):
    found = [rows(table) for table in page("contract.rst").findall(nodes.table)]
    told = [[row[0] for row in body] for head, *body in found if head[0] == name]
    assert told == COLUMNS[name]


def test_contract_names_the_columns_of_labels():
    people = [recording(f"icbhi-{k}", diagnosis="Pneumonia" if k % 2 else "COPD") for k in range(8)]
    split = make_split(problem_named("pneumonia"), *tables(people), LABELS, SETTINGS)
    told = [row[0] for row in tables_of("contract.rst")["labels.csv"]]
    assert told == [LABEL if name == "pneumonia" else name for name in split.labels.columns]


def test_contract_names_every_entry_of_a_manifest(tmp_path):
    (tmp_path / "file").write_text("x")
    written = contract.write_manifest(tmp_path, "auscult/clips", info={}, salt="", lineage={})
    told = tables_of("contract.rst")["manifest.json"]
    assert {row[0] for row in told} == set(written)
    assert dict(told)["version"].endswith(f": {contract.FORMAT_VERSION}")


def test_contract_names_every_kind():
    told = set(re.findall(r"auscult/\w+", words("contract.rst")))
    assert {task.kind for task in SALTED_TASKS} <= told


@pytest.fixture
def trainer_schema():
    """Return the other side's tables of what a job may hold."""
    sys.path.insert(0, str(ROOT / "ml_env"))
    try:
        from cnn import schema
    finally:
        sys.path.pop(0)
    return schema


def test_contract_names_every_entry_of_a_job(trainer_schema):
    told = {name: rest for name, *rest in tables_of("contract.rst")["job.json"]}
    required = trainer_schema.REQUIRED
    assert set(told) == set(required["train"])
    both = {name for name, (where, _) in told.items() if where == "both"}
    assert both == set(required["predict"])
    assert (told["kind"][1], told["version"][1]) == (JOB_KIND, str(JOB_VERSION))
    for section in trainer_schema.SETTINGS:
        assert section in told["settings"][1]


def test_contract_describes_a_model_folder_as_it_is_written():
    title = "7. Model, auscult/model"
    described = set(entries("model.json", title)) - {"spectrogram"}
    source = (ROOT / "ml_env/cnn/train.py").read_text()
    body = source[source.index("def describe") : source.index("def facts")]
    written = set(re.findall(r'"(\w+)"', body)) - {"name"}
    assert described == written | {"training"}
    history = entries("history.csv", title)
    source = (ROOT / "ml_env/cnn/loop.py").read_text()
    assert all(f'"{name.split("<")[0]}' in source for name in history)
    record = set(entries("record.json", title))
    sources = (ROOT / "pipeline/training/sealing.py").read_text()
    sources += (ROOT / "pipeline/tasks/_07_train.py").read_text()
    assert all(f'"{name}"' in sources for name in record)
    assert set(entries("trained_on.json", title)) - {"subject_id"} == set(trained_on([], []))


def test_contract_names_every_entry_of_evaluation():
    clips = [
        {"clip_id": f"{k}#0", "recording_id": k, "subject_id": k, "dataset": "icbhi", "weak": 0}
        | {"event_duration_s": 1.0 + k, "recording_duration_s": 1.0 + k, "pneumonia": k}
        for k in (0, 1)
    ]
    train = pd.DataFrame(clips).astype({"recording_id": str, "subject_id": str})
    val = train.rename(columns={"pneumonia": "true_pneumonia"}).assign(prob_pneumonia=[0.2, 0.7])
    fitted = fit_on_training(train, val, problem_named("pneumonia"))
    assert set(entries("evaluation.json", "7. Model, auscult/model")) == set(fitted)
