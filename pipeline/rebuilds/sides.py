"""Sides that only grow: a subject that has one keeps it, whoever comes later.

The gate side says whether a rebuilt model may replace the champion; nobody on it is ever trained
on, validated on or tested on. The test side is reported and decides nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from pipeline.salts import digest

#: In the order in which a tie is settled.
SIDES = ("train", "test", "gate", "val")


@dataclass(frozen=True)
class Shares:
    """Which part of the subjects each side gets, 0 to 1.

    Attributes
    ----------
    gate, test : float
        Of all.
    val : float
        Of what is neither gate nor test.
    """

    gate: float
    test: float
    val: float

    def of(self, side: str) -> float:
        """Return the share of a side among all subjects."""
        rest = 1 - self.gate - self.test
        by_side = {"val": rest * self.val, "train": rest * (1 - self.val)}
        return {"gate": self.gate, "test": self.test, **by_side}[side]


def grown(
    known: Mapping[str, str], subjects: pd.DataFrame, shares: Shares, seed: int
) -> dict[str, str]:
    """Return the sides of the subjects that have none yet.

    Subjects that share audio come onto one side: that of those among them who have one, else that
    on which their audio stood before. All others are dealt, group by group in an order drawn from
    the seed, each to the side that lacks most within the group's stratum, so that every side gets
    its share of each data set and each class.

    Parameters
    ----------
    known : mapping
        {subject: side}, of all earlier times.
    subjects : DataFrame
        A row for each subject with a label: `subject_id`, `group_id`, `stratum`, and, where some
        of their audio stood on a side at another time, under whatever name, that side as `heard`.
    shares : Shares
    seed : int

    Returns
    -------
    dict
        {subject: side}; no subject of `known` is in it.
    """
    subjects = subjects.sort_values("subject_id")
    told = subjects["subject_id"].map(dict(known))
    counts = Counter(zip(subjects["stratum"], told, strict=True))
    subjects = subjects.assign(is_new=told.isna())
    growing = subjects[subjects.groupby("group_id")["is_new"].transform("any")]
    found: dict[str, str] = {}
    for _, rows in sorted(
        growing.groupby("group_id"), key=lambda each: digest([seed, str(each[0])])
    ):
        new = rows[rows["is_new"]]
        stratum = str(sorted(rows["stratum"])[-1])
        side = _joined(rows, known) or _lacking(stratum, counts, shares)
        found |= dict.fromkeys(new["subject_id"], side)
        counts.update((each, side) for each in new["stratum"])
    return found


def side_rows(
    recordings: pd.DataFrame, sides: Mapping[str, str], heard: Mapping[str, str]
) -> tuple[pd.DataFrame, int]:
    """Return who stands where, recording by recording, and how many had to be left out.

    Audio that has come to stand on two sides, by a copy that arrived later, is left out of both;
    and so is audio that stood on another side before, when its first copy is gone.

    Parameters
    ----------
    recordings : DataFrame
        `recording_id, subject_id, content_hash`.
    sides : mapping
        {subject: side}.
    heard : mapping
        {content hash: the side on which it stood first}, of all earlier times.

    Returns
    -------
    rows : DataFrame
        `recording_id, content_hash, side`, sorted.
    n_left_out : int
    """
    rows = recordings.assign(side=recordings["subject_id"].map(dict(sides)))
    rows = rows[rows["side"].notna()].sort_values("recording_id", ignore_index=True)
    n_sides = rows[rows["content_hash"] != ""].groupby("content_hash")["side"].nunique()
    crosses = rows["content_hash"].isin(n_sides.index[n_sides > 1])
    before = [heard.get(*each) for each in zip(rows["content_hash"], rows["side"], strict=True)]
    crosses |= rows["side"] != before
    return rows.loc[~crosses, ["recording_id", "content_hash", "side"]], int(crosses.sum())


def counted(sides: Sequence[str]) -> dict[str, int]:
    """Return how many there are on each side, in the order of `SIDES`."""
    counts = Counter(sides)
    return {side: counts[side] for side in SIDES}


def _joined(rows: pd.DataFrame, known: Mapping[str, str]) -> str | None:
    """Return the side of those of a group who have one; if they differ, that of most.

    If nobody has one, the side on which their audio stood before.
    """
    told = [known[each] for each in rows["subject_id"] if each in known]
    counts = counted(told or [each for each in rows.get("heard", ()) if each])
    return max(counts, key=lambda side: counts[side]) if any(counts.values()) else None


def _lacking(stratum: str, counts: Mapping[tuple[str, str], int], shares: Shares) -> str:
    n_after = 1 + sum(counts.get((stratum, side), 0) for side in SIDES)
    lack = {side: shares.of(side) * n_after - counts.get((stratum, side), 0) for side in SIDES}
    # Shares are decimals: a tie must be one.
    return max(SIDES, key=lambda side: round(lack[side], 9))
