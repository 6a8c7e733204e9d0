"""Findings on identical audio: one subject, several subjects, labels that contradict each other."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from pipeline.datasets.tables import are_unknown_people
from pipeline.inspection.inspected import Inspected
from pipeline.inspection.iterating import each_group
from pipeline.inspection.kinds import row

Rows = list[dict[str, str]]


def find(inspected: Sequence[Inspected]) -> Rows:
    """Return one row or two for every group of recordings with identical content.

    Recordings are compared by content_hash, across data sets, too: decoded samples without the
    zeros around them. Labels are compared as the publisher wrote them, case folded: the event
    types (with their start times where all copies are annotated by event), diagnosis and
    record_label. What is unknown contradicts nothing.
    """
    recordings = pd.concat([data.recordings for data in inspected], ignore_index=True)
    copies = recordings[
        recordings.duplicated("content_hash", keep=False) & (recordings["content_hash"] != "")
    ]
    events = pd.concat([data.events for data in inspected], ignore_index=True)
    wanted = events[events["recording_id"].isin(copies["recording_id"])]
    by_recording = dict(each_group(wanted, "recording_id"))
    groups = [group for _, group in each_group(copies.sort_values("recording_id"), "content_hash")]
    groups.sort(key=lambda group: group["recording_id"].iloc[0])
    return [one for group in groups for one in _rows(group, by_recording)]


def _rows(group: pd.DataFrame, events: dict[str, pd.DataFrame]) -> Rows:
    dataset = ", ".join(sorted(set(group["dataset"])))
    which = " = ".join(group["recording_id"])
    subjects = sorted(set(group["subject_id"]))
    several = len(subjects) > 1
    kind = "identical audio, several subjects" if several else "identical audio, one subject"
    rows = [row(kind, dataset, "audio", which, f"subjects {', '.join(subjects)}")]
    if conflicts := _conflicts(group, events):
        kind = "identical audio, conflicting labels"
        error = row(kind, dataset, "audio", which, "; ".join(conflicts))
        # Where nobody knows whose a recording is, several subjects are no news.
        return [error] if several and are_unknown_people(group).all() else [*rows, error]
    return rows


def _conflicts(group: pd.DataFrame, events: dict[str, pd.DataFrame]) -> list[str]:
    conflicts = []
    for column in ("diagnosis", "record_label"):
        told = [" ".join(text.split()) for text in group[column]]
        if len({text.casefold() for text in told if text}) > 1:
            conflicts.append(f"{column.replace('_', ' ')} {' against '.join(filter(None, told))}")
    timed = bool((group["label_level"] == "event").all())
    found = [events[name] for name in group["recording_id"] if name in events]
    if len({_signature(one, timed) for one in found}) > 1:
        conflicts.append("events " + " against ".join(_types(one) for one in found))
    return conflicts


def _signature(events: pd.DataFrame, timed: bool) -> frozenset:
    types = events["type"].str.split().str.join(" ").str.casefold()
    return frozenset(zip(events["start_s"].round(1), types, strict=True) if timed else types)


def _types(events: pd.DataFrame) -> str:
    counts = events["type"].value_counts().sort_index()
    return " + ".join(f"{n} {kind}" if n > 1 else str(kind) for kind, n in counts.items())
