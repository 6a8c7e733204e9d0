"""WAV headers read before decoding: truncation and the defect that other readers pass over."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from frontend.errors import RecordingError

_PCM, _EXTENSIBLE = 0x0001, 0xFFFE
_DIRECTLY_READ_BITS = (16, 24)


@dataclass(frozen=True)
class PcmLayout:
    """Where the samples of a plain 16 or 24 bit WAV lie.

    The width of one sample of all channels follows from `n_channels` and `bits`, not from the
    header's nBlockAlign, which is wrong in every SPRSound file (4 where one channel of 16 bit
    makes 2).
    """

    start: int
    n_samples: int
    sample_rate: int
    n_channels: int
    bits: int

    @property
    def bytes_per_sample(self) -> int:
        """Bytes that one sample of all channels takes."""
        return self.n_channels * self.bits // 8


def pcm_layout(file: BinaryIO, path: str | Path) -> PcmLayout | None:
    """Return the layout of a plain PCM WAV of 16 or 24 bit, or None for anything else.

    Raises
    ------
    RecordingError
        The file is empty, or a WAV that ends before the audio its header declares.
    """
    n_bytes = os.fstat(file.fileno()).st_size
    if n_bytes == 0:
        raise RecordingError(path, "empty file", "it is an empty file of 0 bytes.")
    chunks = {name: (start, size) for name, start, size in _riff_chunks(file, n_bytes)}
    if not chunks:
        return None
    if b"data" not in chunks:
        raise RecordingError(path, "truncated", "it ends before any audio (no data chunk).")
    start, size = chunks[b"data"]
    if start + size > n_bytes:
        found = f"its header declares {size} bytes of audio, but {n_bytes - start} are there."
        raise RecordingError(path, "truncated", found)
    if b"fmt " not in chunks:
        return None
    file.seek(chunks[b"fmt "][0])
    return _layout(file.read(min(chunks[b"fmt "][1], 40)), start, size)


def _riff_chunks(file: BinaryIO, n_bytes: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield (name, start of content, declared size) of the chunks of a RIFF WAVE file."""
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return
    position = 12
    while position + 8 <= n_bytes:
        file.seek(position)
        name, size = struct.unpack("<4sI", file.read(8))
        yield name, position + 8, size
        position += 8 + size + size % 2


def _layout(fields: bytes, start: int, size: int) -> PcmLayout | None:
    if len(fields) < 16:
        return None
    tag, n_channels, rate, bytes_per_s, block_align, bits = struct.unpack("<HHIIHH", fields[:16])
    if tag == _EXTENSIBLE and len(fields) >= 26:
        # The real format stands first in the GUID at byte 24; valid bits may be below `bits`.
        tag = struct.unpack("<H", fields[24:26])[0]
    width = n_channels * bits // 8
    if tag != _PCM or bits not in _DIRECTLY_READ_BITS or n_channels == 0 or rate == 0:
        return None
    if block_align != width and bytes_per_s != rate * width:
        return None  # two fields against two: left to libsndfile to judge
    return PcmLayout(start, size // width, rate, n_channels, bits)
