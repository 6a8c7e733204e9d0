"""ICBHI's tables by subject and its official split, in all the forms their copies come in."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from math import isfinite
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline.datasets.description import KEPT, REPAIRED, Row, exclusion, finding
from pipeline.datasets.files import Unusable, read_text, stem, suffix
from pipeline.errors import AnnotationError
from pipeline.evaluation.wording import plural

# The official split names recordings that go by another name on disk.
ALIASES = {"226_1b1_Pl_sc_Meditron": "226_1b1_Pl_sc_LittC2SE"}
_UNKNOWN = {"", "na", "nan", "n/a"}
_NOBODY: Row = {"age": None, "sex": ""}

Parse = Callable[[list[str]], tuple[str, Any]]


def read_diagnoses(folder: Path, files: list[str]) -> tuple[dict[str, str], list[Row]]:
    """Return {publisher's subject id: diagnosis as published} and rows for excluded.csv.

    Raises
    ------
    AnnotationError
        A diagnosis file holds no line that can be read, or two of them differ.
    """
    return _read_one(folder, files, "diagnosis", r"diagnos[ie]s", _parse_diagnosis)


def read_demographics(folder: Path, files: list[str]) -> tuple[dict[str, Row], list[Row]]:
    """Return {publisher's subject id: {age (years or None), sex (F, M or "")}} and rows.

    Raises
    ------
    AnnotationError
        As `read_diagnoses`.
    """
    people, rows = _read_one(folder, files, "demographics", r"demographic", _parse_person)
    unknown = sorted(key for key, person in people.items() if person == _NOBODY)
    if unknown:
        rows.append(finding("subject", "age and sex unknown", f"subject {', '.join(unknown)}"))
    return people, rows


def read_official_split(
    folder: Path, files: list[str], on_disk: set[str]
) -> tuple[dict[str, str], list[Row]]:
    """Return {stem of a recording on disk: train or test} and rows for excluded.csv.

    Recordings of the split that are not on disk, and the reverse, take one row each way.

    Raises
    ------
    AnnotationError
        As `read_diagnoses`.
    """
    sides, excluded = _read_one(folder, files, "official split", r"train_?test", _parse_side)
    if not sides:
        return {}, excluded
    excluded = excluded + _both_sided(sides)
    renamed = {name: ALIASES[name] for name in sides if name in ALIASES and name not in on_disk}
    for name, own in renamed.items():
        detail = f"the official split names {own} as {name}"
        excluded.append(finding("metadata", "named otherwise on disk", detail, REPAIRED))
    sides = {renamed.get(name, name): side for name, side in sides.items()}
    missing = Counter(side for name, side in sides.items() if name not in on_disk)
    if missing:
        detail = ", ".join(f"{missing[side]} of {side}" for side in ("train", "test"))
        excluded.append(_metadata_row("recording not on disk", f"official split: {detail}"))
    unlisted = sorted(on_disk - set(sides))
    if unlisted:
        detail = f"{plural(len(unlisted), 'recording')}, the first: {unlisted[0]}"
        excluded.append(_metadata_row("not in the official split", detail))
    return {name: side for name, side in sides.items() if name in on_disk}, excluded


def split_fields(line: str) -> list[str]:
    """Return a line's stripped fields: parted by tabs, else by commas, else by blanks."""
    if "\t" in line or "," in line:
        return [field.strip() for field in line.split("\t" if "\t" in line else ",")]
    return line.split()


def _read_one(
    folder: Path, files: list[str], title: str, pattern: str, parse: Parse
) -> tuple[dict[str, Any], list[Row]]:
    names = [path for path in files if suffix(path) in (".txt", ".csv")]
    paths = [path for path in names if re.search(pattern, PurePosixPath(path).name, re.IGNORECASE)]
    if not paths:
        detail = f"no file of the {title}; it stays unknown"
        return {}, [_metadata_row("file missing", detail)]
    tables = [_read_table(folder, path, title, parse) for path in sorted(paths)]
    if any(table != tables[0][0] for table, _ in tables):
        raise AnnotationError(
            expected=f"one file of the {title}, or equal copies",
            found=f"files that differ: {', '.join(sorted(paths))}",
            where=str(folder),
            action="keep the right one in this folder",
        )
    return tables[0]


def _read_table(
    folder: Path, path: str, title: str, parse: Parse
) -> tuple[dict[str, Any], list[Row]]:
    table: dict[str, Any] = {}
    malformed, contradicted = [], []
    for line in filter(str.strip, _lines(folder / path, title)):
        try:
            key, value = parse(split_fields(line))
        except (ValueError, IndexError):
            malformed.append(line.strip()[:80])
            continue
        if table.setdefault(key, value) != value:
            contradicted.append(key)
    if not table:
        raise _not_understood(folder / path, title, f"the first line {malformed[:1]}")
    for key in contradicted:
        table.pop(key, None)
    return table, _table_rows(path, malformed, contradicted)


def _lines(path: Path, title: str) -> list[str]:
    try:
        return read_text(path).splitlines()
    except Unusable as error:
        raise _not_understood(path, title, f"{error.reason} ({error.detail})") from error


def _table_rows(path: str, malformed: list[str], contradicted: list[str]) -> list[Row]:
    rows = []
    if malformed:
        detail = f"{plural(len(malformed), 'line')}, the first: {malformed[0]!r}"
        rows.append(_metadata_row("line not understood", detail, path, "left out"))
    if contradicted:
        detail = f"several values for {', '.join(sorted(set(contradicted)))}; taken as unknown"
        rows.append(_metadata_row("lines contradict", detail, path, "left out"))
    return rows


def _parse_diagnosis(fields: list[str]) -> tuple[str, str]:
    diagnosis = " ".join(fields[1:])
    return _subject(fields[0]), "" if diagnosis.casefold() in _UNKNOWN else diagnosis


def _parse_person(fields: list[str]) -> tuple[str, Row]:
    age, sex = fields[1], fields[2].upper()
    return _subject(fields[0]), {"age": _age(age), "sex": sex if sex in ("F", "M") else ""}


def _parse_side(fields: list[str]) -> tuple[str, str]:
    name, side = fields
    if side.lower() not in ("train", "test"):
        raise ValueError(side)
    return (stem(name) if suffix(name) in (".wav", ".flac") else name), side.lower()


def _subject(text: str) -> str:
    if not text.isdigit():
        raise ValueError(text)
    return text


def _age(text: str) -> float | None:
    if text.casefold() in _UNKNOWN:
        return None
    age = float(text)
    if not isfinite(age) or age < 0:
        raise ValueError(text)
    return age


def _both_sided(sides: Mapping[str, str]) -> list[Row]:
    """Return a row for each subject that the whole split, on disk or not, puts on both sides."""
    files: dict[str, Counter[str]] = defaultdict(Counter)
    for name, side in sides.items():
        files[name.split("_")[0]][side] += 1
    return [
        finding(
            "subject",
            "on both sides of the official split",
            f"subject {subject}: {counts['train']} recordings in train, {counts['test']} in test",
        )
        for subject, counts in sorted(files.items())
        if len(counts) > 1
    ]


def _metadata_row(reason: str, detail: str, path: str = "", action: str = KEPT) -> Row:
    return exclusion(path, "", "metadata", reason, detail, action)


def _not_understood(path: Path, title: str, found: str) -> AnnotationError:
    return AnnotationError(
        expected=f"a text file of the {title}, one subject or recording per line",
        found=found,
        where=str(path),
        action="fetch the file again from its publisher, or take it out of the folder",
    )
