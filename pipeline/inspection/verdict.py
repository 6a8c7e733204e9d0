"""What stands at the top of the page: counts, and what there is to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipeline.evaluation.wording import plural
from pipeline.inspection.concerned import concerned
from pipeline.inspection.kinds import ERROR, KINDS, WARNING

_MEANINGS = {
    "recording not on disk": "Annotated or listed, but no such recording is there: a part of the "
    "data set, perhaps on purpose.",
    "sheet contradicts file name": "The file names hold; labels do not depend on the sheet.",
    "on both sides of the official split": KINDS["subject on several sides"].meaning,
    "poor quality, no events": "The publisher calls the recordings too poor to annotate.",
    "named otherwise on disk": "The publisher's split names a file in another way than the disk; "
    "it is used under the name on disk.",
    "no subjects.csv": "Every recording counts as a subject of its own: that one person stands on "
    "both sides of a split cannot be ruled out.",
    "not in subjects.csv": "Such a recording counts as a subject of its own: that one person "
    "stands on both sides of a split cannot be ruled out.",
    "subjects.csv matches no recording": "The file says nothing about the recordings that are "
    "there: write each path as it lies below the folder, such as crackle/a.wav.",
    "no recording has a label": "Put the recordings into folders named by their labels, such as "
    "crackle/a.wav, or give each a diagnosis in subjects.csv.",
    "label not understood": "The words are near a known one, but none: rename the folders. Until "
    "then no such recording has the label.",
    "folder names taken as diagnosis": "Words that are no known diagnosis count as one other than "
    "pneumonia. Rename folders that name something else.",
    "events not in time order": "The index sorts them by start.",
    "zero length": "An event without length holds no sound.",
    "duplicate name": "Of several recordings of one name, one is used.",
}
_BY_ACTION = {
    "left out": "It is not used.",
    "repaired": "It is used in the repaired form.",
    "kept": "It is used as it is.",
}


@dataclass(frozen=True)
class Group:
    """All findings of one kind.

    Attributes
    ----------
    finding, severity, topic, action : str
    meaning : str
    n : int
        Rows of findings.csv.
    concerned : str
        What they concern: "59 recordings".
    datasets : str
        Names.
    rows : list of dict
        The first ones.
    anchor : str
        Its id on the page.
    """

    finding: str
    severity: str
    topic: str
    action: str
    meaning: str
    n: int
    concerned: str
    datasets: str
    rows: list[dict[str, str]]
    anchor: str


def groups(findings: pd.DataFrame, n_rows: int) -> list[Group]:
    """Return the findings by kind, worst first, with the first `n_rows` of each."""
    keys = ["severity", "topic", "finding", "action"]
    by_kind: Iterable[tuple[Any, Any]] = findings.groupby(keys, sort=False)
    return [
        Group(
            *(finding, severity, topic, action, _meaning(finding, action), len(rows)),
            concerned=concerned(rows),
            datasets=_datasets(rows),
            rows=rows[:n_rows].to_dict("records"),
            anchor=f"finding-{number}",
        )
        for number, ((severity, topic, finding, action), rows) in enumerate(by_kind)
    ]


def sentence(counts: Mapping[str, int]) -> str:
    """Return what there is to do, in one or two sentences."""
    if counts[ERROR]:
        return (
            f"{plural(counts[ERROR], 'error')}: recordings that are lost, labels that cannot "
            "both be right, or a folder that was not read as it was meant. Each row says what the "
            "pipeline does about it; read them before you trust a figure."
        )
    if counts[WARNING]:
        return (
            "No errors. Nothing has to be done before a run; the warnings below can sway a "
            "figure, so read them before you trust one."
        )
    return "No errors and no warnings: nothing here should sway a figure."


def _meaning(finding: str, action: str) -> str:
    if finding in KINDS:
        return KINDS[finding].meaning
    return _MEANINGS.get(finding, _BY_ACTION.get(action, ""))


def _datasets(rows: pd.DataFrame) -> str:
    names = {name for names in rows["dataset"] for name in names.split(", ")}
    return ", ".join(sorted(names))
