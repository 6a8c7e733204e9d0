"""What a growing source still holds as before is taken from its earlier states, not fetched again.

Files of a state are never written to again, so that states may share them by hard links; where the
file system has none, or the state lies on another disk, they are copied. What is taken is proved
like what is fetched, and what then differs is parted from the other state before it is replaced.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.errors import ContractError
from pipeline.sources.disk import require_room
from pipeline.sources.listed import RECORD, Files, n_bytes, read_record
from pipeline.sources.local import Progress

_DATED = r"\d{4}-\d\d-\d\d(T\d{2,6})?"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def earlier_states(folder: Path, dataset: str) -> Iterator[tuple[Path, Files]]:
    """Give folder and listed files of every other dated state of a data set, newest date first.

    A folder without a date has none: it is a state of its own, and its files may be its user's.
    """
    state = re.compile(rf"\.fetch-({re.escape(dataset)}-{_DATED})-[0-9a-f]{{10}}")
    if not re.fullmatch(rf"{re.escape(dataset)}-{_DATED}", folder.name):
        return
    found = (state.fullmatch(name) for name in sorted(os.listdir(folder.parent), reverse=True))
    for name, work in ((match[1], match[0]) for match in found if match):
        path = folder.parent / name
        if path == folder or not path.is_dir():
            continue
        try:
            record = read_record(folder.parent / work / RECORD)
        except ContractError:
            continue  # a note that is damaged only means that more is fetched
        if record is not None:
            yield path, record.files


def take_unchanged(
    wanted: Files, files: Path, states: Iterable[tuple[Path, Files]], progress: Progress
) -> None:
    """Put those of the wanted files that an earlier state lists alike below `files`.

    Parameters
    ----------
    wanted : dict
        FileFacts by name. Only files of known sha256 are taken; a bucket's, which have an md5,
        are left to its own program.
    files : Path
        What is there already is left as it is.
    states : iterable of (Path, dict)
        As of `earlier_states`.
    progress : callable

    Raises
    ------
    DiskTooSmall
        They cannot be linked, and there is not the room for copies.
    """
    rest = {
        name: facts
        for name, facts in wanted.items()
        if facts.sha256 and not facts.md5 and not os.path.lexists(files / name)
    }
    for state, listed in states:
        if not rest:
            return
        same = {name: facts for name, facts in rest.items() if _is_same(name, rest, listed, state)}
        unlinked = {name: facts for name, facts in same.items() if not _link(name, state, files)}
        if unlinked:
            _copy(unlinked, state, files, progress)
        for name in same:
            if os.path.lexists(files / name):
                del rest[name]


def part(names: Iterable[str], files: Path) -> None:
    """Remove those files that another name on the disk shares: they must not be written to."""
    for name in names:
        path = files / name
        if path.is_file() and os.lstat(path).st_nlink > 1:
            path.unlink()


def _is_same(name: str, wanted: Files, listed: Files, state: Path) -> bool:
    facts, path = wanted[name], state / name
    known = listed.get(name)
    if known is None or (known.size, known.sha256) != (facts.size, facts.sha256):
        return False
    return path.is_file() and not path.is_symlink() and path.stat().st_size == facts.size


def _link(name: str, state: Path, files: Path) -> bool:
    try:
        (files / name).parent.mkdir(parents=True, exist_ok=True)
        os.link(state / name, files / name)
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise
        return False
    return True


def _copy(unlinked: Files, state: Path, files: Path, progress: Progress) -> None:
    require_room(files, n_bytes(unlinked), state.name)
    done, total = 0, n_bytes(unlinked)
    for name, facts in unlinked.items():
        try:
            shutil.copy2(state / name, files / name)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise
            continue  # it is fetched, then
        done += facts.size
        progress(done, total, f"bytes copied from {state.name}")
