"""Salts and lineage records: what an output was made from, as one short digest.

A record is a plain dict ``{task, version, parameters, settings, inputs}``; its salt is the digest
of its canonical JSON. A lineage maps salt to record for an output and all its ancestors.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

SALT_LENGTH = 12


def canonical(content: Any) -> str:
    """Return JSON that is the same for equal content: sorted keys, no blanks, no NaN."""
    return json.dumps(
        _plain(content), sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=True
    )


def digest(content: Any) -> str:
    """Return the sha256 of the canonical JSON of `content`, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def salt_of(record: Mapping[str, Any]) -> str:
    """Return the salt of a lineage record, 12 hexadecimal digits."""
    return digest(record)[:SALT_LENGTH]


def merge_lineages(salt: str, record: dict[str, Any], inputs: Iterable[Mapping]) -> dict[str, Any]:
    """Return the lineage of an output: its own record and those of all its inputs, by salt."""
    merged: dict[str, Any] = {}
    for lineage in inputs:
        merged.update(lineage)
    merged[salt] = record
    return merged


def sources_digest(folders: Iterable[Path]) -> str:
    """Return one digest of all Python sources below `folders` (names below them, and bytes)."""
    entries = []
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            entries.append((folder.name, path.relative_to(folder).as_posix(), content))
    return digest(entries)


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return one line for each part in which two lineage records differ.

    Examples
    --------
    >>> differences({"settings": {"training": {"n_epochs": 3}}},
    ...             {"settings": {"training": {"n_epochs": 5}}})
    ['[training] n_epochs 3 -> 5']
    """
    before, after = _parts(old), _parts(new)
    lines = []
    for name in sorted(before | after):
        if before.get(name) != after.get(name):
            was, now = (_show(side.get(name, "(none)")) for side in (before, after))
            lines.append(f"{name} {was} -> {now}")
    return lines


def _parts(record: Mapping[str, Any]) -> dict[str, Any]:
    parts = {}
    if "version" in record:
        parts["version of the task"] = record["version"]
    for section, values in record.get("settings", {}).items():
        parts |= {f"[{section}] {key}": value for key, value in values.items()}
    parts |= {f"--{key}": value for key, value in record.get("parameters", {}).items()}
    parts |= {f"input {key}": value for key, value in record.get("inputs", {}).items()}
    return parts


def _show(value: Any) -> str:
    return value if isinstance(value, str) else canonical(value)


def _plain(content: Any) -> Any:
    """Return `content` with mappings and tuples as dicts and lists."""
    if isinstance(content, Mapping):
        return {str(key): _plain(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_plain(value) for value in content]
    return content
