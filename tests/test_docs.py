"""The pages of docs/ say what the code says: settings, columns, parameters, errors, exit codes."""

from __future__ import annotations

import configparser
import inspect
import re
import sys
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from docutils import nodes

from pipeline import contract, datasets, errors
from pipeline.clips.cutting import clip_columns
from pipeline.compose import SaltedTask, settings_parameters
from pipeline.config import compute, paths
from pipeline.datasets.tables import EVENT_COLUMNS, EXCLUDED_COLUMNS, RECORDING_COLUMNS
from pipeline.evaluation.levels import CLIP_COLUMNS
from pipeline.evaluation.thresholds import fit_on_training
from pipeline.labels.vocabulary import read_sound
from pipeline.schema import SCHEMA, Key
from pipeline.settings import FOLDER
from pipeline.settings import names as experiments
from pipeline.spectrograms.pack import COLUMNS as PACK_COLUMNS
from pipeline.splits import make_split
from pipeline.splits.folder import SPLIT_COLUMNS
from pipeline.tasks._08_evaluate import Evaluation, Prediction
from pipeline.tasks.program import ProgramTask
from pipeline.training.leakage import trained_on
from pipeline.training.rundir import JOB_KIND, JOB_VERSION
from tests.fakes.cohort_tables import LABELS, SETTINGS, recording, tables
from tests.pages import DOCS, entries, page, rows, tables_of, terms, titled, words

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(path.name for path in DOCS.glob("*.rst"))
UNLIMITED = 2**31 - 1
PROBLEMS_IN_ORDER = ("pneumonia", "crackle_wheeze")


def salted_tasks() -> list[type[SaltedTask]]:
    """Return the tasks that make an output folder, in no order."""
    found, seen = [SaltedTask], []
    while found:
        found += (cls := found.pop()).__subclasses__()
        if cls.__module__.startswith("pipeline.tasks.") and hasattr(cls, "output"):
            seen.append(cls)
    return [cls for cls in seen if cls not in (ProgramTask, Prediction, Evaluation)]


SALTED_TASKS = salted_tasks()
#: Tasks that differ from another only in where their inputs come from.
SAME_AS = {
    "CacheSubsetSpectrograms": "CacheSpectrograms",
    "PredictWithModel": "PredictTestSide",
    "EvaluateOnDatasets": "EvaluateNetwork",
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_clean(name):
    for node in page(name).findall(nodes.reference):
        target = node.get("refuri", "")
        assert "://" in target or (DOCS / target).is_file(), target
    long = [line for line in (DOCS / name).read_text().splitlines() if len(line) > 104]
    assert not long


def test_the_index_lists_every_page():
    linked = {node["refuri"] for node in page("index.rst").findall(nodes.reference)}
    assert linked == set(PAGES) - {"index.rst"}


# settings.rst


def default_of(section: str, key: str) -> str:
    stated = tomllib.loads((FOLDER / "baseline.toml").read_text())[section]
    found = [stated[key]] if key in stated else [stated[each][key] for each in PROBLEMS_IN_ORDER]
    return " / ".join(str(value).lower() if value is True else str(value) for value in found)


def range_of(key: Key) -> str:
    if key.choices:
        return "choice"
    if key.type is bool:
        return "true, false"
    assert key.low is not None
    return f"from {key.low:g}" if key.high == UNLIMITED else f"{key.low:g} to {key.high:g}"


@pytest.mark.parametrize("section", SCHEMA)
def test_settings_names_every_key_with_default_and_range(section):
    _, *told = rows(titled("settings.rst")[f"[{section}]"])
    known = SCHEMA[section]
    assert [row[:3] for row in told] == [
        [name, default_of(section, name), range_of(key)] for name, key in known.items()
    ]
    for name, *_, meaning in told:
        assert all(choice in meaning for choice in known[name].choices), name


def test_settings_names_nothing_else():
    assert {title for title in titled("settings.rst") if "[" in title} == {f"[{s}]" for s in SCHEMA}
    assert all(f"{name} (" in words("settings.rst") for name in experiments())
    assert all(f"[{where}]" in words("settings.rst") for where in ("paths", "compute"))


def test_settings_names_the_task_that_reads_each_section():
    readers = {
        parameter.section: task.__name__
        for task in SALTED_TASKS
        for name, parameter in settings_parameters(task)
        if name in task.salted_by
    }
    shown = {"SimulateCohort": "FetchRecordings", **SAME_AS}
    for section, task in readers.items():
        told = titled("settings.rst")[f"[{section}]"].astext()
        assert f"Read by {shown.get(task, task)}." in told
    assert set(readers) == set(SCHEMA)


# parameters.rst

PREDECESSORS = (
    *("sr", "n_fft", "hop_length", "254", "shape", "(128, 311)", "n_sequences", "9"),
    *("mode", "(pneumonia, cw)", "n_classes", "data-set toggles", "model", "spec_aug_params"),
    *("audio_aug_params", "parse function", "description", "testing", "CUDA devices"),
    *("cache root", "file folder", "job id", "seed", "train/test ratio", "class weights"),
    *("files (-f)", "previous epochs (-p)", "additional epochs (-a)", "weighting", "-w _as_is"),
    *("_new", "_wrs", "default (-d)", "batch_size", "learning_rate", "n_epochs"),
    *("early_stop_epoch_limit", "lr_step", "lr_decrease", "weight_decay", "freeze_extractor"),
    *("save_model_folder", "save_model_dir", "checkpoint_dir", "log_name", "num_workers"),
    *("pin_memory", "data_source", "output_pred", "output_model", "CLUSTER_PATH", "CLUSTER_PASS"),
)


def then_and_now() -> list[tuple[str, str]]:
    return [
        (row[0], row[1])
        for table in page("parameters.rst").findall(nodes.table)
        for row in rows(table)[1:]
    ]


@pytest.mark.parametrize("name", PREDECESSORS)
def test_parameters_names_every_parameter_of_the_predecessors(name):
    pattern = rf"(?<![\w-]){re.escape(name)}(?!\w)"
    assert any(re.search(pattern, then) for then, _ in then_and_now())


def test_parameters_gives_every_one_a_home_or_a_reason():
    assert all(len(now) > 10 for _, now in then_and_now())


def test_parameters_points_only_at_settings_that_are_there():
    known = {section: set(keys) for section, keys in SCHEMA.items()}
    known |= {cls.__name__: {name for name, _ in cls.get_params()} for cls in (paths, compute)}
    for node in page("parameters.rst").findall(nodes.literal):
        for section, key in re.findall(r"\[(\w+)\] (\w+)", node.astext()):
            assert key in known[section], node.astext()


# contract.rst

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
    split = make_split("pneumonia", *tables(people), LABELS, SETTINGS)
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
    fitted = fit_on_training(train, val, "pneumonia", ["pneumonia"])
    assert set(entries("evaluation.json", "7. Model, auscult/model")) == set(fitted)


# salts.rst, datasets.rst, troubleshooting.rst, luigid.rst


def test_salts_names_every_salted_task():
    shown = {row[0] for row in tables_of("salts.rst")["Task"]}
    assert {task.__name__ for task in SALTED_TASKS} - set(SAME_AS) == shown


def test_datasets_names_every_data_set_with_problems_and_licence():
    told = {row[0]: row for row in tables_of("datasets.rst")["--datasets"]}
    assert tuple(sorted(told)) == datasets.known()
    for name, (_, _, serves, licence) in told.items():
        found = datasets.load(name)
        assert found.licence.startswith(licence)
        assert serves == "both problems" or (serves,) == found.problems


def test_datasets_has_the_labels_right():
    expected = {"crackle": (1, 0), "wheeze": (0, 1), "neither": (0, 0)}
    expected["crackle and wheeze"] = (1, 1)
    told = dict(tables_of("datasets.rst")["Label"])
    for label, values in expected.items():
        for word in re.sub(r", and words of both kinds \((.*)\)", r", \1", told[label]).split(", "):
            assert read_sound(word) == values, word
    assert read_sound("Poor Quality") == "poor quality"


def test_troubleshooting_names_every_error():
    known = [one for one in vars(errors).values() if inspect.isclass(one)]
    raised = {one.__name__ for one in known if issubclass(one, errors.AuscultError)}
    # The one left out is a task's business, not a user's.
    assert raised - {"InputsNotReady"} <= terms(titled("troubleshooting.rst")["Errors"])


def test_pages_on_luigi_say_what_is_shipped():
    shipped = configparser.ConfigParser()
    shipped.read(ROOT / "luigi.cfg")
    codes = {row[0] for row in tables_of("troubleshooting.rst")["Code"]}
    assert set(shipped["retcode"].values()) <= codes
    assert shipped["core"]["local_scheduler"] == "true"
    assert shipped["worker"]["keep_alive"] == "false"
    assert "local_scheduler = true" in words("luigid.rst")


def test_every_experiment_that_the_pages_name_is_there():
    text = " ".join(map(words, PAGES))
    assert set(re.findall(r"--experiment (\w+)(?!\S*\.toml)", text)) <= set(experiments())
