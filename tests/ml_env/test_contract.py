"""Folders are handed over whole or not at all, in the same form as the pipeline's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cnn import contract
from cnn.errors import ContractError
from pipeline import contract as of_pipeline
from pipeline.errors import ContractError as PipelineContractError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "model"
    (made / "sub").mkdir(parents=True)
    (made / "weights").write_bytes(b"12345")
    (made / "sub" / "notes").write_text("x")
    return made


def test_what_the_trainer_writes_the_pipeline_reads(folder: Path) -> None:
    contract.write_manifest(folder, contract.MODEL_KIND)
    found = of_pipeline.read_manifest(folder, contract.MODEL_KIND, checksums=True)
    assert sorted(found["files"]) == ["sub/notes", "weights"]


def test_what_the_pipeline_writes_the_trainer_reads(folder: Path) -> None:
    of_pipeline.write_manifest(folder, contract.MODEL_KIND, salt="abc", lineage={"a": 1})
    found = contract.read_manifest(folder, contract.MODEL_KIND)
    assert found["salt"] == "abc"


@pytest.mark.parametrize("side", ["trainer", "pipeline"])
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "weights").unlink(), "no file"),
        (lambda folder: (folder / "weights").write_bytes(b"123"), "3 bytes"),
        (lambda folder: (folder / "weights").write_bytes(b"54321"), "changed or damaged"),
        (lambda folder: (folder / "manifest.json").unlink(), "FileNotFoundError"),
        (lambda folder: (folder / "manifest.json").write_text("["), "JSONDecodeError"),
        (lambda folder: (folder / "manifest.json").write_text("[]"), "another form"),
        (lambda folder: restate(folder, kind="auscult/pack"), "auscult/pack"),
        (lambda folder: restate(folder, version=9), "version 9"),
    ],
)
def test_both_sides_refuse_a_damaged_folder(folder: Path, side: str, damage, message: str) -> None:
    contract.write_manifest(folder, contract.MODEL_KIND)
    damage(folder)
    if side == "trainer":
        with pytest.raises(ContractError, match=message):
            contract.read_manifest(folder, contract.MODEL_KIND)
    else:
        with pytest.raises(PipelineContractError, match=message):
            of_pipeline.read_manifest(folder, contract.MODEL_KIND, checksums=True)


def restate(folder: Path, **changes: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_an_output_appears_whole_with_its_manifest(tmp_path: Path) -> None:
    (tmp_path / "output.tmp").mkdir()
    (tmp_path / "output.tmp" / "left over").write_text("of a killed run")
    with contract.atomic_output(tmp_path, contract.PREDICTIONS_KIND) as part:
        (part / "predictions.csv").write_text("clip_id\n")
        assert not (tmp_path / "output").exists()
    assert not part.exists()
    manifest = contract.read_manifest(tmp_path / "output", contract.PREDICTIONS_KIND)
    assert list(manifest["files"]) == ["predictions.csv"]


def test_an_output_of_an_earlier_run_is_replaced_as_a_whole(tmp_path: Path) -> None:
    for name in ("first", "second"):
        with contract.atomic_output(tmp_path, contract.PREDICTIONS_KIND) as part:
            (part / name).write_text(name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["output"]
    assert contract.list_files(tmp_path / "output") == ["second"]


def test_an_error_while_writing_leaves_no_output(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="full"), contract.atomic_output(tmp_path, "x"):
        raise OSError("disk full")
    assert not (tmp_path / "output").exists()
