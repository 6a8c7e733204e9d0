"""The measures of a whole data set: from the cache, or by decoding recordings side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.datasets.side_by_side import side_by_side
from pipeline.inspection.cache import AudioFile, Measured, MeasuresCache, stacked, unstacked
from pipeline.inspection.measures import Measures, Pictured, measure_recording

Progress = Callable[[int, int, str], None]
MEASURE_COLUMNS = ("recording_id", *Measures().row())
_TEXTS = ("recording_id", "subtype", "suffix", "header_defect", "problem", "detail")


def measure_all(
    folder: Path,
    files: Iterable[AudioFile],
    cache: MeasuresCache,
    n_workers: int = 1,
    progress: Progress | None = None,
) -> dict[str, Measured]:
    """Return {path: measures}, decoding only what the cache does not know.

    Parameters
    ----------
    folder : Path
        What the paths are relative to.
    files : iterable of AudioFile
    cache : MeasuresCache
        Is added to and saved.
    n_workers : int
        Recordings decoded at a time.
    progress : callable, optional
        Called with (number done, number of all, message).
    """
    listed = list(files)
    cache.keep_only({file.path for file in listed})
    found = {file.path: kept for file in listed if (kept := cache.get(file))}
    wanted = [file for file in listed if file.path not in found]

    def measure(file: AudioFile) -> Measured:
        return measure_recording(folder / file.path)

    for file, measured in side_by_side(measure, wanted, n_workers, cache.save):
        found[file.path] = measured
        cache.put(file, measured)
        if progress:
            progress(len(found), len(listed), "measuring recordings")
    return found


def write_measures(
    folder: Path, recordings: pd.DataFrame, measured: dict[str, Measured]
) -> dict[str, int]:
    """Write measures.csv and pictures.npz, in the order of `recordings`; return counts.

    Parameters
    ----------
    recordings : DataFrame
        The index's, with columns recording_id and path.
    measured : dict
        As `measure_all` returns them.
    """
    found = [measured[path] for path in recordings["path"]]
    rows = [
        {"recording_id": name, **one.row()}
        for name, (one, _) in zip(recordings["recording_id"], found, strict=True)
    ]
    table = pd.DataFrame(rows, columns=list(MEASURE_COLUMNS))
    table.to_csv(folder / "measures.csv", index=False, lineterminator="\n", encoding="utf-8")
    arrays: dict[str, Any] = stacked([pictured for _, pictured in found])
    np.savez(folder / "pictures.npz", **arrays)
    return {"n_recordings": len(table), "n_unreadable": int((table["problem"] != "").sum())}


def read_measures(folder: Path) -> tuple[pd.DataFrame, list[Pictured]]:
    """Return what `write_measures` wrote."""
    texts = dict.fromkeys(_TEXTS, str)
    table = pd.read_csv(
        folder / "measures.csv", dtype=texts, keep_default_na=False, encoding="utf-8"
    )
    with np.load(folder / "pictures.npz", allow_pickle=False) as archive:
        return table, unstacked(dict(archive))
