"""Findings on who was recorded with what: subjects, devices, sample rates."""

from __future__ import annotations

import pandas as pd

from pipeline.inspection.inspected import Inspected
from pipeline.inspection.iterating import each_group
from pipeline.inspection.kinds import row
from pipeline.inspection.wording import counted, hertz

Rows = list[dict[str, str]]


def find(data: Inspected) -> Rows:
    """Return what is odd about a data set's subjects, devices and sample rates."""
    return [
        *_contradicting(data),
        *_ages(data),
        *_unknown_people(data),
        *_devices_of_subjects(data),
        *_rates(data),
        *_rates_of_devices(data),
    ]


def _contradicting(data: Inspected) -> Rows:
    rows = []
    for column in ("sex", "diagnosis"):
        known = data.recordings[data.recordings[column] != ""]
        folded = known[column].str.split().str.join(" ").str.casefold()
        n_told = folded.groupby(known["subject_id"]).nunique()
        for subject in n_told.index[n_told > 1]:
            told = known.loc[known["subject_id"] == subject, column].value_counts()
            detail = f"{column} {counted(told)} recordings"
            rows.append(row("subject contradicts itself", data.name, "subject", subject, detail))
    return rows


def _ages(data: Inspected) -> Rows:
    ages = data.recordings.groupby("subject_id")["age"]
    found = ages.nunique()
    return [
        row(
            *("several ages for one subject", data.name, "subject", subject),
            ", ".join(f"{age:g}" for age in sorted(ages.get_group(subject).dropna().unique())),
        )
        for subject in found.index[found > 1]
    ]


def _unknown_people(data: Inspected) -> Rows:
    known = data.recordings["age"].notna() | (data.recordings["sex"] != "")
    by_subject = known.groupby(data.recordings["subject_id"]).any()
    unknown = by_subject.index[~by_subject]
    kind = "subject without metadata"
    if len(unknown) == len(by_subject):
        detail = f"of none of the {len(by_subject)} subjects age or sex is known"
        return [row(kind, data.name, "data set", "", detail)]
    return [row(kind, data.name, "subject", one, "no age, no sex") for one in unknown]


def _devices_of_subjects(data: Inspected) -> Rows:
    known = data.recordings[data.recordings["device"] != ""]
    devices = known.groupby("subject_id")["device"]
    found = devices.nunique()
    return [
        row(
            *("several devices for one subject", data.name, "subject", subject),
            counted(devices.get_group(subject).value_counts()),
        )
        for subject in found.index[found > 1]
    ]


def _rates(data: Inspected) -> Rows:
    if data.recordings["sample_rate"].nunique() < 2:
        return []
    detail = _rate_counts(data.recordings["sample_rate"])
    return [row("several sample rates", data.name, "data set", "", detail)]


def _rates_of_devices(data: Inspected) -> Rows:
    known = data.recordings[data.recordings["device"] != ""]
    return [
        row(
            *("sample rate not tied to device", data.name, "device", device),
            _rate_counts(rates),
        )
        for device, rates in each_group(known["sample_rate"], known["device"])
        if rates.nunique() > 1
    ]


def _rate_counts(rates: pd.Series) -> str:
    counts = rates.value_counts().sort_index()
    return counted(counts.rename(index=hertz)) + " recordings"
