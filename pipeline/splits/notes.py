"""Short sentences about a split, for the top of a report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import pandas as pd

from pipeline.datasets import is_own_folder
from pipeline.datasets.tables import are_unknown_people
from pipeline.evaluation.wording import listed, plural
from pipeline.problems import Problem
from pipeline.splits.classes import subjects_by_class
from pipeline.splits.given import NOT_NAMED, NOT_ON_GATE, ON_GATE
from pipeline.splits.grouping import CONFLICT, some
from pipeline.splits.official import NO_SIDE
from pipeline.splits.official_train import TEST_SIDE

#: More names than this are counted only.
_FEW = 5
#: Reason in `excluded.csv` -> what is said about so many recordings.
LEFT_OUT = {
    CONFLICT: "copies of identical audio under conflicting labels",
    NO_SIDE: "recordings that the official split does not name",
    TEST_SIDE: "recordings of a published test side, or tied to it",
    NOT_NAMED: "recordings that the split file does not name",
    ON_GATE: "recordings of the gate side, which says whether a rebuilt model may replace the last",
    NOT_ON_GATE: "recordings that are not on the gate side",
    "held-out device": "recordings whose subject or audio is on the held-out device, too",
    "held-out data set": "recordings whose subject or audio is in the held-out data set, too",
}
#: What hard folds are, for the top of a report.
HARD = (
    "Folds are hard: each holds subjects whose recordings were made alike (level, quiet moments, "
    "spectral tilt), so that its figure says how it does on recordings made differently."
)


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
    stand = "stands" if len(audio) == 1 else "stand"
    text = f"{plural(len(audio), 'recording')} {stand} on two sides in identical copies"
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
        n, kept = len(conflicts), "is" if len(conflicts) == 1 else "are"
        return [f"{n} {_of(n, LEFT_OUT[CONFLICT])} {kept} kept, as published."] if n else []
    members = recordings.groupby("group_id")["subject_id"].agg(lambda each: sorted(set(each)))
    shared = [" = ".join(each) for each in members if len(each) > 1]
    if not shared:
        return []
    share, stay = ("shares", "stays") if len(shared) == 1 else ("share", "stay")
    text = (
        f"{plural(len(shared), 'group')} of subjects {share} identical audio and {stay} on one side"
    )
    return [f"{text}: {some(shared, '; ')}."]


def same_ids_notes(rows: pd.DataFrame) -> list[str]:
    """Return a sentence for each set of own folders that use the same ids of subjects.

    Ids made of a recording's own name, where nobody wrote down who it is, are not compared.
    """
    person = rows["subject_id"].str.partition("/")[2]
    own = rows["dataset"].map(is_own_folder).astype(bool) & ~are_unknown_people(rows)
    shared: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, folders in rows["dataset"][own].groupby(person[own]):
        shared[tuple(sorted(set(folders)))].append(str(name))
    return [_same_ids(where, shared[where]) for where in sorted(shared) if len(where) > 1]


def _same_ids(folders: Sequence[str], ids: Sequence[str]) -> str:
    ids_occur, people, them = "ids occur", "they are the same people", "them"
    if len(ids) == 1:
        ids_occur, people, them = "id occurs", "it is the same person", "the recordings"
    shown = ", ".join(ids[:_FEW]) + (f" ({len(ids)} in all)" if len(ids) > _FEW else "")
    return (
        f"The same {ids_occur} in {listed(folders)}: {shown}: if {people}, they may stand on "
        f"both sides; put {them} into one folder."
    )


def both_ways_notes(rows: pd.DataFrame, labels: pd.DataFrame, problem: Problem) -> list[str]:
    """Return a sentence on subjects whose recordings carry different labels of a person."""
    if problem.level != "subject":
        return []
    spans = labels.merge(rows[["recording_id", "subject_id"]], on="recording_id")
    if problem.exclusive:
        classes = spans[list(problem.labels)].idxmax(axis=1).groupby(spans["subject_id"]).nunique()
        found, what = {"of several classes": classes}, ""
    else:
        what = "labelled both with and without "
        found = {name: spans.groupby("subject_id")[name].nunique() for name in problem.labels}
    return [
        _both_ways(sorted(counts.index[counts > 1]), f"{what}{name}", problem)
        for name, counts in found.items()
        if (counts > 1).any()
    ]


def _both_ways(subjects: Sequence[str], what: str, problem: Problem) -> str:
    has = "has" if len(subjects) == 1 else "have"
    told = "" if problem.exclusive else "; as a subject, each counts as positive"
    return (
        f"{plural(len(subjects), 'subject')} {has} recordings {what}: "
        f"{some(subjects, ', ', _FEW)}{told}."
    )


def not_understood_notes(excluded: pd.DataFrame) -> list[str]:
    """Return a sentence on the words that labelling did not understand, with their counts.

    Parameters
    ----------
    excluded : DataFrame
        What labelling left out; the detail is the word.
    """
    lost = excluded[excluded["reason"].str.endswith(("not understood", "of several classes"))]
    if lost.empty:
        return []
    dataset = lost["recording_id"].str.partition("/")[0]
    counted = [
        f"{plural(len(each), str(what))} of {name} ({_words(each['detail'])})"
        for (name, what), each in lost.groupby([dataset, lost["what"]])
    ]
    return [f"Left out because not understood: {'; '.join(counted)}."]


def _words(words: pd.Series) -> str:
    counts = sorted(words.value_counts().items(), key=lambda each: (-each[1], str(each[0])))
    more = len(counts) - _FEW
    rest = [f"and {plural(more, 'other word')}"] if more > 0 else []
    return ", ".join([*(f"{word} {n}" for word, n in counts[:_FEW]), *rest])


def unknown_device_notes(rows: pd.DataFrame) -> list[str]:
    """Return a sentence on recordings that are trained on though their device is not known."""
    n = int((rows["side"].ne("test") & rows["device"].fillna("").eq("")).sum())
    if not n:
        return []
    stands, they = ("stands", "it was") if n == 1 else ("stand", "they were")
    return [
        f"{plural(n, 'recording')} without a known device {stands} on the train side: whether "
        f"{they} made with the held-out device is not known."
    ]


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
