"""What a rebuild was made of, recording by recording, and what moved since the one before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from pipeline.rebuilds.sides import counted
from pipeline.salts import digest

COLUMNS = ("dataset", "recording_id", "subject_id", "content_hash", "labels", "side")
#: The longest list of names that is kept of each kind of change.
MAX_NAMED = 20


def facts_of(recordings: pd.DataFrame, labels: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return a row of `COLUMNS` for each recording, sorted; all of them texts.

    Parameters
    ----------
    recordings : DataFrame
        The index's.
    labels : DataFrame
        Labelled spans of the problem. The column `labels` is their digest: "" where there is none.
    rows : DataFrame
        `recording_id, side`. A recording that is not in it is on no side: "".
    """
    spans = {str(k): digest(each.to_csv(index=False)) for k, each in labels.groupby("recording_id")}
    sides = dict(zip(rows["recording_id"], rows["side"], strict=True))
    facts = recordings.sort_values("recording_id", ignore_index=True)
    facts = facts.assign(
        labels=[spans.get(each, "")[:16] for each in facts["recording_id"]],
        side=[sides.get(each, "") for each in facts["recording_id"]],
    )
    return facts[list(COLUMNS)].fillna("").astype(str)


def changes(before: pd.DataFrame | None, after: pd.DataFrame) -> dict[str, Any]:
    """Return what moved from one rebuild to the next.

    Parameters
    ----------
    before : DataFrame or None
        `facts_of` the rebuild before; None: this is the first, and nothing moved.
    after : DataFrame

    Returns
    -------
    dict
        `first`; `datasets`: {name: {"recordings", "subjects", and one count for each of `new`,
        `gone`, `changed` (other audio under the same name), `relabelled`}}; `new_subjects`: how
        many on each side; `named`: the first `MAX_NAMED` recordings of each kind.
    """
    is_first = before is None
    before = after if before is None else before
    both = before.merge(after, on="recording_id", how="outer", suffixes=("_before", ""))
    old, new = both["subject_id_before"].notna(), both["subject_id"].notna()
    kinds = {
        "new": ~old & new,
        "gone": old & ~new,
        "changed": old & new & (both["content_hash_before"] != both["content_hash"]),
        "relabelled": old & new & (both["labels_before"] != both["labels"]),
    }
    where = both["dataset"].fillna(both["dataset_before"])
    names = sorted(set(where))
    return {
        "first": is_first,
        "datasets": {
            name: {**_sizes(after, name)}
            | {k: int((is_so & (where == name)).sum()) for k, is_so in kinds.items()}
            for name in names
        },
        "new_subjects": counted(_new_subjects(before, after)),
        "named": {k: _first(both.loc[is_so, "recording_id"]) for k, is_so in kinds.items()},
    }


def has_moved(found: dict[str, Any]) -> bool:
    """Return whether anything moved."""
    kinds = ("new", "gone", "changed", "relabelled")
    return any(one[kind] for one in found["datasets"].values() for kind in kinds)


def _sizes(after: pd.DataFrame, name: str) -> dict[str, int]:
    rows = after[after["dataset"] == name]
    return {"recordings": len(rows), "subjects": int(rows["subject_id"].nunique())}


def _new_subjects(before: pd.DataFrame, after: pd.DataFrame) -> Sequence[str]:
    standing = after[after["side"] != ""].drop_duplicates("subject_id")
    known = set(before.loc[before["side"] != "", "subject_id"])
    return list(standing.loc[~standing["subject_id"].isin(known), "side"])


def _first(names: pd.Series) -> list[str]:
    return [str(each) for each in sorted(names)[:MAX_NAMED]]
