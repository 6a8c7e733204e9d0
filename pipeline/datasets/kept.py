"""Files that only save time: where they lie, and how they are written."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

logger = logging.getLogger(__name__)


def cache_path(place: Path, dataset: str, source: Path, ending: str) -> Path:
    """Return the file, in the folder `place`, of a data set that lies in `source`."""
    digest = hashlib.sha256(str(source.resolve()).encode("utf-8", "surrogateescape"))
    return place / f"{dataset}-{digest.hexdigest()[:8]}{ending}"


def replace_file(path: Path, write: Callable[[IO[bytes]], object]) -> bool:
    """Write a file by one rename and return whether that went well; a full disk only warns."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "wb") as stream:
            write(stream)
        os.replace(temporary, path)
    except OSError as error:
        logger.warning("%s could not be written (%s)", path, error.strerror)
        with suppress(OSError):
            temporary.unlink()
        return False
    return True
