"""What interrupted transfers left in a folder beside what belongs there."""

from __future__ import annotations

import os
from collections.abc import Container
from pathlib import Path


def clear_others(folder: Path, wanted: Container[str]) -> None:
    """Remove every file below `folder` that is not wanted, then the folders that are empty.

    Parameters
    ----------
    wanted : container of str
        Posix paths relative to `folder`.
    """
    for base, folders, names in os.walk(folder, topdown=False):
        for path in (Path(base) / name for name in names):
            if path.relative_to(folder).as_posix() not in wanted:
                path.unlink()
        for path in (Path(base) / name for name in folders):
            if not path.is_symlink() and not any(path.iterdir()):
                path.rmdir()
