"""What a rebuild is asked for: bad values are refused in words, and lines never share a folder."""

from __future__ import annotations

import datetime
import shutil
import sys
from pathlib import Path

import luigi
import pytest

import pipeline
from pipeline.contract import write_json, write_manifest
from pipeline.errors import ContractError, SettingsError
from pipeline.problems import problem_named
from pipeline.progress import result_of
from pipeline.rebuilds.champions import Line
from pipeline.rebuilds.decision import PROMOTED
from pipeline.targets import FolderTarget
from pipeline.tasks import rebuild as rebuild_task
from pipeline.tasks._09_champions import KIND, OUTCOME, RebuildProblem, line_of
from pipeline.tasks.rebuild_gate import predictions_on_gate
from tests.rebuilds.outcomes import outcome

DAY = datetime.date(2026, 3, 1)
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def data(tmp_path):
    """Rooms of their own."""
    config = luigi.configuration.get_config()
    old = config.get("paths", "data", "data")
    config.set("paths", "data", str(tmp_path / "data"))
    luigi.task_register.Register.clear_instance_cache()
    yield tmp_path / "data"
    config.set("paths", "data", old)
    luigi.task_register.Register.clear_instance_cache()


def rebuild(**asked) -> RebuildProblem:
    luigi.task_register.Register.clear_instance_cache()
    return RebuildProblem(**{"problem": "pneumonia", "date": DAY, **asked})


def became_champion(line: Line, model: str, day: str) -> None:
    nothing = dict.fromkeys(("difference", "low", "high", "why"), "")
    line.note({**nothing, "rebuild": day, "event": PROMOTED, "model": model, "champion": model})


def _schedule(task: RebuildProblem) -> None:
    """Ask what Luigi asks first."""
    if not task.complete():
        task.requires()


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ({"gate_share": 2.0}, "--gate-share"),
        ({"gate_share": 0.0}, "--gate-share"),
        ({"gate_share": float("nan")}, "--gate-share"),
        ({"gate_share": 0.85}, "[splits] test_share"),
        ({"margin": -1.0}, "--margin"),
        ({"margin": float("nan")}, "--margin"),
        ({"line": "../x"}, "--line"),
        ({"line": "a/b"}, "--line"),
        ({"line": "a b"}, "--line"),
        ({"problem": "pneumonai"}, "did you mean 'pneumonia'"),
    ],
)
def test_a_value_that_cannot_be_is_refused_before_anything_is_done(data, asked, where):
    with pytest.raises(SettingsError) as caught:
        _schedule(rebuild(**asked))
    assert where.casefold() in str(caught.value).casefold()
    assert not data.exists()


@pytest.mark.parametrize("text", ["2026-03-01T0300", "tomorrow", "2026-3", ""])
def test_a_date_that_is_no_day_is_refused(text):
    parameter = dict(pipeline.RebuildAll.get_params())["date"]
    with pytest.raises(SettingsError, match="--date"):
        parameter.parse(text)
    assert parameter.parse("2026-03-01") == DAY


@pytest.mark.parametrize("text", ["", ",", " , "])
def test_no_problem_at_all_is_refused(text):
    parameter = dict(pipeline.RebuildAll.get_params())["problems"]
    with pytest.raises(SettingsError, match="--problems"):
        parameter.parse(text)
    assert parameter.parse("b, a,b") == ("b", "a")


def test_no_two_lines_share_a_folder(tmp_path):
    for name in ("lungs", "lungs-old"):
        shutil.copy(ROOT / "pipeline" / "problems" / "pneumonia.toml", tmp_path / f"{name}.toml")
    short, long = (str(tmp_path / f"{name}.toml") for name in ("lungs", "lungs-old"))
    lines = [line_of(short, "old"), line_of(long, ""), line_of(short, ""), line_of(long, "old")]
    assert len({line.folder for line in lines}) == 4


def test_a_rebuild_is_there_when_history_and_link_say_so_whatever_else_is_gone(data):
    line = line_of("pneumonia", "")
    assert not rebuild().complete()
    became_champion(line, "pneumonia-a", "2026-03-01")
    assert rebuild().complete()
    (line.folder / "current").unlink()
    assert not rebuild().complete()
    line.link()
    assert rebuild().complete()
    assert "is gone" in pipeline.RebuildAll(date=DAY).shown()


def test_a_day_before_the_newest_is_overtaken_and_a_day_after_it_is_not(data):
    became_champion(line_of("pneumonia", ""), "pneumonia-a", "2026-03-01")
    before, after = (DAY + datetime.timedelta(days=n) for n in (-1, 1))
    assert rebuild(date=before).complete()
    assert not rebuild(date=after).complete()
    days = [before, DAY, after]
    assert pipeline.RebuildAll.bulk_complete(days) == [before, DAY]


def test_each_line_and_problem_has_its_own_champion(data):
    became_champion(line_of("pneumonia", ""), "pneumonia-a", "2026-03-01")
    assert not rebuild(line="second").complete()
    assert not rebuild(problem="crackle_wheeze").complete()
    both = pipeline.RebuildAll(date=DAY, problems=("pneumonia", "crackle_wheeze"))
    assert [one.complete() for one in both.goal()] == [True, False]


def test_where_a_training_runs_is_no_part_of_a_rebuild():
    assert rebuild(where="slurm").task_id == rebuild(where="local").task_id


def test_a_champion_that_is_gone_is_refused_in_words(data):
    with pytest.raises(ContractError, match="the champion's folder, whole") as caught:
        predictions_on_gate(rebuild(), data / "07_models" / "new", "pneumonia-a", None)
    assert "RollBack" in caught.value.action


def test_a_champion_for_other_labels_is_refused_in_words(data):
    folder = data / "07_models" / "pneumonia-a"
    folder.mkdir(parents=True)
    content = {**problem_named("pneumonia").content, "labels": ["pneumonia", "asthma"]}
    write_json(folder / "record.json", {"settings": {"problem": content}})
    write_manifest(folder, "auscult/model")
    with pytest.raises(SettingsError, match="trained for: pneumonia, asthma") as caught:
        predictions_on_gate(rebuild(), data / "07_models" / "new", "pneumonia-a", None)
    assert "--line" in caught.value.action


@pytest.mark.parametrize("line", ["../x", "nowhere"])
def test_a_roll_back_of_a_line_that_is_not_there_is_refused_and_leaves_nothing(data, line):
    with pytest.raises(SettingsError):
        pipeline.RollBack(problem="pneumonia", line=line).run()
    assert not list(data.glob("**/history.csv"))
    assert not (data / "09_champions" / f"pneumonia.{line}").exists()


def test_a_day_that_was_decided_with_other_parameters_says_so(data):
    folder = line_of("pneumonia", "").folder / str(DAY)
    made = outcome(asked=rebuild(experiment="smoke").asked())
    FolderTarget(folder, KIND).write(lambda part: write_json(part / OUTCOME, made) or {})
    became_champion(line_of("pneumonia", ""), made["model"], str(DAY))
    assert (
        "decided already" not in pipeline.RebuildAll(date=DAY, experiment="smoke").shown().lower()
    )
    other = pipeline.RebuildAll(date=DAY, experiment="demo", margin=0.3)
    assert other.complete()
    assert "with experiment smoke (not demo), margin 0.05 (not 0.3)" in other.shown()


def test_a_web_hook_on_the_command_line_is_refused_before_anything_is_done(data, monkeypatch):
    monkeypatch.setattr(
        sys, "argv", ["luigi", "RebuildAll", "--notify-webhook", "https://h/SECRET"]
    )
    monkeypatch.setattr(rebuild_task, "tell_if_unfinished", lambda task: None)
    with pytest.raises(SettingsError, match="AUSCULT_WEBHOOK") as caught:
        pipeline.RebuildAll(date=DAY).complete()
    assert "SECRET" not in str(caught.value)


def test_luigi_s_page_leads_to_the_note(data):
    assert result_of(rebuild()) == ("", None)
    became_champion(line_of("pneumonia", ""), "pneumonia-a", str(DAY))
    note = line_of("pneumonia", "").folder / str(DAY) / "note.html"
    note.parent.mkdir()
    note.touch()
    assert result_of(rebuild()) == (note.absolute().as_uri(), note)
