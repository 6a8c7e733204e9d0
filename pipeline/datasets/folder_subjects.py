"""A user's `subjects.csv`: whose a recording is, and what else is known of it."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path, PurePosixPath

from pipeline.datasets.csv_lines import SAVE_AS, read_lines
from pipeline.datasets.description import KEPT, LEFT_OUT, Row, exclusion
from pipeline.datasets.files import Unusable, is_recording
from pipeline.datasets.folder_labels import is_near_diagnosis
from pipeline.errors import AnnotationError
from pipeline.evaluation.wording import plural

FILE = "subjects.csv"
REQUIRED = ("path", "subject_id")
OPTIONAL = ("device", "location", "age", "sex", "diagnosis")
_SEXES = {"f": "F", "female": "F", "m": "M", "male": "M"}
_SEPARATOR = re.compile(r"[+&,;/]|\band\b")
#: A diagnosis that is misspelt.
NOT_UNDERSTOOD = None
_UNKNOWN = ("", "na", "n/a", "nan", "unknown", "?")


@dataclass
class Subjects:
    """What the file says, by the name of a recording (see `name_of`).

    Attributes
    ----------
    of : dict of dict
        Name -> the columns it gives, `subject_id` among them ("" where its cell is empty); a
        diagnosis may be `NOT_UNDERSTOOD`.
    contradicted : set of str
        Names that several lines give to different people.
    excluded : list of Row
    """

    of: dict[str, Row] = field(default_factory=dict)
    contradicted: set[str] = field(default_factory=set)
    excluded: list[Row] = field(default_factory=list)


def name_of(path: str) -> str:
    """Return a recording's name: its path without suffix, however the file system spells accents.

    Without suffix, so that a recording stored anew as .flac is found under its old path.
    """
    bare = str(PurePosixPath(path).with_suffix("")) if is_recording(path) else path
    return unicodedata.normalize("NFC", bare)


def find_file(files: list[str]) -> str | None:
    """Return the path of the file, which lies at the top; None where there is none."""
    return next((path for path in sorted(files) if path.casefold() == FILE), None)


def read_subjects(path: Path) -> Subjects:
    """Return what a subjects.csv says; UTF-8, with commas, semicolons or tabs.

    Raises
    ------
    AnnotationError
        It is no text, or lacks one of its two columns.
    """
    try:
        header, *lines = [_composed(cells) for _, cells in read_lines(path)] or [[]]
    except Unusable as error:
        action = SAVE_AS if "UTF-8" in error.detail else ""
        raise _not_understood(path, error.detail, action) from error
    columns = [cell.casefold() for cell in header]
    if fault := _fault(columns):
        raise _not_understood(path, f"{fault} (its columns are {', '.join(header) or 'none'})")
    others = [_shown(cell) for cell in columns if cell not in REQUIRED + OPTIONAL]
    result = Subjects(excluded=_listed("columns not read", others, KEPT, "column"))
    _add_lines(result, columns, lines)
    return result


def _composed(cells: list[str]) -> list[str]:
    return [unicodedata.normalize("NFC", cell) for cell in cells]


def _fault(columns: list[str]) -> str:
    """Return which column is missing or there twice; "" if none."""
    missing = [each for each in REQUIRED if each not in columns]
    if missing:
        return f"no column {' and no column '.join(missing)}"
    twice = sorted({each for each in columns if columns.count(each) > 1})
    return f"the column {' and the column '.join(map(_shown, twice))} twice" if twice else ""


def _shown(column: str) -> str:
    return column or "(no name)"


def _add_lines(result: Subjects, columns: list[str], lines: list[list[str]]) -> None:
    told: dict[str, list[Row]] = defaultdict(list)
    malformed, odd, clashes = [], [], []
    for cells in lines:
        row = dict(zip(columns, cells, strict=False))
        if len(cells) != len(columns) or not row["path"]:
            malformed.append(" ".join(cells)[:80])
            continue
        values, strange = _values(row)
        told[_name_in_file(row["path"])].append(values)
        odd += strange
    for name, rows in told.items():
        result.of[name], clashing = _merged(rows)
        clashes += [f"{name} ({', '.join(clashing)})"] if clashing else []
        result.contradicted |= {name} if "subject_id" in clashing else set()
    result.excluded += _listed("line not understood", malformed, LEFT_OUT, "line")
    result.excluded += _listed("value not understood", odd, LEFT_OUT, "value")
    result.excluded += _listed("lines contradict", clashes, LEFT_OUT, "recording")


def _name_in_file(path: str) -> str:
    # A spreadsheet on Windows writes backslashes; PurePosixPath takes a leading ./ away.
    return name_of(str(PurePosixPath(path.replace("\\", "/"))))


def _values(row: dict[str, str]) -> tuple[Row, list[str]]:
    """Return what a line gives, age as a number and sex as F or M, and what could not be read."""
    values: Row = {key: row[key] for key in ("subject_id", *OPTIONAL) if key in row}
    strange = []
    if "age" in row:
        values["age"] = _age(row["age"])
        if values["age"] is None and row["age"].casefold() not in _UNKNOWN:
            strange.append(f"age {row['age']!r}")
    if "sex" in row:
        values["sex"] = _SEXES.get(row["sex"].casefold(), "")
        if not values["sex"] and row["sex"].casefold() not in _UNKNOWN:
            strange.append(f"sex {row['sex']!r}")
    if any(is_near_diagnosis(word) for word in _SEPARATOR.split(row.get("diagnosis", ""))):
        # Not "": the name of the folder must not stand in for what was meant here.
        values["diagnosis"] = NOT_UNDERSTOOD
        strange.append(f"diagnosis {row['diagnosis']!r}")
    return values, strange


def _age(text: str) -> float | None:
    try:
        age = float(text)
    except ValueError:
        return None
    return age if isfinite(age) and age >= 0 else None


def _merged(rows: list[Row]) -> tuple[Row, list[str]]:
    """Return what all lines of one recording say, unknown where they contradict, and where."""
    clashes = [key for key in rows[0] if any(row[key] != rows[0][key] for row in rows)]
    return {**rows[0], **{key: None if key == "age" else "" for key in clashes}}, clashes


def _listed(reason: str, found: list[str], action: str, noun: str) -> list[Row]:
    if not found:
        return []
    more = ", ..." if len(found) > 5 else ""
    detail = f"{plural(len(found), noun)}: {', '.join(found[:5])}{more}"
    return [exclusion(FILE, "", "metadata", reason, detail, action)]


def _not_understood(path: Path, found: str, action: str = "") -> AnnotationError:
    return AnnotationError(
        expected=f"UTF-8 text with the columns {' and '.join(REQUIRED)}, each once, and any of "
        f"{', '.join(OPTIONAL)}, with commas, semicolons or tabs",
        found=found,
        where=str(path),
        action=action or "mend the file, or take it away to have every recording on its own",
    )
