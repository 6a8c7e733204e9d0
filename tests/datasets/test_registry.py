"""Names of data sets and their aliases."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from pipeline import datasets, problems
from pipeline.errors import SettingsError


def test_every_known_name_loads_a_data_set_of_that_name():
    named = "antwerp antwerp-sim bangladesh folder icbhi jordan perch simulated sprsound"
    assert datasets.known() == tuple(named.split())
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
def test_the_predecessors_names_are_understood(alias, own):
    assert datasets.canonical_name(alias) == own
    assert datasets.load(alias).name == own


@pytest.mark.parametrize(
    ("typed", "own"),
    [
        ("folder-clinic_a", "folder-clinic_a"),
        # As it is written, so that it is found on disk.
        (" Folder-B2", "folder-B2"),
        ("folder-my-clinic", "folder-my-clinic"),
    ],
)
def test_further_folders_of_the_users_own_are_data_sets_of_their_own(typed, own):
    assert datasets.canonical_name(typed) == own
    assert datasets.load(typed).name == own
    assert own in datasets.load(typed).title
    assert own not in datasets.known()


@pytest.mark.parametrize(
    "name",
    ["folder-", "folder--", "folder-a-", "folder-a b", "folder-a/b", "folder-..", "folder-é"],
)
def test_a_folders_name_is_of_few_characters(name):
    with pytest.raises(SettingsError, match="its name of letters, digits, - and _"):
        datasets.canonical_name(name)


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
    assert set(dataset.classes) <= {"type", "diagnosis", "record_label"}
    assert dataset.classes
    assert dataset.label_level in ("event", "recording")
    module = sys.modules[dataset.read.__module__]
    for word in ("Format:", "Types:", "Licence:", "Citation:", "Split origin:", "Problems:"):
        assert word in module.__doc__


@pytest.mark.parametrize("name", datasets.known())
def test_every_data_set_names_the_problems_it_can_serve(name):
    told = re.search(r"^Problems: ([^.]*)\.", sys.modules[read_of(name)].__doc__, re.MULTILINE)
    served = {each for each in problems.NAMES if can_serve(problems.problem_named(each), name)}
    assert set(told[1].split(", ")) == served


def read_of(name):
    return datasets.load(name).read.__module__


def can_serve(problem, name):
    return name in problems.served_by(problem)


@pytest.mark.parametrize(
    ("problem", "refused"),
    [("crackle_wheeze", "bangladesh"), ("pneumonia", "perch"), ("sprsound-1-1", "icbhi")],
)
def test_a_data_set_that_cannot_serve_is_refused_with_those_that_can(problem, refused):
    asked = problems.problem_named(problem)
    with pytest.raises(SettingsError, match=refused) as error:
        problems.refuse_unsuited(asked, [refused])
    assert all(name in error.value.expected for name in problems.served_by(asked))
    assert refused not in error.value.expected.split(": ")[1].split(", ")
