"""The index's three tables: their columns, their files, and which events can be used."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.datasets.description import LEFT_OUT, REPAIRED, Row, exclusion

RECORDING_COLUMNS = (
    "recording_id",
    "dataset",
    "subject_id",
    "path",
    "audio_hash",
    "content_hash",
    "sample_rate",
    "n_samples",
    "duration_s",
    "device",
    "filter",
    "location",
    "age",
    "sex",
    "diagnosis",
    "official_side",
    "label_level",
    "record_label",
)
EVENT_COLUMNS = ("recording_id", "start_s", "end_s", "type", "weak")
EXCLUDED_COLUMNS = ("path", "recording_id", "what", "reason", "detail", "action")
# Annotators round: up to here past the end of a recording an event is cut without a word.
END_TOLERANCE_S = 0.05


@dataclass(frozen=True)
class IndexTables:
    """An index: tables with the columns above, and their digests.

    Attributes
    ----------
    recordings, events, excluded : pandas.DataFrame
    digests : dict of str
        "audio": sha256 over the sorted audio hashes; "tables": sha256 over the bytes of
        recordings.csv and events.csv.
    """

    recordings: pd.DataFrame
    events: pd.DataFrame
    excluded: pd.DataFrame
    digests: dict[str, str]


def make_tables(recordings: list[Row], events: list[Row], excluded: list[Row]) -> IndexTables:
    """Return the sorted tables and their digests."""
    frames = (
        _frame(recordings, RECORDING_COLUMNS, ["recording_id"]),
        _frame(events, EVENT_COLUMNS, ["recording_id", "start_s", "end_s", "type"]),
        _frame(excluded, EXCLUDED_COLUMNS, list(EXCLUDED_COLUMNS)),
    )
    hashes = "\n".join(sorted(frames[0]["audio_hash"]))
    digests = {
        "audio": hashlib.sha256(hashes.encode()).hexdigest(),
        "tables": hashlib.sha256(csv_bytes(frames[0]) + csv_bytes(frames[1])).hexdigest(),
    }
    return IndexTables(*frames, digests)


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Return a table as the bytes of its .csv: UTF-8, LF, header, shortest exact floats."""
    # Names of files need not be UTF-8; those of the recordings that are kept are.
    return table.to_csv(index=False, lineterminator="\n").encode("utf-8", "backslashreplace")


def write_index(tables: IndexTables, folder: Path) -> dict[str, Any]:
    """Write recordings.csv, events.csv and excluded.csv into a folder that is there.

    Returns
    -------
    dict
        For the folder's manifest: `digests` (see `IndexTables`) and `counts` of subjects,
        recordings, events, recordings left out (copies of one that is used do not count) and, by
        what and reason, of what was excluded.
    """
    for name in ("recordings", "events", "excluded"):
        (folder / f"{name}.csv").write_bytes(csv_bytes(getattr(tables, name)))
    excluded = hashlib.sha256(csv_bytes(tables.excluded)).hexdigest()
    return {"digests": tables.digests | {"excluded": excluded}, "counts": _counts(tables)}


def _counts(tables: IndexTables) -> dict[str, Any]:
    table = tables.excluded
    excluded = Counter(table["what"] + ": " + table["reason"])
    lost = (table["what"] == "recording") & (table["action"] == LEFT_OUT)
    return {
        "subjects": int(tables.recordings["subject_id"].nunique()),
        "recordings": len(tables.recordings),
        "events": len(tables.events),
        "left_out_recordings": int((lost & (table["reason"] != "duplicate name")).sum()),
        "excluded": dict(sorted(excluded.items())),
    }


def are_unknown_people(recordings: pd.DataFrame) -> pd.Series:
    """Return where a recording is its own subject, since nobody wrote down whose it is."""
    name = recordings["recording_id"].str.partition("/")[2]
    person = recordings["subject_id"].str.partition("/")[2]
    return person.str.replace(r"^(file:)+", "", regex=True).eq(name)


def usable_events(events: list[Row], recordings: Mapping[str, Row]) -> tuple[list[Row], list[Row]]:
    """Return the events that lie in a recording, cut at its end, and rows for excluded.csv.

    Parameters
    ----------
    events : list of Row
        `end_s` None is the end of the recording.
    recordings : mapping of str to Row
        The usable recordings by id; events of others go with them, without a row.
    """
    kept, excluded = [], []
    for event in events:
        recording = recordings.get(event["recording_id"])
        if recording is None:
            continue
        duration_s = recording["duration_s"]
        end_s = duration_s if event["end_s"] is None else event["end_s"]
        where = (recording["path"], event["recording_id"], "event")
        detail = f"{event['type']} from {event['start_s']:g} to {end_s:g} s of {duration_s:g} s"
        if fault := _fault(event["start_s"], end_s, duration_s):
            excluded.append(exclusion(*where, fault, detail))
            continue
        if end_s > duration_s + END_TOLERANCE_S:
            excluded.append(exclusion(*where, "ends past the recording", detail, REPAIRED))
        kept.append({**event, "end_s": min(end_s, duration_s)})
    return kept, excluded


def _fault(start_s: float, end_s: float, duration_s: float) -> str:
    if not (isfinite(start_s) and isfinite(end_s)):
        return "time not a number"
    if end_s == start_s:
        return "zero length"
    if end_s < start_s:
        return "negative length"
    if start_s < 0:
        return "starts before the recording"
    if start_s >= duration_s:
        return "starts past the recording"
    return ""


def _frame(rows: list[Row], columns: tuple[str, ...], order: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(columns))
    if "age" in columns:
        frame["age"] = frame["age"].astype("float64")
    return frame.sort_values(order, kind="stable", ignore_index=True)
