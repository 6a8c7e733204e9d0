"""Small CSV files that several processes add rows to, and no one ever takes a row from.

A row is added under a lock, by a new file that takes the old one's place in one step: a reader
sees all rows or all but the last, and a killed writer leaves nothing half-written.
"""

from __future__ import annotations

import contextlib
import csv
import fcntl
import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from pipeline.errors import ContractError


def read_rows(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Return the rows of a ledger, oldest first; none where there is no file.

    Raises
    ------
    ContractError
        The file is not this ledger: it is left as it is.
    """
    try:
        text = path.read_bytes().decode("utf-8")  # as it is: a field may hold a line's end
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise _foreign(path, columns, str(error)) from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if list(reader.fieldnames or ()) != list(columns):
        raise _foreign(path, columns, ", ".join(reader.fieldnames or ("an empty file",)))
    rows = list(reader)
    if any(None in row or None in row.values() for row in rows):
        raise _foreign(path, columns, "a row with another number of fields")
    return rows


def add_row(path: Path, row: Mapping[str, str], same_by: Sequence[str]) -> bool:
    """Add a row unless one with the same values of `same_by` is there; return whether it was added.

    Raises
    ------
    ContractError
        The file there is another one.
    """

    def unless_there(rows: list[dict[str, str]]) -> list[Mapping[str, str]]:
        there = any(all(one[name] == str(row[name]) for name in same_by) for one in rows)
        return [] if there else [row]

    return bool(add_rows(path, list(row), unless_there))


def add_rows(
    path: Path,
    columns: Sequence[str],
    make: Callable[[list[dict[str, str]]], Sequence[Mapping[str, str]]],
) -> int:
    """Add the rows that `make` returns, given those that are there; return how many.

    Nobody else adds one between the two.

    Raises
    ------
    ContractError
        The file there is another one.
    """
    with _locked(path):
        rows = read_rows(path, columns)
        new = [{name: str(row[name]) for name in columns} for row in make(rows)]
        if new:
            _replace(path, columns, [*rows, *new])
    return len(new)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = path.parent / ".locks" / f"{path.name}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with open(lock, "w", encoding="utf-8") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _replace(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with open(part, "w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(part, path)


def _foreign(path: Path, columns: Sequence[str], found: str) -> ContractError:
    return ContractError(
        expected=f"a table with the columns {', '.join(columns)}",
        found=found,
        where=str(path),
        action="Nothing was written. Mend the file, or move it away to begin a new one.",
    )
