"""The publishers' own train and test sides, cleaned of subjects that stand on both."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from pipeline.labels.exclusions import joined, left_out

#: Data sets whose official split is the default, by problem. ICBHI's has every subject with
#: pneumonia on the train side, so it cannot score that problem.
OFFICIAL = {"crackle_wheeze": ("icbhi",)}

#: Reason in `excluded.csv`.
NO_SIDE = "no official side"


def official_sides(
    rows: pd.DataFrame, honoured: Sequence[str]
) -> tuple[dict[str, str], list[str], pd.DataFrame]:
    """Return the official sides, so that no group stands on both.

    Parameters
    ----------
    rows : DataFrame
        Labelled recordings: `recording_id, path, dataset, subject_id, group_id, official_side`.
    honoured : sequence of str
        The data sets whose official split is taken.

    Returns
    -------
    sides : dict
        {group: "train" or "test"}. A group with a recording on the train side is on it wholly.
        A data set of which one side would be empty has none here.
    notes : list of str
        Sentences on subjects that were moved, and on sides that are not there.
    strays : DataFrame
        Rows of `excluded.csv`: recordings of those data sets that the split does not name.
    """
    sides: dict[str, str] = {}
    notes: list[str] = []
    strays = []
    for dataset in (each for each in honoured if each in set(rows["dataset"])):
        own = rows[rows["dataset"] == dataset]
        named = own[own["official_side"].isin(("train", "test"))]
        found = _whole_groups(named)
        if set(found.values()) != {"train", "test"}:
            notes.append(_fallback(dataset, named))
            continue
        sides |= {group: side for group, side in found.items() if sides.get(group) != "train"}
        notes += _moved(dataset, named)
        strays.append(left_out(own[~own.index.isin(named.index)], "recording", NO_SIDE))
    return sides, notes, joined(strays)


def _whole_groups(named: pd.DataFrame) -> dict[str, str]:
    on_train = set(named.loc[named["official_side"] == "train", "group_id"])
    return {group: "train" if group in on_train else "test" for group in named["group_id"]}


def _fallback(dataset: str, named: pd.DataFrame) -> str:
    missing = sorted({"train", "test"} - set(named["official_side"]))
    what = " and ".join(f"the {side} side" for side in missing) or "a test side of its own subjects"
    return (
        f"{dataset}: the official split is not used, because {what} of it has no usable "
        "recording; subjects were dealt to the sides instead."
    )


def _moved(dataset: str, named: pd.DataFrame) -> list[str]:
    on_both = named.groupby("group_id")["official_side"].nunique() == 2
    moved = named[named["group_id"].map(on_both) & named["official_side"].eq("test")]
    if moved.empty:
        return []
    subjects = sorted(set(moved["subject_id"]))
    return [
        f"{dataset}: {', '.join(subjects)} or their audio stand on both sides of the official "
        f"split; their {len(moved)} test recordings were moved to the train side."
    ]
