"""A folder counts as there only when its manifest reads back and its files are whole."""

from __future__ import annotations

import json

import pytest

from pipeline.contract import MANIFEST, read_manifest, write_json, write_manifest
from pipeline.errors import ContractError

KIND = "auscult/splits"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "splits.csv").write_text("a,b\n")
    (tmp_path / "sub" / "more.bin").write_bytes(b"\0" * 10)
    write_manifest(tmp_path, KIND, salt="abc")
    return tmp_path


def test_manifest_reads_back_with_every_file(folder):
    manifest = read_manifest(folder, KIND, checksums=True)
    assert manifest["salt"] == "abc"
    assert set(manifest["files"]) == {"splits.csv", "sub/more.bin"}
    assert manifest["files"]["sub/more.bin"]["size"] == 10


def test_folder_without_manifest_is_not_there(tmp_path):
    with pytest.raises(ContractError, match="readable manifest"):
        read_manifest(tmp_path, KIND)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"files": {"a": 1}}', '{"kind": "auscult/splits"}', "\x00"]
)
def test_broken_manifest_is_refused(folder, text):
    (folder / MANIFEST).write_text(text)
    with pytest.raises(ContractError):
        read_manifest(folder, KIND)


def test_other_kind_or_version_is_refused(folder):
    with pytest.raises(ContractError, match="auscult/model"):
        read_manifest(folder, "auscult/model")
    manifest = json.loads((folder / MANIFEST).read_text())
    write_json(folder / MANIFEST, {**manifest, "version": 99})
    with pytest.raises(ContractError, match="version 99"):
        read_manifest(folder, KIND)


def test_missing_and_truncated_files_are_seen_without_checksums(folder):
    (folder / "sub" / "more.bin").write_bytes(b"\0" * 9)
    with pytest.raises(ContractError, match="9 bytes"):
        read_manifest(folder, KIND)
    (folder / "sub" / "more.bin").unlink()
    with pytest.raises(ContractError, match="no file"):
        read_manifest(folder, KIND)


def test_same_size_with_other_content_is_seen_with_checksums_only(folder):
    (folder / "splits.csv").write_text("a,c\n")
    read_manifest(folder, KIND)
    with pytest.raises(ContractError, match="sha256"):
        read_manifest(folder, KIND, checksums=True)


def test_json_that_strict_readers_refuse_is_never_written(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "x.json", {"a": float("nan")})
    assert not (tmp_path / "x.json").exists()
