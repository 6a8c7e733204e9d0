"""A tiny PERCH: an inner .wav in the names, annotations named in every way that goes round."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.fakes.cycles import write_cycles
from tests.fakes.truth import Truth

RECORDINGS = (
    ("Z02666", "Z02666-08.wav_F.wav", "Z02666-08.wav_F.txt"),
    ("Z02666", "Z02666-09.wav_F.wav", "Z02666-09_F.txt"),
    ("Z02667", "Z02667-08.wav_F.wav", "Z02667-08.txt"),
    ("K00012", "K00012-01.wav_F.wav", "K00012-01.wav.txt"),
    ("K00013", "K00013-01_F.wav", "K00013-01.wav_F.wav.txt"),
)
"""Person, recording, annotation."""


def make_perch(folder: Path, seed: int = 0) -> Truth:
    """Fill a folder with five recordings of four people."""
    rng = np.random.default_rng(seed)
    truth = Truth("perch", folder)
    for subject, audio, text in RECORDINGS:
        recording_id = write_cycles(truth, rng, folder / audio, folder / text)
        truth.recordings[recording_id] = {
            "subject_id": f"perch/{subject}",
            "dataset": "perch",
            "path": audio,
            "diagnosis": "",
            "official_side": "",
            "label_level": "event",
        }
    return truth
