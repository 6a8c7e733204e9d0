"""A split as a value, its counts, and its four files (`03_splits`, `04_subset`)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.errors import ContractError
from pipeline.problems import PROBLEMS
from pipeline.tables import read_table

SIDES = ("train", "val", "test")
SPLIT_COLUMNS = ["recording_id", "dataset", "subject_id", "content_hash", "group_id", "side"]


@dataclass(frozen=True)
class Split:
    """Which recordings stand on which side, and their labels.

    Parameters
    ----------
    problem, mode : str
        The problem, and how the sides came about (`official-clean`, `grouped`, `fold 0 of 5`,
        `test-only`; several joined by `+` where data sets differ).
    splits : DataFrame
        `SPLIT_COLUMNS`, one row per recording with a label, sorted.
    labels : DataFrame
        `recording_id, start_s, end_s, <0 or 1 per label>, weak`: their labelled spans.
    excluded : DataFrame
        What was left out: `path, recording_id, what, reason, detail, action`.
    notes : list of str
        Sentences for the top of a report.
    """

    problem: str
    mode: str
    splits: pd.DataFrame
    labels: pd.DataFrame
    excluded: pd.DataFrame
    notes: list[str] = field(default_factory=list)

    @property
    def names(self) -> tuple[str, ...]:
        """The problem's labels, in order."""
        return PROBLEMS[self.problem].labels

    @property
    def split_hash(self) -> str:
        """The sha256 of `splits.csv`."""
        return hashlib.sha256(_csv(self.splits)).hexdigest()

    @property
    def counts(self) -> dict[str, Any]:
        """Counts by side and data set (`all` beside them), and of what was left out.

        `{"train": {"icbhi": {"subjects", "recordings", "spans", "positive_subjects": {label: n},
        "positive_spans": {label: n}}, "all": ...}, ..., "left_out": {what: {reason: n}}}`.
        """
        sides = {side: self.splits[self.splits["side"] == side] for side in SIDES}
        counts: dict[str, Any] = {
            side: {
                str(name): count_rows(each, self.labels, self.names)
                for name, each in [("all", rows), *rows.groupby("dataset")]
            }
            for side, rows in sides.items()
        }
        gone = self.excluded[self.excluded["action"] == "left out"]
        counts["left_out"] = {
            str(what): {str(k): int(n) for k, n in each["reason"].value_counts().items()}
            for what, each in gone.groupby("what")
        }
        return counts


def count_rows(rows: pd.DataFrame, labels: pd.DataFrame, names: Sequence[str]) -> dict[str, Any]:
    """Return the counts of subjects, recordings and spans, and of the positive ones by label."""
    spans = labels.merge(rows[["recording_id", "subject_id"]], on="recording_id")
    return {
        "subjects": int(rows["subject_id"].nunique()),
        "recordings": len(rows),
        "spans": len(spans),
        "positive_subjects": {
            each: int(spans.loc[spans[each] == 1, "subject_id"].nunique()) for each in names
        },
        "positive_spans": {each: int((spans[each] == 1).sum()) for each in names},
    }


def write_split(split: Split, folder: Path) -> dict[str, Any]:
    """Write `splits.csv`, `labels.csv`, `excluded.csv` and `notes.json`; return mode and hash.

    The folder is the caller's: a temporary one that gets its final name when it is whole.
    """
    for name in ("splits", "labels", "excluded"):
        (Path(folder) / f"{name}.csv").write_bytes(_csv(getattr(split, name)))
    notes = {
        "problem": split.problem,
        "mode": split.mode,
        "split_hash": split.split_hash,
        "notes": split.notes,
        "counts": split.counts,
    }
    text = json.dumps(notes, indent=2, ensure_ascii=False) + "\n"
    (Path(folder) / "notes.json").write_text(text, encoding="utf-8", newline="\n")
    return {"mode": split.mode, "split_hash": notes["split_hash"]}


def read_split(folder: Path) -> Split:
    """Return the split that `write_split` wrote into a folder.

    Raises
    ------
    ContractError
        A file is missing or unreadable, or `splits.csv` is not the one the notes were written for.
    """
    try:
        notes = json.loads((Path(folder) / "notes.json").read_text(encoding="utf-8"))
        tables = {
            name: read_table(Path(folder) / f"{name}.csv")
            for name in ("splits", "labels", "excluded")
        }
        split = Split(notes["problem"], notes["mode"], **tables, notes=notes["notes"])
        stated = notes["split_hash"]
    except (OSError, ValueError, KeyError) as error:
        raise _broken(folder, f"{type(error).__name__}: {error}") from error
    if split.split_hash != stated:
        raise _broken(folder, "a splits.csv that was changed afterwards")
    return split


def _csv(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False, lineterminator="\n").encode("utf-8")


def _broken(folder: Path, found: str) -> ContractError:
    return ContractError(
        expected="splits.csv, labels.csv, excluded.csv and notes.json of one split",
        found=found,
        where=str(folder),
        action="remove the folder; the next run makes it again",
    )
