"""Findings on the publisher's own split: subjects, classes and devices on its sides."""

from __future__ import annotations

import pandas as pd

from pipeline.evaluation.wording import plural
from pipeline.inspection.inspected import Inspected
from pipeline.inspection.iterating import each_group
from pipeline.inspection.kinds import row
from pipeline.inspection.wording import counted

Rows = list[dict[str, str]]

TRAIN = "train"
ALREADY_TOLD = "on both sides of the official split"
#: A device shifts where its share of the recordings differs by so much between the sides ...
SHIFT = 0.2
#: ... or where it is missing on one and has so much of the other.
MISSING_SHARE = 0.05


def find(data: Inspected) -> Rows:
    """Return what is wrong with a data set's official split; nothing where it has none."""
    if not data.official_sides:
        return []
    sided = data.recordings[data.recordings["official_side"] != ""]
    present = set(sided["official_side"])
    rows = [
        row("side not on disk", data.name, "data set", side, f"no recording of {side} is there")
        for side in data.official_sides
        if side not in present
    ]
    rows += _crossing(data, sided)
    if TRAIN in present and len(present) > 1:
        rows += _one_sided(data, sided) + _shifting(data.name, sided)
    return rows


def _crossing(data: Inspected, sided: pd.DataFrame) -> Rows:
    counts = sided.groupby(["subject_id", "official_side"]).size().unstack(fill_value=0)
    on_train = counts.get(TRAIN, pd.Series(0, index=counts.index)) > 0
    rows = []
    # The publisher's own word for a side whose people are in train, too.
    for side in [each for each in counts.columns if each.startswith("intra")]:
        n_subjects, n_both = (counts[side] > 0).sum(), ((counts[side] > 0) & on_train).sum()
        detail = f"{n_both} of its {n_subjects} subjects are in train, too"
        rows.append(row("all subjects of a side in train", data.name, "data set", side, detail))
        counts = counts.drop(columns=side)
    # An adapter that read the publisher's split file also knows of what is not on disk.
    if data.excluded["reason"].eq(ALREADY_TOLD).any():
        return rows
    for subject, found in counts[(counts > 0).sum(axis=1) > 1].iterrows():
        detail = f"{counted(found[found > 0])} recordings"
        rows.append(row("subject on several sides", data.name, "subject", subject, detail))
    return rows


def _one_sided(data: Inspected, sided: pd.DataFrame) -> Rows:
    events = data.events.merge(sided[["recording_id", "subject_id", "official_side"]])
    rows = []
    for column in data.classes:
        table = events if column == "type" else sided
        known = table[table[column] != ""]
        spelled = known[column].str.split().str.join(" ")
        for _, group in each_group(known, spelled.str.casefold()):
            on_train = set(group["official_side"] == TRAIN)
            if len(on_train) == 1:
                where = "train" if on_train == {True} else "test"
                n_subjects = plural(group["subject_id"].nunique(), "subject")
                detail = f"{n_subjects}, all on the {where} side"
                which = f"{column.replace('_', ' ')} {spelled[group.index[0]]}"
                rows.append(row("class on one side only", data.name, "data set", which, detail))
    return rows


def _shifting(name: str, sided: pd.DataFrame) -> Rows:
    known = sided[sided["device"] != ""]
    if known.empty:
        return []
    is_train = known["official_side"].eq(TRAIN)
    counts = pd.crosstab(known["device"], is_train).reindex(columns=[True, False], fill_value=0)
    totals = counts.sum().clip(lower=1)
    shares = counts / totals
    gone = (counts.min(axis=1) == 0) & (shares.max(axis=1) >= MISSING_SHARE)
    shifted = (shares[True] - shares[False]).abs() >= SHIFT
    return [
        row(
            *("device shifts between sides", name, "device", device),
            f"{counts.loc[device, True]} of {totals[True]} train recordings, "
            f"{counts.loc[device, False]} of {totals[False]} test recordings",
        )
        for device in counts.index[gone | shifted]
    ]
