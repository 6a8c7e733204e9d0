"""A user's csv as lines of cells: with commas, semicolons or tabs, in UTF-8."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from pipeline.datasets.files import Unusable, read_text

DELIMITERS = (",", ";", "\t")
SAVE_AS = 'save it as "CSV UTF-8"'


def read_lines(path: Path) -> list[tuple[int, list[str]]]:
    """Return the cells of each line that is not empty, stripped, with the line's number.

    Whatever stands most often in the first line parts the cells.

    Raises
    ------
    Unusable
        The file cannot be opened, is not UTF-8 or is no csv.
    """
    text = read_text(path)
    # UTF-16 without a mark is UTF-8 with many zeros.
    if "\0" in text:
        raise Unusable("file is no text", f"{path.name} is not UTF-8")
    first = text.lstrip("\r\n ").partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except csv.Error as error:
        raise Unusable("file is no csv", f"line {reader.line_num}: {error}") from error
    return [(number, cells) for number, cells in lines if any(cells)]
