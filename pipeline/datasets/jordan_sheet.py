"""Jordan's spreadsheet: row n describes subject n, and is compared with the file names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from pipeline.datasets.description import KEPT, Row, exclusion
from pipeline.datasets.files import Unusable, suffix

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

    Nothing is changed by it: the file names hold. A missing sheet gives no row.
    """
    paths = [path for path in files if suffix(path) == ".xlsx" and not _is_lock(path)]
    rows = []
    for path in paths:
        try:
            sheet = read_sheet(folder / path)
        except Unusable as error:
            rows.append(exclusion(path, "", "metadata", error.reason, error.detail, KEPT))
            continue
        for number in sorted(set(people) & set(sheet)):
            rows += _compare(path, number, people[number], sheet[number])
    return rows


def read_sheet(path: Path) -> dict[int, Person]:
    """Return {number of the subject: what its row says}.

    Only columns A-E count (a legend stands in J), and only rows with an age (two stray
    formulas in column E follow the last subject).

    Raises
    ------
    Unusable
        It cannot be opened, or its header is another one.
    """
    header, *rows = _values(path)
    if tuple(str(value).strip() for value in header) != HEADER:
        raise Unusable("sheet not understood", f"its columns A-E are {header}")
    people = {number: _person(row) for number, row in enumerate(rows, start=1)}
    return {number: person for number, person in people.items() if person}


def _values(path: Path) -> list[tuple[Any, ...]]:
    # Not at the top: only Jordan needs it, and it takes as long to import as the rest together.
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        with_values = list(book.worksheets[0].iter_rows(max_col=len(HEADER), values_only=True))
        book.close()
    # openpyxl raises whatever its XML and zip readers happen to meet in a damaged file.
    except Exception as error:
        raise Unusable("sheet not understood", f"{type(error).__name__}: {error}"[:200]) from error
    if not with_values:
        raise Unusable("sheet not understood", "it is empty")
    return with_values


def _person(row: tuple[Any, ...]) -> Person | None:
    age, sex, location, sound, diagnosis = ("" if cell is None else str(cell) for cell in row)
    try:
        years = float(age)
    except ValueError:
        return None
    return Person(diagnosis.strip(), sound.strip(), location.strip(), years, sex.strip().upper())


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


def _is_lock(path: str) -> bool:
    return PurePosixPath(path).name.startswith("~$")
