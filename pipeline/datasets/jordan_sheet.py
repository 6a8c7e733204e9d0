"""Jordan's spreadsheet: row n describes subject n, and is compared with the file names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from pipeline.datasets.description import KEPT, Row, exclusion
from pipeline.datasets.files import Unusable
from pipeline.datasets.sheets import Cells, cell_text, find_sheets, read_rows

HEADER = ("Age", "Gender", "Location", "Sound type", "Diagnosis")


class Person(NamedTuple):
    """What a file name or a row of the sheet says of a subject; age in years."""

    diagnosis: str
    sound: str
    location: str
    age: float
    sex: str

    def folded(self) -> Person:
        """Return it with case and blanks levelled, for comparing."""
        diagnosis, sound, location = (" ".join(text.casefold().split()) for text in self[:3])
        return Person(diagnosis, sound, location, self.age, self.sex)


def check(folder: Path, files: list[str], people: Mapping[int, set[Person]]) -> list[Row]:
    """Return a row for excluded.csv per subject whose file names say other than the sheet.

    Nothing is changed by it: the file names hold. What stands in the sheet beside its table takes
    one more row. A missing sheet gives none.
    """
    rows = []
    for path in find_sheets(files):
        try:
            sheet, strays = read_sheet(folder / path)
        except Unusable as error:
            rows.append(exclusion(path, "", "metadata", error.reason, error.detail, KEPT))
            continue
        if strays:
            detail = "; ".join(strays)
            rows.append(exclusion(path, "", "metadata", "cells beside the table", detail, KEPT))
        for number in sorted(set(people) & set(sheet)):
            rows += _compare(path, number, people[number], sheet[number])
    return rows


def read_sheet(path: Path) -> tuple[dict[int, Person], list[str]]:
    """Return {number of the subject: what its row says}, and what else stands in the sheet.

    Only columns A-E count (a legend stands in J), and only rows with an age (two stray rows of
    formulas follow the last subject).

    Raises
    ------
    Unusable
        It cannot be opened, or its header is another one.
    """
    header, *rows = read_rows(path)
    if tuple(map(cell_text, header[: len(HEADER)])) != HEADER:
        raise Unusable("sheet not understood", f"its columns A-E are {header[: len(HEADER)]}")
    people = {number: _person(row) for number, row in enumerate(rows, start=1)}
    known = {number: person for number, person in people.items() if person}
    return known, _strays([header, *rows], known)


def _strays(rows: list[Cells], people: Mapping[int, Person]) -> list[str]:
    filled = [[bool(cell_text(cell)) for cell in row] for row in rows]
    others = [n for n, row in enumerate(filled) if any(row) and n and n not in people]
    table = [row for n, row in enumerate(filled) if n in people or not n]
    legend = {k for row in table for k, cell in enumerate(row) if cell and k >= len(HEADER)}
    found = []
    if others:
        found.append(f"stray rows: {', '.join(str(n + 1) for n in others)}")
    if legend:
        found.append(f"text from column {chr(ord('A') + min(*legend, 25))} on")
    return found


def _person(row: Cells) -> Person | None:
    cells = [cell_text(cell) for cell in row[: len(HEADER)]]
    age, sex, location, sound, diagnosis = cells + [""] * (len(HEADER) - len(cells))
    try:
        years = float(age)
    except ValueError:
        return None
    return Person(diagnosis, sound, location, years, sex.upper())


def _compare(path: str, number: int, names: set[Person], sheet: Person) -> list[Row]:
    differences = []
    for field in Person._fields:
        told = {getattr(person.folded(), field) for person in names}
        if told != {getattr(sheet.folded(), field)}:
            said = " or ".join(sorted({repr(getattr(person, field)) for person in names}))
            differences.append(f"{field} {said} in the file names, {getattr(sheet, field)!r} here")
    if not differences:
        return []
    reason = f"sheet contradicts file name: {', '.join(d.split()[0] for d in differences)}"
    detail = f"subject {number}: {'; '.join(differences)}"
    return [exclusion(path, "", "metadata", reason, detail, KEPT)]
