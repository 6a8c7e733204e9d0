"""What a recording's header says that decoding does not show: width, channels, and defects."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import soundfile

_PCM, _FLOAT, _EXTENSIBLE = 0x0001, 0x0003, 0xFFFE
#: A header with more chunks than this before its format is not searched further.
_MAX_CHUNKS = 64


@dataclass(frozen=True)
class Header:
    """A header's own words.

    Attributes
    ----------
    subtype : str
        In libsndfile's words: "PCM_16", "PCM_24", "FLOAT", ...; "" where it cannot be told.
    n_channels : int
        0 where it cannot be told.
    defect : str
        "" or what is wrong with it, such as "nBlockAlign is 4, not 2".
    """

    subtype: str = ""
    n_channels: int = 0
    defect: str = ""


def read_header(path: str | Path) -> Header:
    """Return what the header of a .wav or .flac recording says; nothing wrong with it raises."""
    try:
        with open(path, "rb") as file:
            fields = _format_chunk(file)
        return _of_wav(fields) if fields else _of_libsndfile(path)
    except (OSError, struct.error, soundfile.SoundFileError):
        return Header()


def _format_chunk(file: BinaryIO) -> bytes:
    """Return the fields of a RIFF WAVE file's format chunk, or nothing."""
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return b""
    for _ in range(_MAX_CHUNKS):
        start = file.read(8)
        if len(start) < 8:
            return b""
        name, size = struct.unpack("<4sI", start)
        if name == b"fmt ":
            return file.read(min(size, 40))
        file.seek(size + size % 2, 1)
    return b""


def _of_wav(fields: bytes) -> Header:
    tag, n_channels, rate, bytes_per_s, block_align, bits = struct.unpack("<HHIIHH", fields[:16])
    if tag == _EXTENSIBLE and len(fields) >= 26:
        tag = struct.unpack("<H", fields[24:26])[0]
    subtypes = {
        _PCM: "PCM_U8" if bits == 8 else f"PCM_{bits}",
        _FLOAT: {32: "FLOAT", 64: "DOUBLE"}.get(bits, ""),
    }
    width = n_channels * bits // 8
    wrong = []
    # Compressed formats have blocks of their own; these two have one sample per block.
    if tag in subtypes and block_align != width:
        wrong.append(f"nBlockAlign is {block_align}, not {width}")
    if tag in subtypes and bytes_per_s != rate * width:
        wrong.append(f"nAvgBytesPerSec is {bytes_per_s}, not {rate * width}")
    return Header(subtypes.get(tag, ""), n_channels, "; ".join(wrong))


def _of_libsndfile(path: str | Path) -> Header:
    info = soundfile.info(path)
    return Header(info.subtype, info.channels)
