"""Descriptors and the salted task, on small tasks of their own."""

from __future__ import annotations

import luigi
import pytest

from pipeline.compose import (
    Requirement,
    Requirements,
    Requires,
    SaltedOutput,
    SaltedTask,
    SettingsParameter,
    requirement_names,
)
from pipeline.errors import InputsNotReady


class Source(SaltedTask):
    kind = "auscult/source"
    salted_by = ("dataset",)
    dataset = luigi.Parameter()
    output = SaltedOutput("02_index/{task.dataset}-{salt}")

    def build(self, folder):
        (folder / "x.txt").write_text(self.dataset)


class Middle(SaltedTask):
    kind = "auscult/middle"
    salted_by = ("seed", "training_settings")
    datasets = luigi.TupleParameter()
    seed = luigi.IntParameter(default=0)
    place = luigi.Parameter(default="", significant=False)
    training_settings = SettingsParameter("training")
    sources = Requirements(Source, each="datasets")
    output = SaltedOutput("03_splits/middle-{salt}")

    def build(self, folder):
        (folder / "y.txt").write_text("y")
        return {"datasets": sorted(self.sources)}


class Last(Middle):
    kind = "auscult/last"
    middle = Requirement(Middle)
    output = SaltedOutput("04_subset/last-{salt}")


class Fewer(Last):
    sources = None


@pytest.fixture(autouse=True)
def rooms(tmp_path, monkeypatch):
    from pipeline.config import paths

    luigi.task_register.Register.clear_instance_cache()
    luigi.configuration.get_config().set("paths", "data", str(tmp_path))
    yield tmp_path
    luigi.configuration.get_config().remove_option("paths", "data")
    luigi.task_register.Register.clear_instance_cache()
    del paths


def make(cls=Last, **changes):
    values = {"datasets": ("a", "b"), "training_settings": {"n": 1}, **changes}
    return cls(**values)


def run(task):
    assert luigi.build([task], local_scheduler=True, log_level="ERROR")


def fresh(cls=Last, **changes):
    luigi.task_register.Register.clear_instance_cache()
    return make(cls, **changes)


def test_requirements_are_inherited_and_can_be_dropped():
    assert requirement_names(Last) == ["middle", "sources"]
    assert requirement_names(Fewer) == ["middle"]
    assert set(make().requires()["sources"]) == {"a", "b"}
    assert isinstance(make().requires()["middle"], Middle)


def test_parameters_reach_the_first_stage():
    task = make(seed=7)
    assert task.middle.seed == 7
    assert task.middle.sources["b"].dataset == "b"


def test_diamond_shares_one_task_per_data_set():
    task = make()
    assert task.sources["a"] is task.middle.sources["a"]


def test_without_inputs_a_task_is_not_complete_and_has_no_path():
    task = make()
    assert task.complete() is False
    with pytest.raises(InputsNotReady, match="middle"):
        task.output()


def test_run_makes_everything_and_the_lineage_holds_all_of_it():
    task = make()
    run(task)
    assert task.complete()
    manifest = task.output().manifest()
    assert manifest["info"] == {"datasets": ["a", "b"]}
    assert {one["task"] for one in manifest["lineage"].values()} == {"Last", "Middle", "Source"}
    assert len(manifest["lineage"]) == 4


def test_salt_follows_settings_versions_and_inputs_but_no_place(monkeypatch):
    run(make())
    salt = make().salt
    assert fresh(place="/somewhere/else").salt == salt
    assert not fresh(training_settings={"n": 2}).complete()
    run(fresh(training_settings={"n": 2}))
    assert fresh(training_settings={"n": 2}).salt != salt
    monkeypatch.setattr(Source, "__version__", "2")
    assert not fresh().complete()
    run(fresh())
    assert fresh().salt != salt


def test_order_of_settings_does_not_matter():
    one = make(training_settings={"a": 1, "b": 2})
    assert one is make(training_settings={"b": 2, "a": 1})


def test_settings_and_parameters_stand_apart_in_the_record():
    run(make())
    record = fresh().record()
    assert record["settings"] == {"training": {"n": 1}}
    assert record["parameters"] == {"seed": 0}
    assert set(record["inputs"]) == {"middle", "sources.a", "sources.b"}


def test_deep_diamonds_stay_cheap():
    classes = [Source]
    for depth in range(40):
        members = {
            "kind": "auscult/deep",
            "dataset": luigi.Parameter(),
            "left": Requirement(classes[-1]),
            "right": Requirement(classes[-1]),
            "output": SaltedOutput(f"03_splits/deep{depth}-{{salt}}"),
            "build": lambda self, folder: None,
        }
        classes.append(type(f"Deep{depth}", (SaltedTask,), members))
    task = classes[-1](dataset="a")
    run(task)
    luigi.task_register.Register.clear_instance_cache()
    assert len(classes[-1](dataset="a").lineage()) == 41


def test_requires_on_the_class_is_the_descriptor():
    assert isinstance(Last.requires, Requires)
