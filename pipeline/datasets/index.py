"""Index of a data set: what its adapter read, joined with what its recordings really hold."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from pipeline.audio.check import RecordingFacts
from pipeline.datasets import is_own_folder
from pipeline.datasets.cache import HashCache
from pipeline.datasets.description import DataSet, Row, exclusion
from pipeline.datasets.facts import Progress, gather_facts
from pipeline.datasets.files import FORMAT_NOT_READ
from pipeline.datasets.listing import Listing, list_files, require_unchanged
from pipeline.datasets.tables import IndexTables, make_tables, usable_events, write_index
from pipeline.errors import RecordingsMissing

__all__ = ["HashCache", "IndexTables", "Listing", "build_index", "list_files", "write_index"]


def build_index(
    dataset: DataSet,
    folder: Path,
    listing: Listing,
    cache: HashCache,
    n_workers: int = 1,
    progress: Progress | None = None,
) -> IndexTables:
    """Return the index of the data set that lies in a folder; nothing there is written to.

    Parameters
    ----------
    dataset : DataSet
    folder : Path
        The data set's own folder.
    listing : Listing
        What `list_files(folder)` found at the start of the run.
    cache : HashCache
        Knows the recordings decoded before; is added to and saved.
    n_workers : int
        Recordings decoded at a time.
    progress : callable, optional
        Called with (number done, number of all, message).

    Raises
    ------
    RecordingsMissing
        No recording can be used.
    RecordingsChanged
        A listed file was changed or removed meanwhile.
    AnnotationError
        A metadata file cannot be understood.
    """
    annotations = dataset.read(folder, listing.paths())
    rows, excluded = _one_per_id(annotations.recordings)
    by_path = listing.by_path()
    entries = [by_path[row["path"]] for row in rows]
    cache.forget_others(folder, set(by_path))
    facts = gather_facts(folder, entries, cache, n_workers, progress)
    recordings, broken = _with_facts(rows, facts)
    excluded = annotations.excluded + excluded + broken
    # After reading: whatever changed on the way is in this state or the last, never in between.
    require_unchanged(folder, listing)
    if not recordings:
        raise _nothing_usable(dataset, folder, listing, excluded)
    by_id = {row["recording_id"]: row for row in recordings}
    events, faults = usable_events(annotations.events, by_id)
    return make_tables(recordings, events, excluded + faults)


def _one_per_id(rows: list[Row]) -> tuple[list[Row], list[Row]]:
    kept: dict[str, Row] = {}
    excluded = []
    for row in rows:
        recording_id = row["recording_id"]
        if recording_id in kept:
            detail = f"{kept[recording_id]['path']} is used"
            where = (row["path"], recording_id, "recording")
            excluded.append(exclusion(*where, "duplicate name", detail))
        else:
            kept[recording_id] = row
    return list(kept.values()), excluded


def _with_facts(rows: list[Row], facts: dict[str, RecordingFacts]) -> tuple[list[Row], list[Row]]:
    kept, excluded = [], []
    for row in rows:
        found = facts[row["path"]]
        if found.problem:
            where = (row["path"], row["recording_id"], "recording", found.problem)
            excluded.append(exclusion(*where, found.detail))
            continue
        names = ("audio_hash", "content_hash", "sample_rate", "n_samples", "duration_s")
        kept.append({**row, **{name: getattr(found, name) for name in names}})
    return kept, excluded


def _nothing_usable(
    dataset: DataSet, folder: Path, listing: Listing, excluded: list[Row]
) -> RecordingsMissing:
    found = listing.counts()
    reasons = Counter(row["reason"] for row in excluded if row["what"] == "recording")
    if reasons:
        left_out = ", ".join(f"{reason} {n}" for reason, n in sorted(reasons.items()))
        found += f"; recordings left out: {left_out}"
    return RecordingsMissing(
        expected=dataset.layout,
        found=found,
        where=str(folder),
        action=_what_to_do(dataset, set(reasons)),
    )


def _what_to_do(dataset: DataSet, reasons: set[str]) -> str:
    if reasons == {FORMAT_NOT_READ}:
        return "convert the recordings to .wav or .flac"
    name = dataset.name
    elsewhere = f"name with --paths-recordings the folder that holds {name}/"
    if is_own_folder(name):
        named = "name your folder with --paths-folder, or " if name == "folder" else ""
        return f"put your recordings there, or {named}{elsewhere}"
    source = f" (from {dataset.homepage})" if dataset.homepage else ""
    return f"put the recordings of {name}{source} there, or {elsewhere}"
