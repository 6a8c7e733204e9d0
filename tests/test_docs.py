"""The pages of docs/ say what the code says: settings, columns, parameters, errors, exit codes."""

from __future__ import annotations

import configparser
import inspect
import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import docutils.core
import docutils.nodes
import pandas as pd
import pytest

from pipeline import contract, datasets, errors
from pipeline.clips import clip_columns
from pipeline.config import compute, paths
from pipeline.datasets.tables import EVENT_COLUMNS, EXCLUDED_COLUMNS, RECORDING_COLUMNS
from pipeline.evaluation.levels import CLIP_COLUMNS
from pipeline.evaluation.thresholds import fit_on_training
from pipeline.leakage import trained_on
from pipeline.rundir import JOB_KIND, JOB_VERSION
from pipeline.schema import PER_PROBLEM, SCHEMA, Key
from pipeline.settings import FOLDER, load
from pipeline.settings import names as experiments
from pipeline.spectrogram_pack import COLUMNS as PACK_COLUMNS
from pipeline.split_folder import SPLIT_COLUMNS
from pipeline.splits import make_split
from pipeline.vocabulary import read_sound
from tests.fakes.cohort_tables import LABELS, SETTINGS, recording, tables

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(path.name for path in DOCS.glob("*.rst"))
UNLIMITED = 2**31 - 1


def page(name: str) -> docutils.nodes.document:
    """Return a page's tree; anything that docutils would warn of is an error."""
    options = {"report_level": 2, "halt_level": 2, "file_insertion_enabled": False}
    return docutils.core.publish_doctree((DOCS / name).read_text(), settings_overrides=options)


def words(name: str) -> str:
    """Return a page's text on one line."""
    return " ".join(page(name).astext().split())


def titled(name: str) -> dict[str, docutils.nodes.section]:
    """Return the sections of a page by title."""
    found = page(name).findall(docutils.nodes.section)
    return {section.next_node(docutils.nodes.title).astext(): section for section in found}


def rows(tree: docutils.nodes.Element) -> list[list[str]]:
    """Return the cells of every table row below a node, one line each."""
    return [
        [" ".join(cell.astext().split()) for cell in row.findall(docutils.nodes.entry)]
        for row in tree.findall(docutils.nodes.row)
    ]


def tables_of(name: str) -> dict[str, list[list[str]]]:
    """Return the tables of a page, without their heads, by the head's first cell."""
    found = {}
    for table in page(name).findall(docutils.nodes.table):
        head, *body = rows(table)
        found[head[0]] = body
    return found


def terms(section: docutils.nodes.Element) -> set[str]:
    """Return the first code word of every defined term below a node."""
    found = (term.next_node(docutils.nodes.literal) for term in section.findall(docutils.nodes.term))
    return {term.astext() for term in found if term is not None}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_clean(name):
    for node in page(name).findall(docutils.nodes.reference):
        target = node.get("refuri", "")
        assert "://" in target or (DOCS / target).is_file(), target
    long = [line for line in (DOCS / name).read_text().splitlines() if len(line) > 104]
    assert not long


def test_the_index_lists_every_page():
    linked = {node["refuri"] for node in page("index.rst").findall(docutils.nodes.reference)}
    assert linked == set(PAGES) - {"index.rst"}


# settings.rst


def default_of(section: str, key: str) -> str:
    stated = tomllib.loads((FOLDER / "baseline.toml").read_text())[section]
    problems = ("pneumonia", "crackle_wheeze")
    found = [stated[key]] if key in stated else [stated[each][key] for each in problems]
    assert set(PER_PROBLEM.get(section, problems)) == set(problems)
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
    from pipeline.compose import settings_parameters
    from pipeline.tasks import _01_fetch, _02_index, _03_splits, _04_subset
    from pipeline.tasks import _05_spectrograms, _06_clips, _07_train, _08_evaluate

    stages = (_02_index, _03_splits, _04_subset, _05_spectrograms, _06_clips, _07_train)
    readers = {"simulated": "FetchRecordings"}
    assert _01_fetch.SimulateCohort.salted_by == ("simulated_settings",)
    for module in (*stages, _08_evaluate):
        for task in vars(module).values():
            if inspect.isclass(task) and task.__module__ == module.__name__:
                for name, parameter in settings_parameters(task) if hasattr(task, "kind") else ():
                    if name in task.salted_by:
                        readers.setdefault(parameter.section, task.__name__)
    readers["evaluate"] = "EvaluateNetwork"
    for section in SCHEMA:
        assert f"Read by {readers[section]}." in titled("settings.rst")[f"[{section}]"].astext()


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
        for table in page("parameters.rst").findall(docutils.nodes.table)
        for row in rows(table)[1:]
    ]


@pytest.mark.parametrize("name", PREDECESSORS)
def test_parameters_names_every_parameter_of_the_predecessors(name):
    pattern = rf"(?<![\w-]){re.escape(name)}(?!\w)"
    assert any(re.search(pattern, then) for then, _ in then_and_now())


def test_parameters_gives_every_one_a_home_or_a_reason():
    assert all(len(now) > 10 for _, now in then_and_now())


def test_parameters_points_only_at_settings_that_are_there():
    text = words("parameters.rst")
    for section, key in re.findall(r"\[(\w+)\] (\w+)", text):
        known = {"paths": vars(paths), "compute": vars(compute)}.get(section)
        assert key in (SCHEMA[section] if known is None else known), f"[{section}] {key}"


# contract.rst

LABEL = "<label>"
COLUMNS = {
    "recordings.csv": [list(RECORDING_COLUMNS), PACK_COLUMNS],
    "events.csv": [list(EVENT_COLUMNS)],
    "excluded.csv": [list(EXCLUDED_COLUMNS)],
    "splits.csv": [SPLIT_COLUMNS],
    "train.csv": [clip_columns([])[:-1] + ["weak", LABEL]],
    "predictions.csv": [["clip_id", f"prob_{LABEL}"]],
    "scored predictions.csv": [[*CLIP_COLUMNS, f"true_{LABEL}", f"prob_{LABEL}"]],
}


@pytest.mark.parametrize("name", COLUMNS)
def test_contract_names_every_column_in_order(name):
    found = [rows(table) for table in page("contract.rst").findall(docutils.nodes.table)]
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
    from pipeline import tasks  # the package: every stage is one of its modules

    folder = Path(tasks.__file__).parent
    sources = "".join(path.read_text() for path in folder.glob("_0*.py"))
    kinds = set(re.findall(r'kind = "(auscult/\w+)"', sources))
    assert len(kinds) == 9
    assert all(kind in words("contract.rst") for kind in kinds)


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
    told = {name: (where, meaning) for name, where, meaning in tables_of("contract.rst")["job.json"]}
    required = trainer_schema.REQUIRED
    assert set(told) == set(required["train"])
    both = {name for name, (where, _) in told.items() if where == "both"}
    assert both == set(required["predict"])
    assert (told["kind"][1], told["version"][1]) == (JOB_KIND, str(JOB_VERSION))
    for section in trainer_schema.SETTINGS:
        assert section in told["settings"][1]


def entries(name: str, title: str) -> list[str]:
    """Return the code words with which contract.rst describes a file."""
    for item in titled("contract.rst")[title].findall(docutils.nodes.definition_list_item):
        term, definition = item.children[0], item.children[-1]
        if name in term.astext():
            return [node.astext() for node in definition.findall(docutils.nodes.literal)]
    raise KeyError(name)


def quoted_in(source: str) -> set[str]:
    return set(re.findall(r'f?"([\w<>{}]+)"', (ROOT / source).read_text()))


def test_contract_describes_a_model_folder_as_it_is_written():
    title = "7. Model, auscult/model"
    described = set(entries("model.json", title)) - {"spectrogram"}
    source = (ROOT / "ml_env/cnn/train.py").read_text()
    body = source[source.index("def describe") : source.index("def facts")]
    written = set(re.findall(r'"(\w+)"', body)) - {"training"}
    assert described - {"training"} == written
    history = entries("history.csv", title)
    source = (ROOT / "ml_env/cnn/loop.py").read_text()
    assert all(f'"{name.split("<")[0]}' in source for name in history)
    record = set(entries("record.json", title))
    sources = (ROOT / "pipeline/sealing.py").read_text()
    sources += (ROOT / "pipeline/tasks/_07_train.py").read_text()
    assert all(f'"{name}"' in sources for name in record)
    assert set(entries("trained_on.json", title)) - {"subject_id"} == set(trained_on([], []))


def test_contract_names_every_entry_of_evaluation():
    table = pd.DataFrame(
        {
            **{"clip_id": ["a#0", "b#0"], "recording_id": ["a", "b"], "subject_id": ["a", "b"]},
            **{"dataset": "icbhi", "start_s": 0.0, "end_s": 1.0, "weak": 0},
            **{"event_duration_s": [1.0, 2.0], "recording_duration_s": [1.0, 2.0]},
        }
    )
    train = table.assign(pneumonia=[0, 1])
    val = table.assign(true_pneumonia=[0, 1], prob_pneumonia=[0.2, 0.7])
    fitted: dict[str, Any] = fit_on_training(train, val, "pneumonia", ["pneumonia"])
    assert set(entries("evaluation.json", "7. Model, auscult/model")) == set(fitted)


# salts.rst, datasets.rst, troubleshooting.rst, luigid.rst


def test_salts_names_every_salted_task():
    sources = "".join(path.read_text() for path in (ROOT / "pipeline/tasks").glob("_0*.py"))
    tasks = set(re.findall(r"^class (\w+)\([^)]*(?:SaltedTask|ProgramTask)\)", sources, re.M))
    shown = {row[0] for row in tables_of("salts.rst")["Task"]}
    abstract = {"Prediction", "Evaluation"}  # PredictTestSide and EvaluateNetwork are shown
    assert tasks - abstract <= shown


def test_datasets_names_every_data_set_with_problems_and_licence():
    told = {row[0]: row for row in tables_of("datasets.rst")["--datasets"]}
    assert tuple(sorted(told)) == datasets.known()
    for name, (_, _, serves, licence) in told.items():
        found = datasets.load(name)
        assert found.licence.startswith(licence)
        assert serves == "both problems" or (serves,) == found.problems


def test_datasets_has_the_labels_right():
    expected = {"crackle": (1, 0), "wheeze": (0, 1), "crackle and wheeze": (1, 1), "neither": (0, 0)}
    told = dict(tables_of("datasets.rst")["Label"])
    for label, values in expected.items():
        for word in re.sub(r", and words of both kinds \((.*)\)", r", \1", told[label]).split(", "):
            assert read_sound(word) == values, word
    assert read_sound("Poor Quality") == "poor quality"


def test_troubleshooting_names_every_error():
    told = terms(titled("troubleshooting.rst")["Errors"])
    raised = {
        name
        for name, one in vars(errors).items()
        if inspect.isclass(one) and issubclass(one, errors.AuscultError)
    }
    assert raised - {"InputsNotReady"} <= told  # that one is a task's business, not a user's


def test_troubleshooting_has_the_exit_codes_of_luigi_cfg():
    shipped = configparser.ConfigParser()
    shipped.read(ROOT / "luigi.cfg")
    codes = {row[0] for row in tables_of("troubleshooting.rst")["Code"]}
    assert set(shipped["retcode"].values()) <= codes


def test_luigid_says_what_to_replace():
    shipped = configparser.ConfigParser()
    shipped.read(ROOT / "luigi.cfg")
    assert shipped["core"]["local_scheduler"] == "true"
    assert shipped["worker"]["keep_alive"] == "false"
    assert "local_scheduler = true" in words("luigid.rst")


def test_every_experiment_that_the_pages_name_is_there():
    load("baseline")
    named = set(re.findall(r"--experiment (\w+)(?!\S*\.toml)", "".join(map(words, PAGES))))
    assert named <= set(experiments())


def test_words_of_the_contract_are_json():
    """What is called JSON reads back as such, as far as it is in the repository."""
    assert json.loads((ROOT / "tools/versions.json").read_text())
