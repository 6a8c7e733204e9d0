"""Small recordings, whole and broken, written as bytes that no reader of ours has touched."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile


def noise(rng: np.random.Generator, sample_rate: int, duration_s: float) -> np.ndarray:
    """Return a breath-like float signal (n_samples,): noise that swells and fades."""
    n_samples = round(sample_rate * duration_s)
    swell = 0.3 + 0.2 * np.sin(2 * np.pi * 0.5 * np.arange(n_samples) / sample_rate)
    return np.clip(swell * rng.standard_normal(n_samples) * 0.3, -1, 1)


def write_sound(
    path: Path,
    rng: np.random.Generator,
    sample_rate: int = 4000,
    duration_s: float = 1.0,
    subtype: str = "PCM_16",
) -> None:
    """Write a recording; the suffix of the path says whether it is .wav or .flac."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, noise(rng, sample_rate, duration_s), sample_rate, subtype=subtype)


def spoil_block_align(path: Path) -> None:
    """Give a 16-bit mono .wav the header defect of SPRSound: nBlockAlign 4 instead of 2."""
    content = bytearray(path.read_bytes())
    struct.pack_into("<H", content, 32, 4)
    path.write_bytes(content)


def _truncated(path: Path) -> None:
    write_sound(path, np.random.default_rng(0))
    path.write_bytes(path.read_bytes()[:3000])


def _not_a_number(path: Path) -> None:
    samples = np.random.default_rng(0).standard_normal(4000) * 0.1
    samples[1000] = np.nan
    soundfile.write(path, samples, 4000, subtype="FLOAT")


def _infinite(path: Path) -> None:
    soundfile.write(path, np.array([0.1, np.inf, 0.2, -np.inf] * 100), 4000, subtype="FLOAT")


BROKEN: dict[str, Callable[[Path], object]] = {
    "empty file": lambda path: path.write_bytes(b""),
    "not audio": lambda path: path.write_text("This is a text, whatever its name says.\n" * 20),
    "truncated": _truncated,
    "no samples": lambda path: soundfile.write(path, np.zeros(0), 4000, subtype="PCM_16"),
    "not a number": _not_a_number,
    "constant": lambda path: soundfile.write(path, np.full(4000, 0.25), 4000, subtype="PCM_16"),
}
"""Reason in excluded.csv -> a function that writes a .wav with that fault."""

INFINITE, SILENT = _infinite, lambda path: soundfile.write(path, np.zeros(4000), 4000)
