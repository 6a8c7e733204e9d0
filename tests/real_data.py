"""Index tables of the real recordings, where `AUSCULT_REAL_DATA` names their folder."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from pipeline.datasets import load
from pipeline.datasets.index import HashCache, build_index, list_files

FOLDER = Path(os.environ.get("AUSCULT_REAL_DATA", "/nonexistent"))

needs_real_data = pytest.mark.skipif(
    "AUSCULT_REAL_DATA" not in os.environ, reason="AUSCULT_REAL_DATA is not set"
)


@cache
def _tables(dataset: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    folder = FOLDER / dataset
    if dataset == "sprsound":
        return _without_audio(dataset)
    with tempfile.TemporaryDirectory() as place:
        cache_ = HashCache(Path(place) / "hashes")
        index = build_index(load(dataset), folder, list_files(folder), cache_, n_workers=2)
    return index.recordings, index.events


def _without_audio(dataset: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what names and annotations say: 1,949 recordings take too long for a quick test.

    No two of them hold identical audio, so that a digest of the name does as well.
    """
    found = load(dataset).read(FOLDER / dataset, list_files(FOLDER / dataset).paths())
    recordings, events = pd.DataFrame(found.recordings), pd.DataFrame(found.events)
    names = [hashlib.sha256(each.encode()).hexdigest() for each in recordings["recording_id"]]
    ends = events.groupby("recording_id")["end_s"].max()
    duration_s = recordings["recording_id"].map(ends).fillna(10.0)
    return recordings.assign(audio_hash=names, content_hash=names, duration_s=duration_s), events


def real_tables(datasets: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return recordings and events of several data sets."""
    both = [_tables(each) for each in datasets]
    return (
        pd.concat([recordings for recordings, _ in both], ignore_index=True),
        pd.concat([events for _, events in both], ignore_index=True),
    )
