"""How much of what a data set holds: subjects, recordings, events and hours by each property."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.inspection.inspected import Inspected
from pipeline.inspection.wording import hertz

UNKNOWN = "unknown"
AGE_EDGES = (0, 2, 6, 13, 18, 40, 65)
#: A property with more values than this is shown by its largest; the rest is one row.
MAX_ROWS = 20
REST = "all others"
_TITLES = {
    "type": "Event type",
    "diagnosis": "Diagnosis",
    "record_label": "Recording's label",
    "device": "Device",
    "filter": "Filter",
    "location": "Site",
    "age_band": "Age in years",
    "sex": "Sex",
    "rate": "Sample rate",
    "official_side": "Official side",
}
_IN_ORDER = ("age_band", "rate")


@dataclass(frozen=True)
class Table:
    """One table of the page.

    Attributes
    ----------
    title : str
        Of its first column.
    rows : DataFrame
        Columns name, n_subjects, n_recordings, n_events, hours.
    """

    title: str
    rows: pd.DataFrame


def tables(data: Inspected) -> list[Table]:
    """Return a table for every property of which anything is known, classes first.

    Hours are those of the recordings; by event type, those of the events. A subject counts in
    every row it has a recording (or an event) in.
    """
    recordings = _with_bands(data.recordings)
    n_events = data.events.groupby("recording_id").size()
    recordings["n_events"] = recordings["recording_id"].map(n_events).fillna(0).astype(int)
    events = data.events.merge(recordings[["recording_id", "subject_id"]], on="recording_id")
    events = events.assign(span_s=events["end_s"] - events["start_s"])
    found = [
        Table(title, _by_type(events) if column == "type" else _by(recordings, column))
        for column, title in _TITLES.items()
        if column == "type" or (column in recordings and (recordings[column] != "").any())
    ]
    return [one for one in found if len(one.rows) and set(one.rows["name"]) != {UNKNOWN}]


def totals(data: Inspected) -> dict[str, float]:
    """Return n_subjects, n_recordings, n_events and hours of a data set."""
    return {
        "n_subjects": int(data.recordings["subject_id"].nunique()),
        "n_recordings": len(data.recordings),
        "n_events": len(data.events),
        "hours": float(data.recordings["duration_s"].sum() / 3600),
    }


def age_band(age: float) -> str:
    """Return the band of an age in years: "0 to 1", ..., "65 and over"; "unknown" for NaN."""
    if np.isnan(age):
        return UNKNOWN
    index = int(np.searchsorted(AGE_EDGES, age, side="right")) - 1
    if index == len(AGE_EDGES) - 1:
        return f"{AGE_EDGES[-1]} and over"
    return f"{AGE_EDGES[max(index, 0)]} to {AGE_EDGES[max(index, 0) + 1] - 1}"


def spelled(column: pd.Series) -> pd.Series:
    """Return words with blanks levelled, in the spelling that is most frequent for their case."""
    words = column.str.split().str.join(" ")
    folded = words.str.casefold()
    usual = words.groupby(folded).agg(lambda group: group.value_counts().index[0])
    return folded.map(usual).where(words != "", UNKNOWN)


def _with_bands(recordings: pd.DataFrame) -> pd.DataFrame:
    return recordings.assign(
        age_band=recordings["age"].map(age_band), rate=recordings["sample_rate"].map(hertz)
    )


def _by(recordings: pd.DataFrame, column: str) -> pd.DataFrame:
    names = recordings[column] if column in _IN_ORDER else spelled(recordings[column])
    groups = recordings.groupby(names.rename("name"), sort=False)
    found = groups.agg(
        n_subjects=("subject_id", "nunique"),
        n_recordings=("recording_id", "nunique"),
        n_events=("n_events", "sum"),
        hours=("duration_s", lambda seconds: seconds.sum() / 3600),
        age=("age", "min"),
        sample_rate=("sample_rate", "min"),
    ).reset_index()
    order = {"age_band": ["age"], "rate": ["sample_rate"]}.get(column, ["n_recordings"])
    found = found.sort_values(order, ascending=column in _IN_ORDER, kind="stable")
    return _shortened(found, recordings, names)


def _by_type(events: pd.DataFrame) -> pd.DataFrame:
    names = spelled(events["type"]).rename("name")
    found = events.groupby(names, sort=False).agg(
        n_subjects=("subject_id", "nunique"),
        n_recordings=("recording_id", "nunique"),
        n_events=("type", "size"),
        hours=("span_s", lambda seconds: seconds.sum() / 3600),
    )
    found = found.reset_index().sort_values("n_events", ascending=False, kind="stable")
    return _shortened(found, events, names)


def _shortened(found: pd.DataFrame, table: pd.DataFrame, names: pd.Series) -> pd.DataFrame:
    columns = ["name", "n_subjects", "n_recordings", "n_events", "hours"]
    if len(found) <= MAX_ROWS:
        return found[columns].reset_index(drop=True)
    rest = found[MAX_ROWS - 1 :]
    others = table[names.isin(rest["name"])]
    row = {
        "name": f"{REST} ({len(rest)})",
        "n_subjects": others["subject_id"].nunique(),
        "n_recordings": others["recording_id"].nunique(),
        "n_events": rest["n_events"].sum(),
        "hours": rest["hours"].sum(),
    }
    kept = found[: MAX_ROWS - 1][columns]
    return pd.concat([kept, pd.DataFrame([row])], ignore_index=True)
