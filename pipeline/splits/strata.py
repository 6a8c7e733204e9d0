"""Dealing groups of subjects to sides or folds, so that each side has its share of everything."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.problems import Problem
from pipeline.splits.classes import classes_of, having

#: Subjects by stratum and part.
Counts = defaultdict[str, np.ndarray]


@dataclass(frozen=True)
class Group:
    """Subjects that stay together, and what they bring to a side.

    Parameters
    ----------
    name : str
        The group's name.
    n_subjects : int
        How many subjects it has.
    datasets : tuple of str
        Their data sets.
    classes : tuple of str
        Those of `classes_of` that it has a span of: `"<label>=1"` for a positive one,
        `"<label>=0"` for a negative one where labels are independent.
    """

    name: str
    n_subjects: int
    datasets: tuple[str, ...]
    classes: tuple[str, ...]

    @property
    def positives(self) -> tuple[str, ...]:
        """The labels of which it has a positive span."""
        return tuple(each for each in self.classes if each.endswith("=1"))

    @property
    def strata(self) -> tuple[str, ...]:
        """Everything that is to be spread evenly: data set, label combination, each class."""
        origin = "+".join(self.datasets)
        return ("", origin, f"{origin} {' '.join(self.positives)}", *self.classes)


def groups_of(rows: pd.DataFrame, labels: pd.DataFrame, problem: Problem) -> list[Group]:
    """Return the groups of a table of recordings with `group_id`, sorted by name."""
    spans = labels.merge(rows[["recording_id", "group_id"]], on="recording_id")
    classes: dict[str, list[str]] = defaultdict(list)
    for each in classes_of(problem):
        for group in having(spans, each)["group_id"].unique():
            classes[group].append(each)
    n_subjects = {
        str(k): int(n) for k, n in rows.groupby("group_id")["subject_id"].nunique().items()
    }
    pairs = rows[["group_id", "dataset"]].drop_duplicates().sort_values("dataset")
    datasets = pairs.groupby("group_id")["dataset"].agg(tuple).to_dict()
    return [
        Group(group, n_subjects[group], datasets[group], tuple(classes[group]))
        for group in sorted(n_subjects)
    ]


def deal(
    groups: Sequence[Group], shares: Sequence[float], seed: int, purpose: str
) -> dict[str, int]:
    """Return {group: number of its part}, each part with its share of every stratum.

    First, every part gets every class, positives and negatives of each label, as far as there
    are groups for it (see `_needs`). Beyond that it is minimisation: the part furthest below its
    share, summed over the group's strata (Pocock and Simon 1975, Biometrics 31:103-115). Ties
    are broken at random.

    Parameters
    ----------
    groups : sequence of Group
        In any order.
    shares : sequence of float
        Share of subjects of each part; sum 1. If they are not all equal, the first part (train)
        is the one that must not lack a class.
    seed : int
        Seed of the order and of ties.
    purpose : str
        Keeps draws for different purposes apart under one seed.
    """
    parts = np.asarray(shares, dtype=float)
    remaining = Counter(each for group in groups for each in group.classes)
    rarity = dict(remaining)
    counts: Counts = defaultdict(lambda: np.zeros(len(parts)))
    dealt = {}

    def lot(name: str) -> str:
        return draw(seed, purpose, name)

    def turn(group: Group) -> tuple:
        # Groups with several labels first: they can serve more than one need of a part.
        scarcest = min((rarity[each] for each in group.classes), default=0)
        return -len(group.positives), scarcest, group.strata, lot(group.name)

    for group in sorted(groups, key=turn):
        part = _best_part(group, parts, counts, remaining, lot)
        dealt[group.name] = part
        remaining.subtract(group.classes)
        for stratum in group.strata:
            counts[stratum][part] += group.n_subjects
    return dealt


def _best_part(
    group: Group,
    parts: np.ndarray,
    counts: Counts,
    remaining: Mapping[str, int],
    lot: Callable[[str], str],
) -> int:
    critical, soft = _needs(group, counts, remaining, len(parts))
    ranked = len(set(parts)) > 1
    last = ranked and any(remaining[c] == 1 and counts[c][0] == 0 for c in group.classes)
    excess = sum(counts[s] - parts * (counts[s].sum() + group.n_subjects) for s in group.strata)

    def rank(part: int) -> tuple:
        lacks = critical[part] + soft[part] > 0
        return (
            last and part > 0,
            -critical[part],
            -soft[part],
            part if ranked and lacks else 0,
            # Rounded, so that ties stay ties whatever the order of the sum.
            round(float(excess[part]), 9),
            lot(f"{group.name}/{part}"),
        )

    return min(range(len(parts)), key=rank)


def _needs(
    group: Group, counts: Counts, remaining: Mapping[str, int], n_parts: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return by part how many of the group's classes it lacks: critically, and otherwise.

    Critical is a class of which no more groups are left than parts that lack it; where there
    are fewer, the first parts count.
    """
    critical, soft = np.zeros(n_parts), np.zeros(n_parts)
    for each in group.classes:
        lacking = np.flatnonzero(counts[each] == 0)
        if remaining[each] > len(lacking):
            soft[lacking] += 1
        else:
            critical[lacking[: remaining[each]]] += 1
    return critical, soft


def draw(seed: int, purpose: str, name: str) -> str:
    """Return a random text for a name, the same on every machine, to sort or to choose by.

    A draw by name, not by position in a stream of random numbers: one added subject then leaves
    the draws of all others as they were.
    """
    return hashlib.sha256(f"{seed}/{purpose}/{name}".encode()).hexdigest()
