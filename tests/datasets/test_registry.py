"""Names of data sets and their aliases."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pipeline import datasets
from pipeline.errors import SettingsError


def test_every_known_name_loads_a_data_set_of_that_name():
    assert datasets.known() == ("icbhi", "jordan", "simulated", "sprsound")
    assert [datasets.load(name).name for name in datasets.known()] == list(datasets.known())


@pytest.mark.parametrize("name", ["Icbhi", "ICBHI", " icbhi "])
def test_names_are_known_in_any_case(name):
    assert datasets.canonical_name(name) == "icbhi"


@pytest.mark.parametrize(
    ("alias", "own"),
    [
        ("Bd", "bangladesh"),
        ("Perch", "perch"),
        ("Ant", "antwerp"),
        ("SimAnt", "antwerp-sim"),
        ("antwerp", "antwerp"),
    ],
)
def test_the_predecessors_names_of_data_sets_to_come_are_understood_and_refused(alias, own):
    with pytest.raises(SettingsError) as error:
        datasets.canonical_name(alias)
    assert f"the data set {own})" in error.value.found
    assert "cannot be read yet" in error.value.found
    assert "icbhi, jordan, simulated, sprsound" in error.value.expected


@pytest.mark.parametrize(
    ("typed", "meant"), [("icbih", "icbhi"), ("Jordn", "jordan"), ("sprsond", "sprsound")]
)
def test_an_unknown_name_is_refused_with_the_nearest_known_one(typed, meant):
    with pytest.raises(SettingsError, match=f"did you mean '{meant}'"):
        datasets.load(typed)


def test_a_name_near_nothing_gets_no_guess():
    with pytest.raises(SettingsError) as error:
        datasets.load("zzzzz")
    assert "did you mean" not in str(error.value)


def test_the_registry_imports_nothing_heavy():
    code = (
        "import sys, pipeline.datasets; "
        "print([m for m in ('pandas', 'numpy', 'openpyxl', 'soundfile') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


@pytest.mark.parametrize("name", datasets.known())
def test_every_data_set_describes_itself(name):
    dataset = datasets.load(name)
    assert all((dataset.title, dataset.licence, dataset.citation, dataset.split_origin))
    assert dataset.layout
    assert set(dataset.problems) <= {"pneumonia", "crackle_wheeze"}
    assert dataset.problems
    assert dataset.label_level in ("event", "recording")
    module = sys.modules[dataset.read.__module__]
    for word in ("Format:", "Types:", "Licence:", "Citation:", "Split origin:"):
        assert word in module.__doc__
