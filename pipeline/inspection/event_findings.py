"""Findings on events: missing, overlapping, listed twice, at odds with the whole recording."""

from __future__ import annotations

import pandas as pd

from pipeline.evaluation.wording import plural
from pipeline.inspection.inspected import Inspected
from pipeline.inspection.iterating import each_group, each_row
from pipeline.inspection.kinds import row

Rows = list[dict[str, str]]

#: Annotators round: events that share or leave out less than this are neighbours.
OVERLAP_S, GAP_S = 0.01, 0.05
#: A data set's events are contiguous cycles where so many of the neighbours touch.
CONTIGUOUS_SHARE = 0.9
_NORMAL, _POOR = "normal", "poor quality"


def find(data: Inspected) -> Rows:
    """Return what is wrong with a data set's events, beyond what the index left out."""
    pairs = _neighbours(data.strong_events())
    return [
        *_missing(data),
        *_twice(data),
        *_overlapping(data.name, pairs),
        *_gaps(data.name, pairs),
        *_contradictions(data),
    ]


def _neighbours(events: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of events that follow each other, with the time between them in gap_s."""
    ordered = events.sort_values(["recording_id", "start_s", "end_s"])
    # One long event may reach over several that follow it.
    reached = ordered.groupby("recording_id")["end_s"].cummax()
    gap_s = ordered["start_s"].shift(-1) - reached
    same = ordered["recording_id"].eq(ordered["recording_id"].shift(-1))
    return ordered.assign(gap_s=gap_s)[same]


def _missing(data: Inspected) -> Rows:
    # Where labels hold for whole recordings, nothing has to be timed.
    timed = data.recordings["label_level"] == "event"
    known = data.recordings["recording_id"].isin(data.events["recording_id"])
    # The index counts what its publisher calls too poor to annotate.
    poor = data.recordings["record_label"].str.casefold() == _POOR
    # ... and what annotations it could not use.
    unused = data.excluded[data.excluded["reason"].str.startswith("annotation")]
    told = data.recordings["recording_id"].isin(unused["recording_id"])
    return [
        row(
            *("no events", data.name, "recording", one.recording_id),
            f"{one.duration_s:.1f} s, labelled {one.record_label or 'nothing'} as a whole",
        )
        for one in each_row(data.recordings[timed & ~known & ~poor & ~told])
    ]


def _twice(data: Inspected) -> Rows:
    events = data.strong_events()
    twice = events[events.duplicated(["recording_id", "start_s", "end_s"], keep=False)]
    return [
        row(
            *("event listed twice", data.name, "event", recording_id),
            f"{start_s:.2f} to {end_s:.2f} s: {' and '.join(group['type'])}",
        )
        for (recording_id, start_s, end_s), group in each_group(
            twice, ["recording_id", "start_s", "end_s"]
        )
    ]


def _overlapping(name: str, pairs: pd.DataFrame) -> Rows:
    found = pairs[pairs["gap_s"] < -OVERLAP_S]
    return [
        row(
            *("overlapping events", name, "recording", recording_id),
            f"{plural(len(group), 'pair')}, by {-group['gap_s'].min():.2f} s at most",
        )
        for recording_id, group in each_group(found, "recording_id")
    ]


def _gaps(name: str, pairs: pd.DataFrame) -> Rows:
    touching = pairs["gap_s"].abs() <= GAP_S
    if pairs.empty or touching.mean() < CONTIGUOUS_SHARE:
        return []
    found = pairs[pairs["gap_s"] > GAP_S]
    return [
        row(
            *("gap between cycles", name, "recording", recording_id),
            f"{plural(len(group), 'gap')}, {group['gap_s'].sum():.2f} s in all",
        )
        for recording_id, group in each_group(found, "recording_id")
    ]


def _contradictions(data: Inspected) -> Rows:
    labels = data.recordings.set_index("recording_id")["record_label"].str.casefold()
    labels = labels[labels != ""]
    rows = []
    for recording_id, group in each_group(data.strong_events(), "recording_id"):
        types = set(group["type"])
        other = {kind for kind in types if kind.casefold() != _NORMAL}
        label = labels.get(recording_id, "")
        expected = label not in (_NORMAL, _POOR)
        if label and (label == _POOR or bool(other) != expected):
            detail = f"{label} as a whole, events {', '.join(sorted(types))}"
            kind = "events contradict the recording"
            rows.append(row(kind, data.name, "recording", recording_id, detail))
    return rows
