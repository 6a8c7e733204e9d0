"""Small inspected data sets: tables written down, sounds made and really measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from pipeline.datasets.description import event_row, recording_row
from pipeline.datasets.tables import EVENT_COLUMNS, EXCLUDED_COLUMNS
from pipeline.inspection.findings import find_all
from pipeline.inspection.inspected import Inspected
from pipeline.inspection.measures import Measures, Pictured, measure_recording

RATE = 8000


def breath(seed: int = 0, rate: int = RATE, duration_s: float = 6.0, level: float = 0.1):
    """Return a clean sound: noise below 1 kHz that swells and fades, over a faint floor."""
    rng = np.random.default_rng(seed)
    n = round(rate * duration_s)
    spectrum = np.fft.rfft(rng.standard_normal(n))
    frequencies = np.fft.rfftfreq(n, 1 / rate)
    sound = np.fft.irfft(spectrum * (frequencies < 1000), n)
    sound *= 0.6 + 0.4 * np.sin(2 * np.pi * 0.4 * np.arange(n) / rate)
    return level * sound / sound.std() + 1e-4 * rng.standard_normal(n)


def rows_of(name: str = "made", n: int = 4, level: str = "event", **columns) -> pd.DataFrame:
    """Return a recordings table: each recording a subject of its own, nothing odd about it.

    A list as the value of a column gives a value to each recording.
    """
    rows = []
    for i in range(n):
        own = {key: one[i] if isinstance(one, list) else one for key, one in columns.items()}
        subject = str(own.pop("subject", i))
        known = {"age": 50.0, "sex": "F", "device": "Mic", **own}
        row = recording_row(name, subject, f"r{i}.wav", f"r{i}", level, **known)
        hashes = {"audio_hash": f"a{i}", "content_hash": f"c{i}"}
        length = {"sample_rate": RATE, "n_samples": 6 * RATE, "duration_s": 6.0}
        rows.append({**hashes, **length, **row})
    return pd.DataFrame(rows).astype({"age": float})


def cycles(recordings: pd.DataFrame, kind: str = "normal") -> pd.DataFrame:
    """Return three events per recording that follow each other to its end."""
    rows = [
        event_row(name, 2.0 * k, 2.0 * (k + 1), kind)
        for name in recordings["recording_id"]
        for k in range(3)
    ]
    return events_of(rows)


def events_of(rows: list[dict]) -> pd.DataFrame:
    """Return an events table."""
    table = pd.DataFrame(rows, columns=list(EVENT_COLUMNS))
    return table.astype({"start_s": float, "end_s": float, "type": str, "weak": int})


def inspected(
    recordings: pd.DataFrame,
    events: pd.DataFrame | None = None,
    excluded: list[dict] | None = None,
    measures: Mapping[int, dict] | None = None,
    **known,
) -> Inspected:
    """Return a data set of these tables; measures are clean but where they are given."""
    clean = {
        "peak": 0.5,
        "rms_db": -20.0,
        "bandwidth_hz": 1000.0,
        "subtype": "PCM_16",
        "suffix": ".wav",
        "n_channels": 1,
    }
    rows = []
    for i, one in enumerate(recordings.to_dict("records")):
        same = {"sample_rate": 4000, "n_samples": one["n_samples"]}
        row = Measures(**{**clean, **same, **(measures or {}).get(i, {})}).row()
        rows.append({"recording_id": one["recording_id"], **row})
    return Inspected(
        **{
            "name": recordings["dataset"][0],
            "title": "Made for tests",
            "licence": "none",
            "recordings": recordings,
            "events": cycles(recordings) if events is None else events,
            "excluded": pd.DataFrame(excluded or [], columns=list(EXCLUDED_COLUMNS)),
            "measures": pd.DataFrame(rows),
            "pictured": [Pictured() for _ in rows],
            "classes": {"type": ()},
            **known,
        }
    )


def heard(
    folder: Path, sounds: list[np.ndarray], rate: int = RATE, subtype: str = "PCM_16"
) -> Inspected:
    """Return a data set whose measures were taken of these sounds, written as .wav."""
    recordings = rows_of(n=len(sounds), sample_rate=rate)
    found = []
    for path, sound in zip(recordings["path"], sounds, strict=True):
        soundfile.write(folder / path, sound, rate, subtype=subtype)
        found.append(measure_recording(folder / path))
    table = pd.DataFrame([one.row() for one, _ in found])
    table.insert(0, "recording_id", recordings["recording_id"])
    data = inspected(recordings)
    return Inspected(
        **{**vars(data), "measures": table, "pictured": [pictured for _, pictured in found]}
    )


def told(*data) -> dict[str, list[tuple[str, str]]]:
    """Return the findings of data sets: words -> (what is concerned, detail)."""
    found = {}
    for row in find_all(data).itertuples():
        found.setdefault(row.finding, []).append((row.which, row.detail))
    return found
