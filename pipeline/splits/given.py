"""The user's own sides, from a csv file."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from pipeline.datasets.csv_lines import SAVE_AS, read_lines
from pipeline.datasets.files import Unusable
from pipeline.datasets.near_names import did_you_mean
from pipeline.errors import SettingsError, SplitError
from pipeline.labels.exclusions import joined, left_out
from pipeline.splits.grouping import check_disjoint, some
from pipeline.splits.sides import Cohort, Sides, by_recording

#: Columns that say who a row is about; the first that is filled in counts.
KEYS = ("recording_id", "path", "subject_id")
GATE = "gate"
GIVEN_SIDES = ("train", "val", "test", GATE)
#: What other programs call a side -> what it is called here.
_OTHER_WORDS = {
    **dict.fromkeys(("validation", "valid", "validate", "dev", "development"), "val"),
    **dict.fromkeys(("training", "learn", "fit"), "train"),
    **dict.fromkeys(("testing", "holdout", "evaluation", "eval"), "test"),
}
#: Reason in `excluded.csv`.
NOT_NAMED, ON_GATE = "not in the split file", "gate side"
NOT_ON_GATE = "not on the gate side"
MODE = "--split file"


def read_side_file(path: Path) -> pd.DataFrame:
    """Return the rows of a user's csv: `line, key, value, side`; `attrs["path"]` is the file.

    The file has a column `side` (train, val, test, or gate: kept apart from all three) and one or
    more of `recording_id`, `path` and `subject_id`, as they stand in recordings.csv of the index:
    `icbhi/101_1b1_Al_sc_Meditron`, the path within the data set's folder, `icbhi/101`. Other
    columns are not read. In each row the first of the three that is filled in counts. A splits.csv
    of the pipeline is such a file. UTF-8 with commas, semicolons or tabs; the case of columns and
    sides does not matter.

    Raises
    ------
    SettingsError
        The file or a column is missing, a side is unknown, or a row names nobody; the message has
        the number of the line.
    """
    path = Path(path)
    try:
        lines = read_lines(path)
    except Unusable as error:
        action = SAVE_AS if "UTF-8" in error.detail else _CORRECT
        raise _bad(path, "a csv file in UTF-8", error.detail, action) from None
    header = lines[0][1] if lines else []
    columns = [each.casefold() for each in header]
    keys = [each for each in KEYS if each in columns]
    if "side" not in columns or not keys:
        expected = f"columns side and one of {', '.join(KEYS)}"
        raise _bad(path, expected, f"columns {', '.join(header)}")
    if len(lines) == 1:
        raise _bad(path, "a row per recording or subject", "no row")
    rows = ((line, dict(zip(columns, cells, strict=False))) for line, cells in lines[1:])
    table = pd.DataFrame([_row(path, keys, line, row) for line, row in rows])
    # For the messages of `as_given`, which sees the rows only.
    table.attrs["path"] = str(path)
    return table


def _row(path: Path, keys: Sequence[str], line: int, row: dict[str, str]) -> dict[str, object]:
    written = row.get("side", "")
    side = written.casefold()
    if side not in GIVEN_SIDES:
        near = (
            [_OTHER_WORDS[side]] if side in _OTHER_WORDS else get_close_matches(side, GIVEN_SIDES)
        )
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        expected = f"a side among {', '.join(GIVEN_SIDES)}"
        raise _bad(path, expected, f"line {line}: {written!r}{hint}")
    for key in keys:
        if row.get(key):
            return {"line": line, "key": key, "value": row[key], "side": side}
    raise _bad(path, f"a value under {' or '.join(keys)}", f"line {line}: none")


def where_given(given: pd.DataFrame) -> str:
    """Return the path of the user's file, for a message."""
    return str(given.attrs.get("path", MODE))


def as_given(cohort: Cohort, given: pd.DataFrame) -> Sides:
    """Return the sides that the user's rows say.

    Raises
    ------
    SplitError
        A row names nothing in the index, two rows contradict, a subject or an audio would stand
        on two sides, or train or test would be empty.
    """
    where = where_given(given)
    everything = cohort.recordings
    named = _all_named(everything, given)
    _refuse_unknown(given, named, everything)
    _refuse_contradictions(named, where)
    sides = by_recording(named)
    assigned = everything[everything["recording_id"].isin(sides)]
    assigned = assigned.assign(side=assigned["recording_id"].map(sides))
    check_disjoint(assigned, where, "put all recordings of a subject, and all copies, on one side")
    rows = cohort.rows
    side = rows["recording_id"].map(sides)
    lost = left_out(rows[side.isna()], "recording", NOT_NAMED)
    apart = left_out(rows[side == GATE], "recording", ON_GATE)
    kept = by_recording(rows.assign(side=side)[side.notna() & (side != GATE)])
    _refuse_empty(given, set(kept.values()), cohort.problem.name)
    notes = []
    if "val" not in kept.values() and cohort.settings["val_share"] > 0:
        notes = ["The split file names no validation side: it was carved out of its train side."]
    return Sides(kept, notes=notes, left_out=joined([lost, apart]))


def gate_as_test(cohort: Cohort, given: pd.DataFrame) -> Sides:
    """Return the gate side of a file alone, as the test side; raises as `as_given`."""
    named = _all_named(cohort.recordings, given)
    on_gate = set(named.loc[named["side"] == GATE, "recording_id"])
    kept = cohort.rows["recording_id"]
    if not kept.isin(on_gate).any():
        found, action = "nobody", f"give somebody who has one the side {GATE} in the file"
        raise _wrong("somebody with a label on the gate side", found, where_given(given), action)
    lost = left_out(cohort.rows[~kept.isin(on_gate)], "recording", NOT_ON_GATE)
    return Sides(dict.fromkeys(kept[kept.isin(on_gate)], "test"), left_out=joined([lost]))


def _all_named(everything: pd.DataFrame, given: pd.DataFrame) -> pd.DataFrame:
    where, by_key = where_given(given), given.groupby("key")
    return pd.concat([_named(everything, str(key), rows, where) for key, rows in by_key])


def _named(everything: pd.DataFrame, key: object, rows: pd.DataFrame, where: str) -> pd.DataFrame:
    """Return the recordings that rows name under one key: `recording_id, line, value, side`."""
    # A file's cells come without the blanks around them; a recording's name may end with one.
    values = everything[str(key)].str.strip()
    known = everything[["recording_id", "dataset"]].assign(value=values)
    named = known.merge(rows, on="value")
    n_datasets = named.groupby("line")["dataset"].transform("nunique")
    if (n_datasets > 1).any():
        row = named[n_datasets > 1].iloc[0]
        raise _wrong(
            "each path in one data set only",
            f"line {row['line']}: {row['value']!r} is in several",
            where,
            "use recording_id instead",
        )
    return named[["recording_id", "line", "value", "side"]]


def _refuse_unknown(given: pd.DataFrame, named: pd.DataFrame, everything: pd.DataFrame) -> None:
    unknown = given[~given["line"].isin(named["line"])]
    if unknown.empty:
        return
    key = unknown["key"].iloc[0]
    shown = [
        f"line {row.line}: {row.key} {row.value!r}"
        # Looking for near names takes time: only for those that will be shown.
        + (did_you_mean(str(row.value), everything[str(row.key)]) if number < 10 else "")
        for number, row in enumerate(unknown.itertuples())
    ]
    raise _wrong(
        f"each row to name something in the index, such as {key} {everything[key].iloc[0]!r}",
        some(shown, "; "),
        where_given(given),
        "correct these rows; recordings.csv of the index has the names",
    )


def _refuse_contradictions(named: pd.DataFrame, where: str) -> None:
    n_sides = named.groupby("recording_id")["side"].transform("nunique")
    if (n_sides > 1).any():
        rows = named[n_sides > 1].sort_values(["recording_id", "line"])
        shown = [
            f"{recording}: " + " and ".join(f"{r.side} in line {r.line}" for r in own.itertuples())
            for recording, own in rows.groupby("recording_id")
        ]
        raise _wrong("one side for each recording", some(shown, "; "), where, "correct these rows")


def _refuse_empty(given: pd.DataFrame, filled: set[str], problem: str) -> None:
    for side in ("train", "test"):
        if side in filled:
            continue
        found, action = f"no row of side {side}", f"add rows of side {side} to the file"
        if side in set(given["side"]):
            found = f"no recording of its rows of side {side} has a label for {problem}"
            action = f"name others of side {side} in the file"
        raise _wrong("rows of side train and of side test", found, where_given(given), action)


def _wrong(expected: str, found: str, where: str, action: str) -> SplitError:
    return SplitError(expected=expected, found=found, where=where, action=action)


_CORRECT = "correct the file; see docs/splits.rst"


def _bad(path: Path, expected: str, found: str, action: str = "") -> SettingsError:
    return SettingsError(expected=expected, found=found, where=str(path), action=action or _CORRECT)
