"""Folders with a manifest: the one form in which stages and the two environments hand over results.

A folder counts as there only when its ``manifest.json`` reads back and every file it lists has
the size it states. ``ml_env/cnn/contract.py`` is the other side's copy of this small module.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from pipeline.errors import ContractError

MANIFEST = "manifest.json"
FORMAT_VERSION = 1
PREFIX = "auscult/"


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file's bytes, as 64 hexadecimal digits."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def list_files(folder: Path) -> list[str]:
    """Return the posix paths of all files below `folder`, relative to it, without the manifest."""
    found = []
    for base, _, names in os.walk(folder):
        found += [(Path(base) / name).relative_to(folder).as_posix() for name in names]
    return sorted(name for name in found if name != MANIFEST)


def write_manifest(folder: Path, kind: str, **content: Any) -> dict[str, Any]:
    """Write ``manifest.json`` over all files of `folder`, and return it.

    Parameters
    ----------
    folder : Path
        A finished folder, not yet under its final name.
    kind : str
        What the folder is, such as ``"auscult/splits"``.
    **content
        Further JSON-safe entries (salt, lineage, info).
    """
    files = {
        name: {"size": (folder / name).stat().st_size, "sha256": sha256_of(folder / name)}
        for name in list_files(folder)
    }
    manifest = {"kind": kind, "version": FORMAT_VERSION, "files": files, **content}
    write_json(folder / MANIFEST, manifest)
    return manifest


def read_manifest(folder: Path, kind: str | None = None, checksums: bool = False) -> dict[str, Any]:
    """Return the manifest of `folder` after checking that the folder is whole.

    Raises
    ------
    ContractError
        If the manifest is missing, unreadable, of another kind or version, or a file it lists is
        missing or has another size (with `checksums`, another sha256).
    """
    manifest = _load(folder / MANIFEST)
    _check_kind(manifest, kind, folder)
    for name, facts in manifest["files"].items():
        if not isinstance(facts, dict) or not {"size", "sha256"} <= facts.keys():
            raise _another_form(folder / MANIFEST)
        _check_file(folder / name, facts, checksums)
    return manifest


def write_json(path: Path, content: Any) -> None:
    """Write JSON under its final name in one step (a temporary file beside it, then a rename)."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with open(part, "w", encoding="utf-8") as stream:
        json.dump(content, stream, indent=1, sort_keys=True, allow_nan=False)
        stream.write("\n")
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(part, path)


def read_json(path: Path) -> Any:
    """Return the content of a JSON file (UTF-8)."""
    with open(path, encoding="utf-8") as stream:
        return json.load(stream)


def _load(path: Path) -> dict[str, Any]:
    try:
        manifest = read_json(path)
    except (OSError, ValueError) as error:
        raise ContractError(
            expected=f"a folder with a readable {MANIFEST}",
            found=f"{type(error).__name__}: {error}",
            where=str(path),
            action="Run the task that makes this folder again, or copy the whole folder again.",
        ) from None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        raise _another_form(path)
    return manifest


def _another_form(path: Path) -> ContractError:
    return ContractError(
        expected="a manifest with an entry 'files', each with size and sha256",
        found="JSON of another form",
        where=str(path),
        action="This folder was not made by this project; name another one.",
    )


def _check_kind(manifest: dict[str, Any], kind: str | None, folder: Path) -> None:
    found = (manifest.get("kind"), manifest.get("version"))
    wanted = (kind or manifest.get("kind"), FORMAT_VERSION)
    if found != wanted or not str(found[0]).startswith(PREFIX):
        raise ContractError(
            expected=f"kind {wanted[0]}, version {wanted[1]}",
            found=f"kind {found[0]}, version {found[1]}",
            where=str(folder / MANIFEST),
            action="Name a folder of the expected kind, or make it anew with this version.",
        )


def _check_file(path: Path, facts: dict[str, Any], checksums: bool) -> None:
    try:
        size = path.stat().st_size
    except OSError:
        size = None
    if size != facts["size"]:
        raise ContractError(
            expected=f"a file of {facts['size']} bytes",
            found="no file" if size is None else f"{size} bytes",
            where=str(path),
            action="The folder is not whole: copy it again, or delete it and run again.",
        )
    if checksums and sha256_of(path) != facts["sha256"]:
        raise ContractError(
            expected=f"sha256 {facts['sha256']}",
            found="another checksum at the same size: the file was changed or damaged",
            where=str(path),
            action="Copy the folder again from where it was made.",
        )
