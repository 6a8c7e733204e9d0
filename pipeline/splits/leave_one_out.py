"""Train on all data sets, or devices, but one, and test on that one."""

from __future__ import annotations

import pandas as pd

from pipeline.errors import SettingsError, SplitError
from pipeline.labels.exclusions import joined, left_out
from pipeline.splits.sides import Cohort, Sides, by_recording

#: What each mode holds out; the reason in `excluded.csv` is `held-out <what>`.
WHAT = {"leave-one-dataset-out": "data set", "leave-one-device-out": "device"}


def names(cohort: Cohort, mode: str) -> tuple[str, ...]:
    """Return what can be held out: the data sets or devices of the labelled recordings, sorted.

    Raises
    ------
    SplitError
        There is only one: nothing would be left to train on.
    """
    found = sorted(set(_origin(cohort.rows, mode)))
    if len(found) < 2:
        raise SplitError(
            expected=f"labelled recordings of two or more {WHAT[mode]}s",
            found=f"only {found[0]}",
            where=f"--split {mode}",
            action="name more data sets, or split another way",
        )
    return tuple(found)


def held_out(cohort: Cohort, mode: str, fold: str) -> Sides:
    """Return the sides with all labelled recordings of `fold` on test.

    Who else is in its groups, by subject or by audio, leaves train altogether: what they recorded
    elsewhere is on no side.

    Raises
    ------
    SettingsError
        `fold` names nothing that could be held out.
    """
    known = names(cohort, mode)
    if fold not in known:
        raise SettingsError(
            expected=f"a {WHAT[mode]} among: {', '.join(known)}",
            found=f"--fold {fold!r}" if fold else "no fold",
            where=f"--split {mode}",
            action="name one with --fold, or leave --fold out to test on each",
        )
    everything = cohort.recordings
    touched = set(everything.loc[_origin(everything, mode) == fold, "group_id"])
    rows = cohort.rows
    on_test = _origin(rows, mode) == fold
    stays = ~on_test & ~rows["group_id"].isin(touched)
    detail = f"subject or audio is in {fold}, which is held out"
    lost = left_out(rows[~on_test & ~stays], "recording", f"held-out {WHAT[mode]}", detail)
    standing = rows.assign(side=on_test.map({True: "test", False: "train"}))[on_test | stays]
    return Sides(by_recording(standing), left_out=joined([lost]))


def _origin(rows: pd.DataFrame, mode: str) -> pd.Series:
    if mode == "leave-one-dataset-out":
        return rows["dataset"]
    device = rows["device"].fillna("")
    return device.where(device != "", "unknown (" + rows["dataset"] + ")")
