"""Spreadsheets that come with data sets: finding them, and reading their first sheet as rows."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline.datasets.files import Unusable, suffix

Cells = tuple[Any, ...]


def find_sheets(files: Iterable[str]) -> list[str]:
    """Return the paths of the .xlsx files; a spreadsheet program's lock file is none."""
    paths = [path for path in files if suffix(path) == ".xlsx"]
    return sorted(path for path in paths if not PurePosixPath(path).name.startswith("~$"))


def read_rows(path: Path) -> list[Cells]:
    """Return the rows of the first sheet, formulas as the values last computed for them.

    Raises
    ------
    Unusable
        It cannot be opened, or is empty.
    """
    # Not at the top: it takes as long to import as the rest together.
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        rows = list(book.worksheets[0].iter_rows(values_only=True))
        book.close()
    # openpyxl raises whatever its XML and zip readers happen to meet in a damaged file.
    except Exception as error:
        raise Unusable("sheet not understood", f"{type(error).__name__}: {error}"[:200]) from error
    if not rows:
        raise Unusable("sheet not understood", "it is empty")
    return rows


def cell_text(cell: Any) -> str:
    """Return a cell as stripped text; a whole number has no decimal point, an empty cell is ""."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
