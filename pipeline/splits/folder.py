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
from pipeline.problems import Problem
from pipeline.tables import read_table

SIDES = ("train", "val", "test")
SPLIT_COLUMNS = ["recording_id", "dataset", "subject_id", "content_hash", "group_id", "side"]
SPLIT_COLUMNS += ["part"]


@dataclass(frozen=True)
class Split:
    """Which recordings stand on which side, and their labels.

    Parameters
    ----------
    problem : Problem
        What the labels are of. Read from a folder, its figures are at their defaults.
    mode : str
        How the sides came about: `official-clean`, `grouped` and so on, two of them joined by `+`
        where data sets differ.
    splits : DataFrame
        `SPLIT_COLUMNS`, one row per recording with a label, sorted. `part` says which part of the
        test side it is, where a publisher's parts are reported apart; otherwise it is "".
    labels : DataFrame
        `recording_id, start_s, end_s, <0 or 1 per label>, weak`: their labelled spans.
    excluded : DataFrame
        What was left out: `path, recording_id, what, reason, detail, action`.
    notes : list of str
        Sentences for the top of a report.
    overlap : dict
        `{"subjects": [...], "audio": [...]}`: what stands on two sides. Empty but for `official`.
    fold : str
        Which fold, or what is held out; "" if the split is none of several.
    """

    problem: Problem
    mode: str
    splits: pd.DataFrame
    labels: pd.DataFrame
    excluded: pd.DataFrame
    notes: list[str] = field(default_factory=list)
    overlap: dict[str, list[str]] = field(default_factory=lambda: {"subjects": [], "audio": []})
    fold: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The problem's labels, in order."""
        return self.problem.labels

    @property
    def described(self) -> str:
        """The mode and, if there is one, the fold or what is held out."""
        return f"{self.mode}, fold {self.fold}" if self.fold else self.mode

    @property
    def flagged(self) -> dict[str, list[str]]:
        """Ids of subjects and content hashes of audio on two sides; empty but for `official`."""
        columns = {"subjects": "subject_id", "audio": "content_hash"}
        if not any(self.overlap.values()):
            return {name: [] for name in columns}
        n_sides = {name: self.splits.groupby(c)["side"].nunique() for name, c in columns.items()}
        return {name: sorted(n.index[(n > 1) & (n.index != "")]) for name, n in n_sides.items()}

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
    """Write a split's four files, and return its mode, fold and hash.

    They are `splits.csv`, `labels.csv`, `excluded.csv` and `notes.json`. The folder is the
    caller's: a temporary one that gets its final name when it is whole.
    """
    for name in ("splits", "labels", "excluded"):
        (Path(folder) / f"{name}.csv").write_bytes(_csv(getattr(split, name)))
    notes = {
        "problem": split.problem.name,
        "content": split.problem.content,
        "mode": split.mode,
        "fold": split.fold,
        "split_hash": split.split_hash,
        "overlap": split.overlap,
        "notes": split.notes,
        "counts": split.counts,
    }
    text = json.dumps(notes, indent=2, ensure_ascii=False) + "\n"
    (Path(folder) / "notes.json").write_text(text, encoding="utf-8", newline="\n")
    return {key: notes[key] for key in ("mode", "fold", "split_hash")}


def read_split(folder: Path) -> Split:
    """Return the split that `write_split` wrote into a folder.

    Raises
    ------
    ContractError
        A file is missing or unreadable, or `splits.csv` is not the one the notes were written for.
    """
    try:
        notes = json.loads((Path(folder) / "notes.json").read_text(encoding="utf-8"))
        problem = Problem.of(notes["content"])
        tables = {
            name: read_table(Path(folder) / f"{name}.csv", problem.labels)
            for name in ("splits", "labels", "excluded")
        }
        split = Split(
            problem=problem,
            mode=notes["mode"],
            splits=tables["splits"],
            labels=tables["labels"],
            excluded=tables["excluded"],
            notes=notes["notes"],
            overlap=notes["overlap"],
            fold=notes["fold"],
        )
        stated = notes["split_hash"]
    except (OSError, ValueError, KeyError, TypeError) as error:
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
