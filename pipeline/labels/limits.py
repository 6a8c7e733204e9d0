"""How much of a data set may have to be left out before a run stops: ``[limits]``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from pipeline.errors import SplitError

if TYPE_CHECKING:
    import pandas as pd

#: Reasons that are the user's or the publisher's choice, and no defect of the data.
CHOSEN: tuple[str, ...] = ("no official side", "published test side", "not in the split file")
CHOSEN += ("held-out device", "held-out data set", "gate side", "not on the gate side")
#: A user's own folders: what their names do not say is no defect either.
OWN = "folder"


def refuse_incomplete(dataset: str, counts: Mapping[str, Any], limit: float) -> None:
    """Refuse a data set of which too many recordings cannot be read.

    Parameters
    ----------
    dataset : str
    counts : mapping
        Of the index's manifest: `recordings` that can be used, `left_out_recordings`, and
        `excluded` by what and reason.
    limit : float
        Largest share, 0 to 1.

    Raises
    ------
    SplitError
        More were left out; the message counts them by reason.
    """
    n_left_out = counts.get("left_out_recordings", 0)
    reasons = {
        name.removeprefix("recording: "): n
        for name, n in counts["excluded"].items()
        if name.startswith("recording: ")
    }
    refuse_too_many(dataset, n_left_out, n_left_out + counts["recordings"], reasons, limit)


def count_unlabelled(
    recordings: pd.DataFrame, excluded: pd.DataFrame, skipped: Collection[str] = ()
) -> dict[str, dict[str, Any]]:
    """Return how many recordings of each data set have no label that can be used, and why.

    Parameters
    ----------
    recordings : DataFrame
        The index's: `recording_id, dataset`.
    excluded : DataFrame
        What labelling and splitting left out.
    skipped : collection of str
        The problem's own words that leave a recording out: a choice, not counted.

    Returns
    -------
    dict
        `{data set: {"left_out": n, "of": n, "reasons": {reason: n}}}`.
    """
    gone = excluded[excluded["what"].eq("recording") & excluded["action"].eq("left out")]
    chosen = gone["reason"].map(is_chosen).astype(bool) | gone["reason"].isin(list(skipped))
    gone = gone[~chosen].drop_duplicates("recording_id")
    gone = gone.merge(recordings[["recording_id", "dataset"]], on="recording_id")
    n_all = recordings["dataset"].value_counts()
    return {
        str(dataset): {
            "left_out": len(rows),
            "of": int(n_all[dataset]),
            "reasons": {str(k): int(n) for k, n in rows["reason"].value_counts().items()},
        }
        for dataset, rows in gone.groupby("dataset")
        if not str(dataset).startswith(OWN)
    }


def refuse_unlabelled(counts: Mapping[str, Mapping[str, Any]], limit: float) -> None:
    """Refuse data sets of which too many recordings have no label; see `count_unlabelled`.

    Raises
    ------
    SplitError
        As `refuse_incomplete`.
    """
    for dataset, one in counts.items():
        refuse_too_many(dataset, one["left_out"], one["of"], one["reasons"], limit)


def is_chosen(reason: str) -> bool:
    """Say whether a recording was left out because somebody wanted it so."""
    return reason in CHOSEN or reason.endswith("nor healthy")


def refuse_too_many(
    dataset: str, n_left_out: int, n_all: int, reasons: Mapping[str, int], limit: float
) -> None:
    """Raise SplitError where more than the share `limit` of a data set was left out."""
    if n_left_out <= limit * n_all:
        return
    counted = ", ".join(f"{reason} {n}" for reason, n in sorted(reasons.items()))
    share = max(1, round(100 * n_left_out / n_all))
    raise SplitError(
        expected=f"at most {100 * limit:g} % of the recordings of {dataset} left out",
        found=f"{n_left_out} of {n_all} ({share} %): {counted}",
        where=f"the data set {dataset}",
        action=f"Run InspectDatasets --datasets {dataset} to see what is wrong with them, mend the "
        f"data, or write max_left_out_share = {min(1.0, share / 100 + 0.05):.2f} below [limits] in "
        "an experiment of your own.",
    )
