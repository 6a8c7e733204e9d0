"""What of the files behind a network enters the salt of a training."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import SettingsError
from pipeline.schema import SCHEMA
from pipeline.training.model_files import model_identities, own_folders, own_sources

OWN = {"name": "nets.small:build", "weights": "imagenet", "backbone": "ResNet50"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets/__init__.py").write_text("")
    (tmp_path / "nets/small.py").write_text("import keras\nfrom blocks import block\n")
    (tmp_path / "blocks.py").write_text("def block(): ...\n")
    (tmp_path / "unrelated.py").write_text("")
    return tmp_path


def test_networks_of_the_project_add_nothing(tmp_path: Path) -> None:
    for name in SCHEMA["model"]["name"].choices:
        assert model_identities({**OWN, "name": name, "weights": "none"}, tmp_path, []) == {}


def test_sources_are_the_package_and_what_it_imports_from_the_same_places(folder: Path) -> None:
    found = own_sources("nets.small:build", [folder])
    assert set(found) == {"nets/__init__.py", "nets/small.py", "blocks.py"}


def test_a_single_file_is_enough(folder: Path) -> None:
    assert set(own_sources("blocks:block", [folder / "nets", folder])) == {"blocks.py"}


@pytest.mark.parametrize("name", ["nets/small.py", "blocks.py", "nets/new.py"])
def test_a_changed_source_changes_the_identity(folder: Path, name: str) -> None:
    before = model_identities(OWN, folder, [folder])
    assert set(before) == {"own_network"}
    (folder / "unrelated.py").write_text("changed = True\n")
    assert model_identities(OWN, folder, [folder]) == before
    (folder / name).write_text("changed = True\n")
    assert model_identities(OWN, folder, [folder]) != before


def test_where_a_source_lies_does_not_change_the_identity(folder: Path, tmp_path: Path) -> None:
    before = model_identities(OWN, tmp_path, [folder])
    (tmp_path / "elsewhere").mkdir()
    for name in ("nets", "blocks.py"):
        (folder / name).rename(tmp_path / "elsewhere" / name)
    assert model_identities(OWN, tmp_path, [folder, tmp_path / "elsewhere"]) == before


@pytest.mark.parametrize("name", ["missing:build", "nets.large:build"])
def test_a_module_that_is_not_there_is_an_error(folder: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=r"PYTHONPATH") as caught:
        model_identities({**OWN, "name": name}, folder, [folder])
    assert str(folder) in str(caught.value)


def test_the_weights_of_a_backbone_count_by_their_content(tmp_path: Path) -> None:
    settings = {**OWN, "name": "pretrained"}
    with pytest.raises(SettingsError, match=r"ResNet50\.h5"):
        model_identities(settings, tmp_path)
    (tmp_path / "weights").mkdir()
    file = tmp_path / "weights/ResNet50.h5"
    file.write_bytes(b"one")
    one = model_identities(settings, tmp_path)
    file.write_bytes(b"two")
    assert set(one) == {"weights"}
    assert model_identities(settings, tmp_path) != one


def test_modules_are_looked_for_in_the_working_folder_then_on_pythonpath(tmp_path: Path) -> None:
    assert own_folders({"PYTHONPATH": f"{tmp_path}:"}) == [Path.cwd(), tmp_path]
    assert own_folders({}) == [Path.cwd()]


def test_the_name_may_be_a_path_and_nothing_else() -> None:
    key = SCHEMA["model"]["name"]
    assert all(map(key.accepts, ("resnet", "nets:build", "my_package.models:build")))
    assert not any(map(key.accepts, ("resnett", "nets.build", "a:b:c", "../nets:build", "", True)))
    assert "my_package.models:build" in key.expectation()
