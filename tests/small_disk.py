"""A disk of a few megabytes under a folder, and what a source looks like to the last detail."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


class SmallDisk:
    """A file system of its own at `folder`."""

    def __init__(self, folder: Path, size: str = "1m"):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        words = ["mount", "-t", "tmpfs", "-o", f"size={size}", "auscult-test", str(folder)]
        try:
            made = subprocess.run(words, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            pytest.skip("mounting a small disk is not permitted here: there is no program mount")
        if made.returncode:
            pytest.skip(f"mounting a small disk is not permitted here: {made.stderr.strip()}")

    def resize(self, n_bytes: int) -> None:
        """Give it room for so many bytes."""
        words = ["mount", "-o", f"remount,size={n_bytes}", str(self.folder)]
        subprocess.run(words, check=True)

    def fill(self) -> None:
        """Leave no byte free."""
        with open(self.folder / ".filling", "wb", buffering=0) as stream:
            try:
                while stream.write(bytes(1 << 12)):
                    pass
            except OSError:
                return

    def unmount(self) -> None:
        """Take it away, with all that is in it."""
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)


@pytest.fixture
def small_disk() -> Iterator:
    """A function that puts a small disk under a folder."""
    mounted = []

    def mount(folder: Path, size: str = "1m") -> SmallDisk:
        mounted.append(SmallDisk(folder, size))
        return mounted[-1]

    yield mount
    for disk in mounted:
        disk.unmount()


def state_of(folder: Path) -> dict[str, tuple]:
    """Return what changes when anything at all is written below a folder."""
    found = {}
    for path in [folder, *folder.rglob("*")]:
        status = path.lstat()
        times = (status.st_mtime_ns, status.st_ctime_ns)
        found[str(path)] = (status.st_ino, status.st_size, status.st_mode, *times)
    return found
