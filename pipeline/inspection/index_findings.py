"""Findings the index already made: every row of excluded.csv, with a severity."""

from __future__ import annotations

from typing import Any

from pipeline.datasets.description import GRAVE, LEFT_OUT, REPAIRED
from pipeline.inspection.inspected import Inspected
from pipeline.inspection.kinds import ERROR, EVENTS, LOST, METADATA, NOTE, OFFICIAL, WARNING

Rows = list[dict[str, str]]

#: Reasons of kept rows that no one has to look into.
HARMLESS = (
    "recording not on disk",
    "poor quality, no events",
    "case of words varies",
    "cells beside the table",
)
#: Reasons that other finders tell again, recording by recording or subject by subject.
RETOLD = (
    "overlapping events",
    "no events",
    "poor quality, yet with events",
    "several values of",
    "age and sex unknown",
)
#: Beginnings of reasons that speak of events, whatever the row stands for.
ON_EVENTS = ("event", "poor quality", "times", "no events", "overlapping")


def find(data: Inspected) -> Rows:
    """Return a finding for every row of excluded.csv that no other finder tells again.

    A recording left out is an error, and so is a folder that was not read as it was meant; other
    things left out and contradictions that were kept are warnings, repairs are notes. The words of
    a finding are the reason up to its colon.
    """
    rows: list[Any] = data.excluded.to_dict("records")
    return [_row(data.name, one) for one in rows if not one["reason"].startswith(RETOLD)]


def _row(name: str, one: dict[str, str]) -> dict[str, str]:
    finding, _, more = one["reason"].partition(":")
    detail = ": ".join(filter(None, [more.strip(), one["detail"]]))
    return {
        "dataset": name,
        "severity": _severity(one),
        "topic": _topic(one),
        "what": one["what"],
        "which": one["recording_id"] or one["path"],
        "finding": finding,
        "detail": detail or one["path"],
        "action": one["action"],
    }


def _severity(one: dict[str, str]) -> str:
    if one["action"] == REPAIRED or one["reason"].startswith(HARMLESS):
        return NOTE
    if one["reason"] in GRAVE:
        return ERROR
    return ERROR if (one["what"], one["action"]) == ("recording", LEFT_OUT) else WARNING


def _topic(one: dict[str, str]) -> str:
    if one["what"] == "event" or one["reason"].startswith(ON_EVENTS):
        return EVENTS
    if "official split" in one["reason"]:
        return OFFICIAL
    lost = one["what"] == "recording" and one["action"] == LEFT_OUT
    return LOST if lost else METADATA
