"""A model that other code made is taken, and the user is told in one line what is other."""

from __future__ import annotations

import pytest

from pipeline.pull.other_code import other_code
from pipeline.tasks._06_clips import CutClips
from pipeline.tasks._07_train import TrainNetwork
from pipeline.training import environment
from tests.pull.models import lineage_of, make_model, same_files

LINEAGE, OWN = lineage_of()
VERSIONS = {record["task"]: record["version"] for record in LINEAGE.values()}
IDENTITIES = {name: LINEAGE[OWN]["inputs"][name] for name in ("environment", "sources")}


def line_about_code(here) -> list[str]:
    return [line for line in here.said[-1].splitlines() if "other code" in line]


@pytest.fixture
def same_code(monkeypatch):
    """This checkout is the one that made the models of these tests."""
    monkeypatch.setattr(CutClips, "__version__", VERSIONS["CutClips"])
    monkeypatch.setattr(TrainNetwork, "__version__", VERSIONS["TrainNetwork"])
    monkeypatch.setattr(environment, "training_identities", lambda: IDENTITIES)


def test_a_model_of_the_same_code_needs_no_word(here, tmp_path, same_code):
    here.pull(make_model(tmp_path / "there"))
    assert line_about_code(here) == []


@pytest.mark.parametrize("again", [False, True])
def test_a_model_of_other_sources_is_taken_and_told_in_one_line(
    here, tmp_path, same_code, monkeypatch, again
):
    mine = IDENTITIES | {"sources": "mine"}
    monkeypatch.setattr(environment, "training_identities", lambda: mine)
    model = make_model(tmp_path / "there")
    for _ in range(1 + again):
        assert same_files(here.pull(model), model)
    (line,) = line_about_code(here)
    assert f"the training's sources {IDENTITIES['sources']} (here mine)" in line
    assert "the locked packages" not in line


def test_a_stage_of_another_version_is_named(here, tmp_path, same_code, monkeypatch):
    monkeypatch.setattr(CutClips, "__version__", "99")
    here.pull(make_model(tmp_path / "there"))
    (line,) = line_about_code(here)
    assert f"CutClips of version {VERSIONS['CutClips']} (here 99)" in line


def test_the_same_code_differs_in_nothing():
    assert other_code(LINEAGE, OWN, VERSIONS, IDENTITIES) == []


def test_each_difference_is_told_with_what_is_here():
    other = {"environment": "E", "sources": "S"}
    found = other_code(LINEAGE, OWN, {"CutClips": "2", "TrainNetwork": "5"}, other)
    assert found == [
        "CutClips of version 1 (here 2)",
        "TrainNetwork of version 4 (here 5)",
        "the locked packages e (here E)",
        "the training's sources s (here S)",
    ]


def test_what_this_checkout_does_not_know_is_passed_over():
    assert other_code({"x": {"task": "Foreign", "version": "1"}}, "x", {}, IDENTITIES) == []
