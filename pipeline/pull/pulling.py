"""The files of a model, brought into a folder that stays until all of them are there and proved."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from pipeline.contract import MANIFEST, sha256_of
from pipeline.errors import ContractError, DiskTooSmall
from pipeline.pull.claim import Claim, read_claim
from pipeline.pull.contents import check_described, differing, n_bytes_to_come
from pipeline.remote.leftovers import clear_others

logger = logging.getLogger("luigi-interface")

#: Bytes that stay free: directories and the file system's own records need some, too.
SPARE_BYTES = 1 << 20


class Transfer(Protocol):
    """What brings files here."""

    @property
    def shown(self) -> str:
        """The source as it may stand in a log or an error."""

    def fetch(self, names: Sequence[str], folder: Path, by_checksum: bool = False) -> None:
        """Bring the named files into `folder`; what is there in its full size and time stays.

        With `by_checksum` the bytes decide instead. What came before a cut is used again.
        """


def fetch_claim(transfer: Transfer, folder: Path) -> Claim:
    """Fetch the manifest into `folder`, in place of an earlier one, and return what it claims."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).unlink(missing_ok=True)  # it is small, and may be another one by now
    transfer.fetch([MANIFEST], folder)
    return read_claim(folder, transfer.shown)


def fetch_files(
    transfer: Transfer,
    folder: Path,
    claim: Claim,
    free_bytes: Callable[[Path], int] | None = None,
) -> None:
    """Fetch all files of a model into `folder`, and prove them.

    Afterwards `folder` holds the claimed files and the manifest, and nothing else.

    Raises
    ------
    RemoteError
        The disk is too small (asked before), or the connection failed; what has come is kept.
    ContractError
        A file differs from its checksum even after it was fetched once more, or the files tell
        of another training than the manifest.
    """
    refuse_too_large(folder, n_bytes_to_come(folder, claim.files), free_bytes)
    names = sorted(claim.files)
    transfer.fetch(names, folder)
    bad = differing(folder, claim.files)
    if bad:
        logger.warning("%d file(s) differ from their sha256 and are fetched again: %s", *_some(bad))
        transfer.fetch(bad, folder, by_checksum=True)
        _refuse_bad(folder, claim, differing(folder, claim.files), transfer.shown)
    check_described(folder, claim, transfer.shown)
    clear_others(folder, {*names, MANIFEST})


def refuse_too_large(
    folder: Path, n_bytes: int, free_bytes: Callable[[Path], int] | None = None
) -> None:
    """Raise where `n_bytes` and a little more do not fit on the disk of `folder`."""
    free = (free_bytes or _free)(folder)
    if n_bytes + SPARE_BYTES > free:
        raise DiskTooSmall(
            expected=f"disk space for {in_words(n_bytes)} and {in_words(SPARE_BYTES)} to spare",
            found=f"{in_words(free)} free; nothing was fetched yet",
            where=str(folder.parent),
            action="Free some space (or set [paths] data in luigi.cfg to a larger disk), then run "
            "the same command again.",
        )


def in_words(n_bytes: int) -> str:
    """Return a number of bytes for a reader, such as ``9.7 MB``."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= size:
            return f"{n_bytes / size:.1f} {unit}"
    return f"{n_bytes} bytes"


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def _some(names: Sequence[str], n: int = 3) -> tuple[int, str]:
    return len(names), ", ".join(names[:n]) + (", ..." if len(names) > n else "")


def _refuse_bad(folder: Path, claim: Claim, bad: Sequence[str], where: str) -> None:
    if not bad:
        return
    path, facts = folder / bad[0], claim.files[bad[0]]
    raise ContractError(
        expected=f"{bad[0]} with {_state(facts['size'], facts['sha256'])}",
        found=_state_of(path) + f", also after fetching it again ({len(bad)} such file(s))",
        where=where,
        action="The files at the source are not those of its manifest: the model there was changed "
        "or is damaged. Pull it from another copy, or train it anew.",
    )


def _state(size: Any, sha256: str) -> str:
    return f"{size} bytes, sha256 {sha256}"


def _state_of(path: Path) -> str:
    return _state(path.stat().st_size, sha256_of(path)) if path.is_file() else "no such file"
