"""A small sample of whole subjects for development, from every side and class of a split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from pipeline.evaluation.wording import plural
from pipeline.splits.classes import classes_of, having
from pipeline.splits.folder import SIDES, Split
from pipeline.splits.grouping import overlap
from pipeline.splits.strata import draw


def sample_subset(split: Split, n: int, seed: int) -> Split:
    """Return the split with `n` subjects per class and side.

    The classes are those that a side has to have (`classes_of`: positive and negative of each
    independent label) and, where labels are independent, no positive span at all.
    A subject counts for every class it belongs to, so the sample has at most `n` subjects per
    class and often fewer. Sides stay as they are, and a subject that is kept is kept with all its
    recordings. Parts of a test side that are reported apart have `n` each.

    Parameters
    ----------
    split : Split
        The whole split.
    n : int
        Subjects per class and side; 0 keeps everything.
    seed : int
        Seed of the draw; the tables' order does not matter.
    """
    if n <= 0:
        return split
    places = _places(split)
    members = {place: _members(split, rows) for place, rows in places.items()}
    kept = set().union(*(_choose(each, n, seed) for each in members.values()))
    splits = split.splits[split.splits["subject_id"].isin(kept)].reset_index(drop=True)
    labels = split.labels[split.labels["recording_id"].isin(splits["recording_id"])]
    n_all = split.splits["subject_id"].nunique()
    headline = (
        f"A development sample: {len(kept)} of {n_all} subjects, {n} per class and side where "
        "there are as many; its figures are no result."
    )
    shortages = [note for place, each in members.items() for note in _shortages(place, each, n)]
    sample = replace(
        split, splits=splits, labels=labels.reset_index(drop=True), overlap=overlap(splits)
    )
    notes = [headline, *_kept(sample), *shortages, *split.notes]
    return replace(sample, notes=notes)


def _places(split: Split) -> dict[str, pd.DataFrame]:
    """Return the rows of each side, or of each part of one that is reported in parts."""
    found = {
        (SIDES.index(str(side)), str(part)): rows
        for (side, part), rows in split.splits.groupby(["side", "part"])
    }
    return {f"{part or SIDES[n]} side": found[n, part] for n, part in sorted(found)}


def _members(split: Split, rows: pd.DataFrame) -> dict[str, list[str]]:
    """Return {class: its subjects among the rows}, sorted."""
    spans = split.labels.merge(rows[["recording_id", "subject_id"]], on="recording_id")
    members = {
        _named(each): sorted(set(having(spans, each)["subject_id"]))
        for each in classes_of(split.problem)
    }
    if not split.problem.exclusive:
        positive = set(spans.loc[spans[list(split.names)].eq(1).any(axis=1), "subject_id"])
        none = sorted(set(spans["subject_id"]) - positive)
        # With one label, and no subject of both kinds, these are one class.
        members = {
            name: each for name, each in members.items() if name in split.names or each != none
        }
        members[f"no {' or '.join(split.names)}"] = none
    return members


def _named(each: str) -> str:
    """Return how a class such as `"wheeze=0"` is called in a note."""
    name, value = each.split("=")
    return name if value == "1" else f"some without {name}"


def _choose(members: Mapping[str, list[str]], n: int, seed: int) -> set[str]:
    """Return subjects so that each class has `n`, or all it has; the rarest class first."""
    chosen: set[str] = set()
    for name in sorted(members, key=lambda each: (len(members[each]), each)):
        lacking = n - len(chosen.intersection(members[name]))
        others = sorted(set(members[name]) - chosen, key=lambda each: draw(seed, "subset", each))
        chosen.update(others[: max(lacking, 0)])
    return chosen


def _kept(sample: Split) -> list[str]:
    """Return a sentence for each side: how much of it the sample has, by class."""
    return [
        f"Sample, {place}: {plural(rows['subject_id'].nunique(), 'subject')}, "
        f"{plural(len(rows), 'recording')} "
        f"({', '.join(f'{name} {len(each)}' for name, each in _members(sample, rows).items())})."
        for place, rows in _places(sample).items()
    ]


def _shortages(place: str, members: Mapping[str, list[str]], n: int) -> list[str]:
    return [
        f"Sample, {place}, {name}: {len(subjects)} of the {plural(n, 'subject')} asked for; all "
        "there are."
        for name, subjects in members.items()
        if 0 < len(subjects) < n or (not subjects and any(members.values()))
    ]
