"""How a rebuild ends: decided once, against whoever is champion then, whatever came between."""

from __future__ import annotations

import datetime
from types import SimpleNamespace

import luigi
import pandas as pd
import pytest

from pipeline.contract import read_manifest
from pipeline.rebuilds.decision import KEPT, PROMOTED, ROLLED_BACK
from pipeline.rebuilds.facts import COLUMNS
from pipeline.tasks import _09_champions
from pipeline.tasks._09_champions import KIND, RebuildProblem
from tests.rebuilds.outcomes import outcome

DAY, LATER = "2026-03-01", "2026-03-02"
NEW = "pneumonia-new"


class Night:
    """A rebuild of which the parts are stand-ins, so that one can step in between them."""

    def __init__(self, monkeypatch):
        luigi.task_register.Register.clear_instance_cache()
        self.compared: list[str] = []
        self.told: list[str] = []
        self.event = PROMOTED
        folder = SimpleNamespace(path=SimpleNamespace(name=NEW))
        model = SimpleNamespace(output=lambda: folder)
        evaluation = SimpleNamespace(model_task=model)
        sides = SimpleNamespace(path="sides.csv", facts=pd.DataFrame(columns=list(COLUMNS)))
        stand_ins = {
            "write_sides": lambda task: sides,
            "predictions_on_gate": self.predict,
            "choose": lambda *_: None,
            "outcome_of": lambda *_: self.outcome(),
            "tell_outcome": lambda made, text: self.told.append(made["event"]),
        }
        for name, one in stand_ins.items():
            monkeypatch.setattr(_09_champions, name, one)
        training = SimpleNamespace(evaluation=lambda: evaluation)
        monkeypatch.setattr(RebuildProblem, "training", lambda *_: training)
        self.task = RebuildProblem(problem="pneumonia", date=datetime.date.fromisoformat(DAY))
        self.line = self.task.champions

    def predict(self, task, model, champion, sides) -> dict:
        self.compared.append(champion)
        return {}

    def outcome(self) -> dict:
        before = self.line.champion()
        champion = NEW if self.event == PROMOTED else before
        made = outcome(date=DAY, event=self.event, champion_before=before, champion=champion)
        return {**made, "model": NEW}

    def run(self, *meanwhile) -> None:
        """Run to the end; before each step that Luigi takes between, something else happens."""
        steps = self.task.run()
        for happen in meanwhile:
            next(steps)
            happen()
        for _ in steps:
            pass

    def note(self, rebuild: str, model: str, event: str = PROMOTED) -> None:
        nothing = dict.fromkeys(("difference", "low", "high", "why"), "")
        row = {"rebuild": rebuild, "event": event, "model": model, "champion": model}
        self.line.note({**nothing, **row})

    def rows(self) -> list[tuple[str, str, str]]:
        return [(row["rebuild"], row["event"], row["champion"]) for row in self.line.history()]

    @property
    def folder(self):
        return self.line.folder / DAY


@pytest.fixture
def night(monkeypatch, tmp_path):
    config = luigi.configuration.get_config()
    old = config.get("paths", "data", "data")
    config.set("paths", "data", str(tmp_path / "data"))
    yield Night(monkeypatch)
    config.set("paths", "data", old)
    luigi.task_register.Register.clear_instance_cache()


def nothing() -> None:
    return None


def test_what_was_decided_is_sealed_noted_linked_and_told_once(night):
    night.run()
    manifest = read_manifest(night.folder, KIND)
    assert set(manifest["files"]) == {"note.html", "note.txt", "outcome.json", "recordings.csv"}
    assert night.rows() == [(DAY, PROMOTED, NEW)]
    assert (night.line.folder / "current").readlink().name == NEW
    assert night.told == [PROMOTED]
    assert night.task.complete()
    row = night.line.history()[0]
    assert (row["difference"], row["low"], row["high"]) == ("0.05", "-0.01", "0.11")


def test_the_same_night_again_writes_and_tells_nothing(night):
    night.run()
    before = night.rows(), (night.folder / "outcome.json").stat()
    night.run()
    assert (night.rows(), (night.folder / "outcome.json").stat()) == before
    assert night.told == [PROMOTED]


def test_a_lost_link_is_mended_without_deciding_again(night):
    night.run()
    (night.line.folder / "current").unlink()
    night.run()
    assert night.line.is_linked()
    assert len(night.rows()) == len(night.told) == len(night.compared) == 1


def test_with_another_champion_meanwhile_the_new_model_is_compared_with_that_one(night):
    night.note("2026-02-01", "pneumonia-a")
    night.run(nothing, lambda: night.note("2026-02-02", "pneumonia-b"))
    assert night.compared == ["pneumonia-a", "pneumonia-b"]
    assert night.task.outcome()["champion_before"] == "pneumonia-b"
    assert night.rows()[-1] == (DAY, PROMOTED, NEW)


def test_a_roll_back_meanwhile_counts_as_well(night):
    night.note("2026-02-01", "pneumonia-a")
    night.event = KEPT
    night.run(nothing, lambda: night.note("", "pneumonia-b", ROLLED_BACK))
    assert night.compared == ["pneumonia-a", "pneumonia-b"]
    assert night.rows()[-1] == (DAY, KEPT, "pneumonia-b")


def test_a_later_night_that_was_quicker_is_not_undone(night):
    night.run(nothing, lambda: night.note(LATER, "pneumonia-later"))
    assert night.rows() == [(LATER, PROMOTED, "pneumonia-later")]
    assert not night.folder.exists()
    assert night.told == []
    assert night.task.complete()


def test_the_same_night_that_was_quicker_elsewhere_is_not_told_again(night):
    night.run(nothing, lambda: night.note(DAY, NEW))
    assert night.rows() == [(DAY, PROMOTED, NEW)]
    assert night.told == []


@pytest.mark.parametrize("part", ["choose", "outcome_of", "text_of", "page_of"])
def test_whatever_fails_the_champion_stays_and_nothing_half_written_is_left(
    night, monkeypatch, part
):
    from pipeline.rebuilds import note

    def fail(*_):
        raise RuntimeError("disk on fire")

    night.note("2026-02-01", "pneumonia-a")
    module = note if part.endswith("_of") and part != "outcome_of" else _09_champions
    monkeypatch.setattr(module, part, fail)
    with pytest.raises(RuntimeError, match="disk on fire"):
        night.run()
    assert night.rows() == [("2026-02-01", PROMOTED, "pneumonia-a")]
    assert (night.line.folder / "current").readlink().name == "pneumonia-a"
    assert night.told == []
    assert not [path for path in night.line.folder.iterdir() if DAY in path.name]
    assert not night.task.complete()


def test_a_night_killed_before_history_knew_is_decided_anew_by_what_is_so_now(night):
    night.run()
    (night.line.folder / "history.csv").unlink()
    (night.line.folder / "current").unlink()
    night.note("2026-02-01", "pneumonia-a")
    night.event = KEPT
    night.run()
    assert night.task.outcome()["event"] == KEPT
    assert night.task.outcome()["champion"] == "pneumonia-a"
    assert night.rows()[-1] == (DAY, KEPT, "pneumonia-a")
    assert night.told == [PROMOTED, KEPT]


def test_a_night_that_was_half_written_is_written_anew(night):
    night.folder.mkdir(parents=True)
    (night.folder / "note.txt").write_text("half")
    night.run()
    assert "half" not in (night.folder / "note.txt").read_text()
    assert read_manifest(night.folder, KIND)
