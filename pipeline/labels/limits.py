"""How much of a data set may have to be left out before a run stops: ``[limits]``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.errors import SplitError

if TYPE_CHECKING:
    import pandas as pd

#: Reasons that are the user's or the publisher's choice, and no defect of the data.
CHOSEN = ("no official side", "not in the split file", "held-out device", "held-out data set")


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
    if n_left_out > limit * (n_left_out + counts["recordings"]):
        reasons = {
            name.removeprefix("recording: "): n
            for name, n in counts["excluded"].items()
            if name.startswith("recording: ")
        }
        raise _too_many(dataset, n_left_out, n_left_out + counts["recordings"], reasons, limit)


def refuse_unlabelled(recordings: pd.DataFrame, excluded: pd.DataFrame, limit: float) -> None:
    """Refuse data sets of which too many recordings have no label that can be used.

    Parameters
    ----------
    recordings : DataFrame
        The index's: `recording_id, dataset`.
    excluded : DataFrame
        What labelling and splitting left out.

    Raises
    ------
    SplitError
        As `refuse_incomplete`.
    """
    gone = excluded[excluded["what"].eq("recording") & excluded["action"].eq("left out")]
    gone = gone[~gone["reason"].map(is_chosen).astype(bool)].drop_duplicates("recording_id")
    gone = gone.merge(recordings[["recording_id", "dataset"]], on="recording_id")
    n_all = recordings["dataset"].value_counts()
    for dataset, rows in gone.groupby("dataset"):
        if len(rows) > limit * n_all[dataset]:
            reasons = rows["reason"].value_counts().to_dict()
            raise _too_many(str(dataset), len(rows), int(n_all[dataset]), reasons, limit)


def is_chosen(reason: str) -> bool:
    """Say whether a recording was left out because somebody wanted it so."""
    return reason in CHOSEN or reason.endswith("nor healthy")


def _too_many(
    dataset: str, n_left_out: int, n_all: int, reasons: Mapping[Any, int], limit: float
) -> SplitError:
    counted = ", ".join(f"{reason} {n}" for reason, n in sorted(reasons.items()))
    return SplitError(
        expected=f"at most {100 * limit:g} % of the recordings of {dataset} left out",
        found=f"{n_left_out} of {n_all} ({100 * n_left_out / n_all:.0f} %): {counted}",
        where=dataset,
        action=f"Run InspectDatasets --datasets {dataset} to see each of them, mend the data, or "
        "raise [limits] max_left_out_share in the experiment.",
    )
