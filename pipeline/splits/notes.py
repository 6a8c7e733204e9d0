"""Short sentences about a split, for the top of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from pipeline.problems import Problem
from pipeline.splits.classes import subjects_by_class
from pipeline.splits.given import NOT_NAMED
from pipeline.splits.grouping import CONFLICT, some
from pipeline.splits.official import NO_SIDE

#: Reason in `excluded.csv` -> what is said about so many recordings.
LEFT_OUT = {
    CONFLICT: "copies of identical audio under conflicting labels",
    NO_SIDE: "recordings that the official split does not name",
    NOT_NAMED: "recordings that the split file does not name",
    "held-out device": "recordings whose subject or audio is on the held-out device, too",
    "held-out data set": "recordings whose subject or audio is in the held-out data set, too",
}


def left_out_notes(gone: pd.DataFrame) -> list[str]:
    """Return a sentence for each reason why recordings are on no side."""
    counts = gone["reason"].value_counts()
    found = {each: int(counts[each]) for each in LEFT_OUT if each in counts}
    return [f"Left out: {n} {_of(n, LEFT_OUT[each])}." for each, n in found.items()]


def _of(n: int, text: str) -> str:
    """Return a text that begins with what is counted, in the singular where there is one."""
    noun, rest = text.split(" ", 1)
    one = {"copies": "copy", "recordings": "recording"}[noun]
    return f"{one if n == 1 else noun} {rest}"


def overlap_notes(overlap: Mapping[str, Sequence[str]]) -> list[str]:
    """Return a sentence on identical audio on two sides, or none."""
    audio = overlap["audio"]
    if not audio:
        return []
    text = f"{len(audio)} audio(s) stand on two sides in identical copies"
    return [f"{text} ({some(audio, '; ', 5)}): figures on this split are optimistic."]


def grouping_notes(
    recordings: pd.DataFrame, conflicts: pd.DataFrame, to_the_letter: bool
) -> list[str]:
    """Return a sentence on copies and on who shares them; to the letter, nothing is done to them.

    Parameters
    ----------
    recordings : DataFrame
        `subject_id, group_id`.
    conflicts : DataFrame
        Rows of `excluded.csv`: the copies under conflicting labels.
    to_the_letter : bool
        Whether the split is the publisher's own.
    """
    if to_the_letter:
        text = "copies of identical audio under conflicting labels are kept, as published"
        return [f"{len(conflicts)} {text}."] if len(conflicts) else []
    members = recordings.groupby("group_id")["subject_id"].agg(lambda each: sorted(set(each)))
    shared = [" = ".join(each) for each in members if len(each) > 1]
    if not shared:
        return []
    text = f"{len(shared)} group(s) of subjects share identical audio and stay on one side"
    return [f"{text}: {some(shared, '; ')}."]


def missing_notes(rows: pd.DataFrame, labels: pd.DataFrame, problem: Problem) -> list[str]:
    """Return a sentence for each side that lacks a class, where that is no error."""
    counts = subjects_by_class(rows, labels, problem)
    there = set(rows["side"])
    notes = [] if "val" in there or "train" not in there else ["There is no validation side."]
    for side in (each for each in ("train", "val", "test") if each in there):
        lacking = counts.index[counts[side] == 0]
        positive = [each.split("=")[0] for each in lacking if each.endswith("=1")]
        negative = [each.split("=")[0] for each in lacking if each.endswith("=0")]
        name = "validation" if side == "val" else side
        if positive:
            notes.append(f"The {name} side has no subject with {' or '.join(positive)}.")
        if negative:
            notes.append(f"The {name} side has nothing without {' or '.join(negative)}.")
    return notes
