"""Names that a user may have meant: the last part of one, another suffix, or a misspelling."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import PurePosixPath

_SHOWN = 3


def did_you_mean(typed: str, known: Iterable[str]) -> str:
    """Return " (did you mean ...?)" with the names that are near, or "".

    A bare `101` is near `icbhi/101`, a bare file name near its path.
    """
    names = sorted(set(known))
    meant = _levelled(typed)
    near = [name for name in names if _levelled(name) == meant]
    near = near or [name for name in names if _levelled(name).rpartition("/")[2] == meant]
    near = near or [name for name in names if _levelled(name).endswith(f"/{meant}")]
    last = meant.rpartition("/")[2]
    near = near or [name for name in names if _levelled(name).rpartition("/")[2] == last]
    near = near or get_close_matches(typed, names, n=1, cutoff=0.8)
    if not near:
        return ""
    shown = " or ".join(repr(name) for name in near[:_SHOWN])
    return f" (did you mean {shown}?)"


def _levelled(name: str) -> str:
    path = str(PurePosixPath(name.replace("\\", "/").strip().casefold()))
    return path.removesuffix(".wav").removesuffix(".flac")
