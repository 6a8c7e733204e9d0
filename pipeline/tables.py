"""Reading the tables that stages hand over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

#: Columns that hold numbers; every other column is text, and an empty field is "".
NUMBERS = {
    "age": float,
    "duration_s": float,
    "end_s": float,
    "event_duration_s": float,
    "n_samples": int,
    "recording_duration_s": float,
    "sample_rate": int,
    "start_s": float,
    "weak": int,
}


def read_table(path: Path, labels: Sequence[str] = ()) -> pd.DataFrame:
    """Return a CSV of this project: text as it stands (``NA`` is a text), numbers as numbers.

    Columns named as one of `labels`, and their ``true_<label>``, are 0 and 1.
    """
    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    truths = {name: int for label in labels for name in (label, f"true_{label}")}
    for column, kind in {**NUMBERS, **truths}.items():
        if column in table:
            table[column] = _numbers(table[column]).astype(kind)
    for column in table.columns[table.columns.str.startswith("prob_")]:
        table[column] = _numbers(table[column]).astype(float)
    return table


def read_numbers(path: Path) -> pd.DataFrame:
    """Return a CSV whose columns are all numbers, such as ``history.csv``; empty is NaN."""
    return pd.read_csv(path, encoding="utf-8")


def read_indexes(folders: Iterable[Path]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the recordings and the events of several index folders, each as one table."""
    folders = list(folders)
    recordings = [read_table(folder / "recordings.csv") for folder in folders]
    events = [read_table(folder / "events.csv") for folder in folders]
    return pd.concat(recordings, ignore_index=True), pd.concat(events, ignore_index=True)


def read_excluded(indexes: Mapping[str, Path], splits: Path) -> pd.DataFrame:
    """Return what the indexes (by data set) and the split left out, with a column ``dataset``.

    A row that concerns a whole data set names no recording: it is known by its index.
    """
    tables = [
        read_table(folder / "excluded.csv").assign(dataset=name) for name, folder in indexes.items()
    ]
    of_split = read_table(splits / "excluded.csv")
    dataset = of_split["recording_id"].str.split("/").str[0]
    return pd.concat([*tables, of_split.assign(dataset=dataset)], ignore_index=True)


def _numbers(column: pd.Series) -> pd.Series:
    return pd.to_numeric(column.where(column != ""))
