"""Folders on this disk: room in them, what must not be in them, and that they are written down."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from pipeline.errors import DiskTooSmall

#: What stays free on the disk: file systems need some room for their own records.
SPARE_BYTES = 64 << 20


def is_filled(folder: Path) -> bool:
    """Return whether a folder is there and holds anything."""
    try:
        return any(True for _ in folder.iterdir())
    except OSError:
        return False


def require_room(folder: Path, needed: int, what: str) -> None:
    """Raise if a disk has not so many bytes free.

    Raises
    ------
    DiskTooSmall
        It names what is needed and what is free.
    """
    free = shutil.disk_usage(folder).free
    if needed + SPARE_BYTES > free:
        raise DiskTooSmall(
            expected=f"{_megabytes(needed + SPARE_BYTES)} free for '{what}'",
            found=f"{_megabytes(free)} free",
            where=str(folder),
            action="Free some space, or name a folder on a larger disk: --paths-recordings DIR.",
        )


def clear_links(files: Path) -> None:
    """Remove links, through which a copy would write elsewhere."""
    for base, folders, names in os.walk(files):
        for path in (Path(base) / name for name in (*folders, *names)):
            if path.is_symlink():
                path.unlink()


def remove(path: Path) -> None:
    """Remove a file or a folder with all that is in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _megabytes(n: int) -> str:
    return f"{n / 1e6:,.0f} MB"
