"""Brings a data set from elsewhere: listed once, resumed, proved file by file, one rename.

::

    01_recordings/.fetch-icbhi-3f2a91c04b/source.json   what the source held at first; kept
    01_recordings/.fetch-icbhi-3f2a91c04b/files/        what has arrived so far
    01_recordings/icbhi/                                all of it, or nothing
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from pipeline.errors import DiskTooSmall, NoSuchPath, SourceChanged
from pipeline.flushing import flush_files, flush_names
from pipeline.remote.leftovers import clear_others
from pipeline.sources.disk import (
    clear_links,
    is_filled,
    remove,
    require_room,
)
from pipeline.sources.linked import earlier_states, part, take_unchanged
from pipeline.sources.listed import (
    RECORD,
    FileFacts,
    Files,
    SourceRecord,
    check_names,
    digest_of,
    is_as_listed,
    n_bytes,
    read_record,
)
from pipeline.sources.local import Progress
from pipeline.targets import locked

#: How often what differs is fetched again before the source is said to have changed.
N_TRIES = 3


@dataclass(frozen=True)
class Order:
    """What an origin is to bring.

    Attributes
    ----------
    wanted : dict
        FileFacts by name: what is not there yet, or not as it was listed.
    record : SourceRecord
        All that was listed.
    work : Path
        The stable folder.
    again : bool
        The wanted files came before, but were not as listed: size and time prove nothing.
    """

    wanted: Files
    record: SourceRecord
    work: Path
    again: bool = False

    @property
    def folder(self) -> Path:
        """Folder that the files are to be put into."""
        return self.work / "files"


class Origin(Protocol):
    """One kind of place that files come from."""

    @property
    def shown(self) -> str:
        """The address as it may stand in a log or an error."""

    @property
    def identity(self) -> str:
        """What tells one source from another: the address without pins and options."""

    def listing(self, work: Path, known: SourceRecord | None, progress: Progress) -> SourceRecord:
        """Return what the source holds; `known` is what it held at another time, if ever."""

    def stands_by(self, record: SourceRecord) -> bool:
        """Return whether what was noted is still what the user asks for."""

    def bring(self, order: Order, progress: Progress) -> None:
        """Bring the wanted files into the order's folder."""


@dataclass(frozen=True)
class RemoteSource:
    """A data set that is fetched to where it is looked for.

    Attributes
    ----------
    folder : Path
        Final name: ``01_recordings/<data set>`` or ``01_recordings/<data set>-<date>``.
    dataset : str
    origin : Origin
    """

    folder: Path
    dataset: str
    origin: Origin

    @property
    def work(self) -> Path:
        """Stable folder for what is under way, beside the final one."""
        digest = hashlib.sha256(self.origin.identity.encode()).hexdigest()[:10]
        return self.folder.parent / f".fetch-{self.folder.name}-{digest}"

    def present(self) -> bool:
        """Return whether the data set is there; it appears whole or not at all."""
        return is_filled(self.folder)

    def fetch(self, progress: Progress) -> None:
        """Bring the data set about; what a killed fetch left is used.

        Raises
        ------
        RemoteError
            Of the class that says what went wrong.
        """
        try:
            with locked(self.work / "lock", self.folder.name):
                if not self.present():
                    self._fetch(progress)
        except OSError as error:
            raise self._disk_error(error) from error

    def _fetch(self, progress: Progress) -> None:
        record = self._listed(progress)
        files = self.work / "files"
        files.mkdir(exist_ok=True)
        clear_links(files)
        earlier = earlier_states(self.folder, self.dataset)
        take_unchanged(record.files, files, earlier, progress)
        missing = self._differing(record.files, files, progress)
        part(missing, files)
        require_room(self.work, n_bytes(missing) - _n_bytes_arrived(files, missing), self.dataset)
        for n in range(N_TRIES):
            if missing:
                self.origin.bring(Order(missing, record, self.work, n > 0), progress)
                missing = self._differing(missing, files, progress)
        if missing:
            raise self._changed(record, missing)
        clear_others(files, record.files)
        self._note_checksums(record, files)
        flush_files(files)
        if self.folder.is_dir():
            self.folder.rmdir()  # empty, or it would have been taken for the data set
        os.rename(files, self.folder)
        flush_names(self.folder.parent)
        for name in os.listdir(self.work):
            if name not in (RECORD, "lock"):
                remove(self.work / name)

    def _listed(self, progress: Progress) -> SourceRecord:
        record = read_record(self.work / RECORD)
        if record is None or not self.origin.stands_by(record):
            record = self.origin.listing(self.work, self._earlier(), progress)
            check_names(record.files, self.origin.shown)
            if not record.files:
                raise NoSuchPath(
                    expected=f"the recordings of '{self.dataset}'",
                    found="no files",
                    where=self.origin.shown,
                    action="Compare the path of the source with what lies there.",
                )
            record = replace(record, dataset=self.dataset, source=self.origin.shown)
            record.write(self.work / RECORD)
        return record

    def _earlier(self) -> SourceRecord | None:
        """Return what was noted of this very source for another date, if there is such a note."""
        digest = self.work.name.rpartition("-")[2]
        places = sorted(self.folder.parent.glob(f".fetch-*-{digest}/{RECORD}"))
        return read_record(places[-1]) if places else None

    def _differing(self, wanted: Files, files: Path, progress: Progress) -> Files:
        """Return those files that are not there as they were listed."""
        report = counting(progress, n_bytes(wanted), f"{self.dataset}: bytes compared")
        return {
            name: facts
            for name, facts in wanted.items()
            if not is_as_listed(files / name, facts, report)
        }

    def _note_checksums(self, record: SourceRecord, files: Path) -> None:
        """Complete the record where the source gave no sha256."""
        known = dict(record.files)
        for name, facts in record.files.items():
            if not facts.sha256:
                known[name] = replace(facts, sha256=digest_of(files / name, "sha256"))
        if known != record.files:
            replace(record, files=known).write(self.work / RECORD)

    def _changed(self, record: SourceRecord, missing: Mapping[str, FileFacts]) -> SourceChanged:
        name = min(missing)
        return SourceChanged(
            expected=f"the {len(record.files)} files that the source held on {record.listed}",
            found=f"{len(missing)} of them missing or of other content, fetched {N_TRIES} times; "
            f"the first: {name!a}",
            where=self.origin.shown,
            action="Where the source was changed since, remove "
            f"{self.work.name}/{RECORD} in {self.folder.parent}: it is then listed anew.",
        )

    def _disk_error(self, error: OSError) -> Exception:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return error
        return DiskTooSmall(
            expected=f"room for '{self.dataset}'",
            found=error.strerror or "a full disk",
            where=str(self.work),
            action="Free some space, then run the same command again: it goes on where it stopped.",
        )


def counting(progress: Progress, total: int, message: str) -> Callable[[int], None]:
    """Return a function that takes further bytes and tells `progress` how many there are."""
    done = 0

    def add(n: int) -> None:
        nonlocal done
        done += n
        progress(min(done, total), total, message)

    return add


def _n_bytes_arrived(files: Path, missing: Mapping[str, FileFacts]) -> int:
    """Return the bytes of `missing` that are overwritten, not added, when they come."""
    sizes = (os.stat(files / name).st_size for name in missing if (files / name).is_file())
    return sum(sizes)
