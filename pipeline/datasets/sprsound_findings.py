"""What SPRSound's annotations show that a user should know of: one row per kind, with counts."""

from __future__ import annotations

from collections import defaultdict
from itertools import accumulate
from math import isfinite

from pipeline.datasets.description import KEPT, REPAIRED, Annotations, Row, finding

POOR = "Poor Quality"
Span = tuple[float, float]


def findings(annotations: Annotations, n_text_times: int) -> list[Row]:
    """Return rows for excluded.csv on order, overlap and kind of times, and on lacking events.

    Parameters
    ----------
    annotations : Annotations
        Events in the files' own order.
    n_text_times : int
        Events whose times are texts instead of numbers.
    """
    spans = _spans(annotations)
    labels = {row["recording_id"]: row["record_label"] for row in annotations.recordings}
    silent = [label for recording_id, label in labels.items() if recording_id not in spans]
    n_unordered = sum(each != sorted(each) for each in spans.values())
    n_overlapping = sum(_n_overlaps(each) for each in spans.values())
    n_poor = sum(label == POOR for label in silent)
    n_marked = sum(labels[recording_id] == POOR for recording_id in spans)
    kinds = (
        ("events not in time order", n_unordered, "recordings", REPAIRED),
        ("times given as text", n_text_times, "events, in milliseconds", REPAIRED),
        ("overlapping events", n_overlapping, "events that begin before another ends", KEPT),
        ("poor quality, no events", n_poor, "recordings", KEPT),
        ("poor quality, yet with events", n_marked, "recordings", KEPT),
        ("no events", len(silent) - n_poor, "recordings of another label", KEPT),
    )
    return [
        finding("metadata", reason, f"{n} {noun}", action) for reason, n, noun, action in kinds if n
    ]


def _spans(annotations: Annotations) -> dict[str, list[Span]]:
    spans: dict[str, list[Span]] = defaultdict(list)
    for event in annotations.events:
        # NaN stands for a time that is no number; the index leaves such events out.
        if isfinite(event["start_s"]) and isfinite(event["end_s"]):
            spans[event["recording_id"]].append((event["start_s"], event["end_s"]))
    return dict(spans)


def _n_overlaps(spans: list[Span]) -> int:
    """Return how many events begin before one that began earlier has ended."""
    ordered = sorted(spans)
    latest_ends = accumulate((end for _, end in ordered), max)
    return sum(end > start for end, (start, _) in zip(latest_ends, ordered[1:], strict=False))
