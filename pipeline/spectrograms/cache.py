"""Fills the spectrogram store with what is missing in it, in parallel processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from frontend.settings import SpectrogramSettings
from pipeline.errors import RecordingsMissing
from pipeline.processes import results_of
from pipeline.spectrograms.pack import Pack, write_pack
from pipeline.spectrograms.store import (
    Compute,
    Job,
    clear_leftovers,
    do_job,
    is_whole,
    make_folders,
    settings_folder,
    store_path,
    write_log_mel,
)

__all__ = ["Pack", "fill_store", "store_path", "write_pack"]

Progress = Callable[[int, int, str], None]
# Starting a worker process costs about as much as this many short recordings, or these bytes.
_RECORDINGS_WORTH_A_PROCESS = 64
_BYTES_WORTH_A_PROCESS = 1 << 26


def fill_store(
    recordings: pd.DataFrame,
    folder: Path,
    store: Path,
    settings: Mapping[str, Any],
    n_workers: int,
    progress: Progress | None = None,
    compute: Compute = write_log_mel,
) -> int:
    """Compute the spectrograms that the store lacks; return how many that were.

    Parameters
    ----------
    recordings : DataFrame
        Columns audio_hash and path (relative to `folder`); several rows may share a hash.
    folder : Path
        The data set's folder; only read.
    store : Path
    settings : mapping
        The section ``[spectrogram]``.
    n_workers : int
        Processes at most; with 1, or with little to do, this process does it all.
    compute : callable
        ``compute(recording, settings, open file) -> audio_hash``, once per missing file. Has to
        be a module's own function when there are several workers.

    Raises
    ------
    RecordingsMissing
        A recording is not there.
    RecordingsChanged
        A recording is not the one that the index saw.
    """
    jobs = _missing(recordings, Path(folder), Path(store), settings)
    if not jobs:
        return 0
    clear_leftovers(settings_folder(Path(store), settings))
    make_folders(jobs)
    work = partial(do_job, settings=SpectrogramSettings.from_dict(settings), compute=compute)
    with results_of(work, jobs, min(n_workers, _n_worthwhile(jobs))) as results:
        for done, _ in enumerate(results, start=1):
            if progress:
                progress(done, len(jobs), "spectrograms")
    return len(jobs)


def _missing(
    recordings: pd.DataFrame, folder: Path, store: Path, settings: Mapping[str, Any]
) -> list[Job]:
    """Return what is to be computed, the largest files first, so that no worker ends late."""
    sized = []
    for row in recordings.drop_duplicates("audio_hash").itertuples():
        target = store_path(store, settings, str(row.audio_hash))
        if not is_whole(target, settings["n_mels"]):
            source = folder / str(row.path)
            sized.append((_size(source), Job(source, str(row.audio_hash), target)))
    return [job for _, job in sorted(sized, key=lambda pair: (-pair[0], pair[1].audio_hash))]


def _size(source: Path) -> int:
    try:
        return source.stat().st_size
    except OSError as error:
        raise RecordingsMissing(
            expected="a recording that the index lists",
            found=error.strerror or "nothing",
            where=str(source),
            action="Put it back, or run again to index what is there now.",
        ) from error


def _n_worthwhile(jobs: list[Job]) -> int:
    n_bytes = sum(_size(job.source) for job in jobs)
    return max(len(jobs) // _RECORDINGS_WORTH_A_PROCESS, n_bytes // _BYTES_WORTH_A_PROCESS)
