"""Salts are the same for equal content and differ for any other."""

from __future__ import annotations

import doctest
import math

import pytest

from pipeline import salts
from pipeline.salts import canonical, differences, merge_lineages, salt_of, sources_digest

RECORD = {
    "task": "TrainNetwork",
    "version": "1",
    "parameters": {"seed": 0},
    "settings": {"training": {"learning_rate": 0.001, "n_epochs": 3}},
    "inputs": {"clips": "aaaa"},
}


def changed(**parts):
    return {**RECORD, **parts}


def test_salt_does_not_depend_on_the_order_of_keys():
    assert salt_of(RECORD) == salt_of(dict(reversed(RECORD.items())))


@pytest.mark.parametrize(
    "other",
    [
        changed(version="2"),
        changed(parameters={"seed": 1}),
        changed(settings={"training": {"learning_rate": 0.0003, "n_epochs": 3}}),
        changed(inputs={"clips": "aaab"}),
        changed(task="Other"),
    ],
)
def test_salt_changes_with_every_part(other):
    assert salt_of(other) != salt_of(RECORD)


def test_canonical_json_is_fixed():
    # A change here would orphan every output that users have.
    assert canonical({"b": (1, 2.5), "a": "ü"}) == '{"a":"\\u00fc","b":[1,2.5]}'
    with pytest.raises(ValueError, match="JSON"):
        canonical(math.nan)


def test_differences_name_the_setting_and_both_values():
    other = changed(settings={"training": {"learning_rate": 0.0003, "n_epochs": 3}})
    assert differences(RECORD, other) == ["[training] learning_rate 0.001 -> 0.0003"]
    assert differences(RECORD, changed(version="2")) == ["version of the task 1 -> 2"]
    assert differences(RECORD, changed(parameters={})) == ["--seed 0 -> (none)"]
    assert differences(RECORD, RECORD) == []


def test_doctest_of_differences():
    assert doctest.testmod(salts).failed == 0


def test_lineage_holds_all_ancestors_once():
    merged = merge_lineages("c", RECORD, [{"a": 1, "b": 2}, {"b": 2}])
    assert merged == {"a": 1, "b": 2, "c": RECORD}


def test_sources_digest_sees_content_and_names_but_not_the_place(tmp_path):
    for place in ("one", "two"):
        (tmp_path / place / "cnn").mkdir(parents=True)
        (tmp_path / place / "cnn" / "train.py").write_text("x = 1\n")
    first = sources_digest([tmp_path / "one" / "cnn"])
    assert first == sources_digest([tmp_path / "two" / "cnn"])
    (tmp_path / "two" / "cnn" / "train.py").write_text("x = 2\n")
    assert first != sources_digest([tmp_path / "two" / "cnn"])
    (tmp_path / "one" / "cnn" / "train.py").rename(tmp_path / "one" / "cnn" / "other.py")
    assert first != sources_digest([tmp_path / "one" / "cnn"])
