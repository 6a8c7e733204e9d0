"""A small sample of whole subjects for development, from every side and class of a split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pipeline.splits.folder import SIDES, Split
from pipeline.splits.strata import draw


def sample_subset(split: Split, n: int, seed: int) -> Split:
    """Return the split with `n` subjects per class and side.

    The classes are: a positive span of each label, and no positive span at all. A subject counts
    for every class it belongs to, so the sample has at most `n` subjects per class and often
    fewer. Sides stay as they are, and a subject that is kept is kept with all its recordings.

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
    kept: set[str] = set()
    notes = []
    for side in SIDES:
        members = _members(split, side)
        kept |= _choose(members, n, seed)
        notes += _shortages(side, members, n)
    splits = split.splits[split.splits["subject_id"].isin(kept)].reset_index(drop=True)
    labels = split.labels[split.labels["recording_id"].isin(splits["recording_id"])]
    n_all = split.splits["subject_id"].nunique()
    headline = (
        f"A development sample: {len(kept)} of {n_all} subjects, {n} per class and side where "
        "there are as many; its figures are no result."
    )
    return replace(
        split,
        splits=splits,
        labels=labels.reset_index(drop=True),
        notes=[headline, *notes, *split.notes],
    )


def _members(split: Split, side: str) -> dict[str, list[str]]:
    """Return {class: its subjects on that side}, sorted."""
    rows = split.splits[split.splits["side"] == side]
    spans = split.labels.merge(rows[["recording_id", "subject_id"]], on="recording_id")
    positive = spans.groupby("subject_id")[list(split.names)].max() == 1
    members = {name: list(positive.index[positive[name]]) for name in split.names}
    members[f"no {' or '.join(split.names)}"] = list(positive.index[~positive.any(axis=1)])
    return members


def _choose(members: Mapping[str, list[str]], n: int, seed: int) -> set[str]:
    """Return subjects so that each class has `n`, or all it has; the rarest class first."""
    chosen: set[str] = set()
    for name in sorted(members, key=lambda each: (len(members[each]), each)):
        lacking = n - len(chosen.intersection(members[name]))
        others = sorted(set(members[name]) - chosen, key=lambda each: draw(seed, "subset", each))
        chosen.update(others[: max(lacking, 0)])
    return chosen


def _shortages(side: str, members: Mapping[str, list[str]], n: int) -> list[str]:
    return [
        f"Sample, {side} side, {name}: {len(subjects)} of the {n} subjects asked for; "
        "all there are."
        for name, subjects in members.items()
        if 0 < len(subjects) < n or (not subjects and any(members.values()))
    ]
