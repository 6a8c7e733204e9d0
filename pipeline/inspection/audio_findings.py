"""Findings on the sound itself: clipping, silence, DC offset, bandwidth, headers."""

from __future__ import annotations

import pandas as pd

from pipeline.inspection.inspected import Inspected
from pipeline.inspection.iterating import each_group, each_row
from pipeline.inspection.kinds import row
from pipeline.inspection.wording import examples, hertz, percent

Rows = list[dict[str, str]]

CLIPPED_SHARE, SLIGHTLY_CLIPPED_SHARE = 0.01, 0.001
SILENT_SHARE, SHORT_SILENCE_SHARE = 0.1, 0.01
LARGE_DC_TO_RMS, DC_TO_RMS = 0.5, 0.1
#: Below it (full scale = 1) an offset is a rounding, however quiet the recording.
MIN_DC = 0.002
NARROW_HZ = 500.0
#: A sample rate is above its content where so little of the half of it is in use.
UNUSED_BELOW = 0.25


def find(data: Inspected) -> Rows:
    """Return what is wrong with the sound of a data set's recordings."""
    table = data.measured()
    readable = table[table["problem"] == ""]
    return [
        *_unreadable(data.name, table),
        *_clipped(data.name, readable),
        *_silent(data.name, readable),
        *_offset(data.name, readable),
        *_narrow(data.name, readable),
        *_oversampled(data.name, readable),
        *_headers(data.name, readable),
        *_channels(data.name, readable),
    ]


def _unreadable(name: str, table: pd.DataFrame) -> Rows:
    return [
        row("recording cannot be read", name, "recording", one.recording_id, one.detail)
        for one in each_row(table[table["problem"] != ""])
    ]


def _clipped(name: str, table: pd.DataFrame) -> Rows:
    found = table[table["clipped_share"] >= SLIGHTLY_CLIPPED_SHARE]
    rows = []
    for one in each_row(found.sort_values("clipped_share", ascending=False)):
        kind = "clipped" if one.clipped_share >= CLIPPED_SHARE else "slightly clipped"
        detail = f"{percent(one.clipped_share)} of the samples, peak {one.peak:.3f} of full scale"
        rows.append(row(kind, name, "recording", one.recording_id, detail))
    return rows


def _silent(name: str, table: pd.DataFrame) -> Rows:
    found = table[table["silent_share"] >= SHORT_SILENCE_SHARE]
    rows = []
    for one in each_row(found.sort_values("silent_share", ascending=False)):
        kind = "silent in part" if one.silent_share >= SILENT_SHARE else "short silence"
        detail = f"{percent(one.silent_share)} of {one.duration_s:.1f} s"
        rows.append(row(kind, name, "recording", one.recording_id, detail))
    return rows


def _offset(name: str, table: pd.DataFrame) -> Rows:
    is_offset = (table["dc_to_rms"] >= DC_TO_RMS) & (table["dc_offset"].abs() >= MIN_DC)
    rows = []
    for one in each_row(table[is_offset].sort_values("dc_to_rms", ascending=False)):
        kind = "large DC offset" if one.dc_to_rms >= LARGE_DC_TO_RMS else "DC offset"
        detail = f"{one.dc_offset:+.3f} of full scale, {one.dc_to_rms:.2f} of the rms"
        rows.append(row(kind, name, "recording", one.recording_id, detail))
    return rows


def _narrow(name: str, table: pd.DataFrame) -> Rows:
    found = table[table["bandwidth_hz"] <= NARROW_HZ].sort_values("bandwidth_hz")
    return [
        row(
            *("narrow bandwidth", name, "recording", one.recording_id),
            f"nothing above {hertz(one.bandwidth_hz)} at {hertz(one.sample_rate)} sample rate",
        )
        for one in each_row(found)
    ]


def _oversampled(name: str, table: pd.DataFrame) -> Rows:
    rows = []
    for (rate, device), group in each_group(table, ["sample_rate", "device"]):
        found = group[group["bandwidth_hz"] <= UNUSED_BELOW * rate / 2].sort_values("bandwidth_hz")
        if found.empty:
            continue
        first = found.iloc[0]
        detail = (
            f"{len(found)} of {len(group)} recordings use less than a quarter of "
            f"{hertz(rate / 2)}: half of them nothing above "
            f"{hertz(found['bandwidth_hz'].median())}, "
            f"{first.recording_id} nothing above {hertz(first.bandwidth_hz)}"
        )
        which = f"{hertz(rate)}, {device}" if device else hertz(rate)
        rows.append(row("sample rate above content", name, "device", which, detail))
    return rows


def _headers(name: str, table: pd.DataFrame) -> Rows:
    rows = []
    wrong = table[table["header_defect"] != ""]
    for (suffix, defect), group in each_group(wrong, ["suffix", "header_defect"]):
        n_all = (table["suffix"] == suffix).sum()
        detail = f"{len(group)} of {n_all} {suffix} files: {defect}, e.g. {examples(group)}"
        rows.append(row("header repaired", name, "data set", suffix, detail))
    return rows


def _channels(name: str, table: pd.DataFrame) -> Rows:
    return [
        row(
            *("several channels", name, "data set", f"{n_channels} channels"),
            f"{len(group)} of {len(table)} recordings, e.g. {examples(group)}",
        )
        for n_channels, group in each_group(table[table["n_channels"] > 1], "n_channels")
    ]
