"""Packs: the frames of whole recordings, one after the other, memory-mapped."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import frontend
from cnn.errors import JobError


@dataclass(frozen=True)
class Pack:
    """Frames (n_total, n_mels) in dB, and where each recording lies in them."""

    frames: np.ndarray
    places: dict[str, tuple[int, int, float]]  # audio_hash -> first frame, n_frames, level_db


def open_packs(paths: Mapping[str, Path], spectrogram: Mapping[str, Any]) -> dict[str, Pack]:
    """Return the packs by data set, in the order of their names.

    Raises
    ------
    JobError
        A pack cannot be read, was made with other settings than `spectrogram`, or its table
        points outside its frames.
    """
    return {name: open_pack(paths[name], spectrogram) for name in sorted(paths)}


def open_pack(folder: Path, spectrogram: Mapping[str, Any]) -> Pack:
    """Return one pack; see `open_packs`."""
    try:
        frames = _frames(folder / "frames.npy")
        places = _read_places(folder / "recordings.csv")
        made_with = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
        found_settings = {"version": made_with["version"], **made_with["spectrogram"]}
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        found = f"{type(error).__name__}: {error}"
        raise _bad_pack(folder, "frames.npy, recordings.csv and settings.json", found) from None
    for name, value in {"version": frontend.VERSION, **spectrogram}.items():
        if found_settings.get(name) != value:
            found = str(found_settings.get(name))
            raise _bad_pack(folder, f"frames made with {name} = {value}", found)
    if frames.ndim != 2 or frames.shape[1] != spectrogram["n_mels"]:
        expected = f"frames of {spectrogram['n_mels']} mel bands"
        raise _bad_pack(folder, expected, f"an array of shape {frames.shape}")
    ends = [first + n for first, n, _ in places.values()]
    if max(ends, default=0) > len(frames):
        raise _bad_pack(folder, f"{max(ends)} frames", f"{len(frames)}")
    return Pack(frames, places)


def _frames(path: Path) -> np.ndarray:
    try:
        return np.load(path, mmap_mode="r")
    except ValueError:  # an array without a single frame cannot be memory-mapped
        return np.load(path)


def _read_places(path: Path) -> dict[str, tuple[int, int, float]]:
    with open(path, encoding="utf-8", newline="") as stream:
        return {
            row["audio_hash"]: (
                int(row["first_frame"]),
                int(row["n_frames"]),
                float(row["level_db"]),
            )
            for row in csv.DictReader(stream)
        }


def _bad_pack(folder: Path, expected: str, found: str) -> JobError:
    action = "Delete this pack and let the pipeline make it again."
    return JobError(expected=expected, found=found, where=str(folder), action=action)
