"""The user's own sides, from a csv file."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from pipeline.errors import SettingsError, SplitError
from pipeline.labels.exclusions import joined, left_out
from pipeline.splits.grouping import check_disjoint, some
from pipeline.splits.sides import Cohort, Sides, by_recording

#: Columns that say who a row is about; the first that is filled in counts.
KEYS = ("recording_id", "path", "subject_id")
GIVEN_SIDES = ("train", "val", "test")
#: Reason in `excluded.csv`.
NOT_NAMED = "not in the split file"
MODE = "--split file"


def read_side_file(path: Path) -> pd.DataFrame:
    """Return the rows of a user's csv: `line, key, value, side`.

    The file has a column `side` (train, val or test) and one or more of `recording_id`, `path`
    and `subject_id`, as they stand in recordings.csv of the index: `icbhi/101_1b1_Al_sc_Meditron`,
    the path within the data set's folder, `icbhi/101`. Other columns are not read. In each row
    the first of the three that is filled in counts. A splits.csv of the pipeline is such a file.

    Raises
    ------
    SettingsError
        The file or a column is missing, a side is unknown, or a row names nobody; the message has
        the number of the line.
    """
    columns, rows = _lines(Path(path))
    keys = [each for each in KEYS if each in columns]
    if "side" not in columns or not keys:
        expected = f"columns side and one of {', '.join(KEYS)}"
        raise _bad(path, expected, f"columns {', '.join(columns)}")
    if not rows:
        raise _bad(path, "a row per recording or subject", "no row")
    return pd.DataFrame([_row(path, keys, line, row) for line, row in rows])


def _lines(path: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Return the columns, and of each line that is not empty its number and its values."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            columns = [each.strip() for each in next(reader, [])]
            rows = [
                (reader.line_num, dict(zip(columns, map(str.strip, values), strict=False)))
                for values in reader
                if any(map(str.strip, values))
            ]
    except (OSError, ValueError, csv.Error) as error:
        raise _bad(path, "a csv file", f"{type(error).__name__}: {error}") from None
    return columns, rows


def _row(path: Path, keys: Sequence[str], line: int, row: dict[str, str]) -> dict[str, object]:
    side = row.get("side", "")
    if side not in GIVEN_SIDES:
        raise _bad(path, f"a side among {', '.join(GIVEN_SIDES)}", f"line {line}: {side!r}")
    for key in keys:
        if row.get(key):
            return {"line": line, "key": key, "value": row[key], "side": side}
    raise _bad(path, f"a value under {' or '.join(keys)}", f"line {line}: none")


def as_given(cohort: Cohort, given: pd.DataFrame) -> Sides:
    """Return the sides that the user's rows say.

    Raises
    ------
    SplitError
        A row names nothing in the index, two rows contradict, or a subject or an audio would
        stand on two sides.
    """
    everything = cohort.recordings
    named = pd.concat([_named(everything, key, rows) for key, rows in given.groupby("key")])
    _refuse_unknown(given, named, everything)
    _refuse_contradictions(named)
    sides = by_recording(named)
    assigned = everything[everything["recording_id"].isin(sides)]
    assigned = assigned.assign(side=assigned["recording_id"].map(sides))
    check_disjoint(assigned, MODE, "put all recordings of a subject, and all copies, on one side")
    rows = cohort.rows
    is_named = rows["recording_id"].isin(sides)
    lost = left_out(rows[~is_named], "recording", NOT_NAMED)
    kept = {each: sides[each] for each in rows["recording_id"][is_named]}
    notes = []
    if "val" not in kept.values() and cohort.settings["val_share"] > 0:
        notes = ["The split file names no validation side: it was carved out of its train side."]
    return Sides(kept, notes=notes, left_out=joined([lost]))


def _named(everything: pd.DataFrame, key: object, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the recordings that rows name under one key: `recording_id, line, value, side`."""
    known = everything[["recording_id", "dataset"]].assign(value=everything[str(key)])
    named = known.merge(rows, on="value")
    n_datasets = named.groupby("line")["dataset"].transform("nunique")
    if (n_datasets > 1).any():
        row = named[n_datasets > 1].iloc[0]
        raise _wrong(
            "each path in one data set only",
            f"line {row['line']}: {row['value']!r} is in several",
            "use recording_id instead",
        )
    return named[["recording_id", "line", "value", "side"]]


def _refuse_unknown(given: pd.DataFrame, named: pd.DataFrame, everything: pd.DataFrame) -> None:
    unknown = given[~given["line"].isin(named["line"])]
    if len(unknown):
        key = unknown["key"].iloc[0]
        shown = [f"line {row.line}: {row.key} {row.value!r}" for row in unknown.itertuples()]
        raise _wrong(
            f"each row to name something in the index, such as {key} {everything[key].iloc[0]!r}",
            some(shown, "; "),
            "correct these rows; recordings.csv of the index has the names",
        )


def _refuse_contradictions(named: pd.DataFrame) -> None:
    n_sides = named.groupby("recording_id")["side"].transform("nunique")
    if (n_sides > 1).any():
        rows = named[n_sides > 1].sort_values(["recording_id", "line"])
        shown = [
            f"{recording}: " + " and ".join(f"{r.side} in line {r.line}" for r in own.itertuples())
            for recording, own in rows.groupby("recording_id")
        ]
        raise _wrong("one side for each recording", some(shown, "; "), "correct these rows")


def _wrong(expected: str, found: str, action: str) -> SplitError:
    return SplitError(expected=expected, found=found, where=MODE, action=action)


def _bad(path: Path, expected: str, found: str) -> SettingsError:
    action = "correct the file; see docs/splits.rst"
    return SettingsError(expected=expected, found=found, where=str(path), action=action)
