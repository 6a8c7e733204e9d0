"""Folders brought to a cluster and back: whole and proved by sha256, or not under their name."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.errors import DiskTooSmall, SourceChanged
from pipeline.remote.leftovers import clear_others
from pipeline.remote.slurm_failure import memory_text
from pipeline.remote.slurm_host import RemoteHost
from pipeline.remote.slurm_layout import (
    BEGUN,
    THERE,
    begin_script,
    finish_script,
    free_bytes_of,
    free_script,
    part_of,
)

#: (size, sha256) by name.
Files = Mapping[str, tuple[int, str]]
#: Called with bytes done, bytes in all, and what they are.
Tell = Callable[[int, int, str], None]

#: How often what differs is brought again.
N_TRIES = 3
#: Stays free on a disk: file systems need some room for their own records.
SPARE_BYTES = 1 << 20


def files_of(folder: Path) -> dict[str, tuple[int, str]]:
    """Return (size, sha256) by name of all files below a folder but the hidden ones.

    Links count as what they point to.
    """
    found = {}
    for base, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for path in (Path(base) / name for name in names if not name.startswith(".")):
            name = path.relative_to(folder).as_posix()
            found[name] = (path.stat().st_size, sha256_of(path))
    return found


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest_of(files: Files) -> str:
    """Return one digest of names and content."""
    text = json.dumps(sorted((name, sha256) for name, (_, sha256) in files.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def differing(wanted: Files, found: Files) -> dict[str, tuple[int, str]]:
    """Return those of `wanted` that are not among `found` with the same content."""
    return {name: facts for name, facts in wanted.items() if found.get(name) != facts}


def n_bytes(files: Files) -> int:
    """Return the bytes of files together."""
    return sum(size for size, _ in files.values())


def put(
    host: RemoteHost,
    source: Path,
    files: Files,
    target: str,
    tell: Tell,
    first: str = "",
    replace: bool = False,
) -> None:
    """Have a folder on the cluster: brought, proved there, and then named.

    Parameters
    ----------
    host : RemoteHost
    source : Path
        Folder here.
    files : mapping
        What of it is wanted (`files_of`).
    target : str
        Folder there. One that is there is taken as it is, unless `replace` says otherwise.
    tell : callable
    first : str
        A command that is run in the folder before it gets its name.
    replace : bool

    Raises
    ------
    DiskTooSmall
        It names host, folder, and what is needed and free.
    SourceChanged
        What arrives is never what was sent.
    """
    part, told = part_of(target), host.shell(begin_script(target, replace))
    if THERE in told.split():
        return
    has_begun = BEGUN in told.split()
    missing = differing(files, (host.listing(part) or {}) if has_begun else {})
    _require_room_there(host, part, n_bytes(missing), free_bytes_of(told))
    for n in range(N_TRIES):
        if missing:
            brought = _telling(tell, n_bytes(missing), f"bytes brought to {host.name}")
            send(host, source, missing, part, n > 0, brought)
            missing = differing(missing, host.listing(part) or {})
    if missing:
        raise _never_the_same(missing, host.shown(part))
    host.shell(finish_script(target, first, replace))


def take(host: RemoteHost, source: str, target: Path, tell: Tell, proof: str) -> bool:
    """Bring a folder of the cluster here; return whether there is one that has the file `proof`.

    Files that came before a cut are used. What differs from what the other side computed of its
    own files, even with equal size and time, is fetched again.

    Raises
    ------
    DiskTooSmall
        Asked before anything comes.
    SourceChanged
        What arrives is never what was sent.
    """
    files = host.listing(source)
    if files is None or proof not in files:
        return False
    part = target.with_name(f".{target.name}.part")
    part.mkdir(parents=True, exist_ok=True)
    missing = differing(files, files_of(part))
    _require_room_here(part, n_bytes(missing))
    for n in range(N_TRIES):
        if missing:
            told = _telling(tell, n_bytes(missing), f"bytes fetched from {host.name}")
            host.fetch(source, sorted(missing), part, n > 0, told)
            missing = differing(missing, files_of(part))
    if missing:
        raise _never_the_same(missing, host.shown(source))
    clear_others(part, files)
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)
    return True


def send(
    host: RemoteHost,
    source: Path,
    files: Files,
    target: str,
    again: bool = True,
    tell: Callable[[int], None] = lambda done: None,
) -> None:
    """Bring files into a folder there; a disk that is full there is said in full."""
    try:
        host.send(source, sorted(files), target, again, tell)
    except DiskTooSmall as error:
        raise _full(host, target, n_bytes(files), error.found) from None


def _require_room_there(host: RemoteHost, folder: str, needed: int, free: int | None) -> None:
    if needed and free is not None and needed + SPARE_BYTES > free:
        raise _full(host, folder, needed, "", free)


def _full(
    host: RemoteHost, folder: str, needed: int, said: str, free: int | None = None
) -> DiskTooSmall:
    if free is None:
        free = free_bytes_of(host.shell(free_script(shlex.quote(folder))))
    told = f"{words_of(free)} free" if free is not None else "a full disk"
    return DiskTooSmall(
        expected=f"room for {words_of(needed)} on the disk of {host.name}",
        found=f"{told}; {said}" if said else told,
        where=host.shown(folder),
        action="Free some space there (a quota counts, too), or name another folder: [cluster] "
        "work_dir, home_dir. Then run the same command again: it goes on where it stopped.",
    )


def _require_room_here(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed + SPARE_BYTES > free:
        raise DiskTooSmall(
            expected=f"room for {words_of(needed)} on this machine's disk",
            found=f"{words_of(free)} free; nothing was fetched yet",
            where=str(folder),
            action="Free some space, then run the same command again: the result is fetched.",
        )


def _telling(tell: Tell, total: int, what: str) -> Callable[[int], None]:
    tell(0, total, what)
    return lambda done: tell(min(done, total), total, what)


def _never_the_same(missing: Files, where: str) -> SourceChanged:
    return SourceChanged(
        expected="files that arrive as they were sent",
        found=f"{len(missing)} that differ, brought {N_TRIES} times; the first: {min(missing)!a}",
        where=where,
        action="See whether something writes there, or whether that disk is damaged, then run the "
        "same command again.",
    )


def words_of(n: int) -> str:
    """Return a number of bytes in words."""
    return memory_text(n / 2**20) if n >= 2**20 else f"{n} bytes"
