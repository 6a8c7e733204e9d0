"""A tiny Antwerp, and a tiny simulated one: the subject is one of many fields of a name."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.fakes.cycles import write_cycles
from tests.fakes.truth import Truth

RECORDINGS = {
    "RESPT_CALSA_ACT2sess_008_VA_POST_Thbl": ("008", "Thbl"),
    "RESPT_CALSA_ACT2sess_008_VA_PRE_Thbr": ("008", "Thbr"),
    "RESPT_CALSA_ACT1sess_008_VA_POST_Thbl": ("008", "Thbl"),
    "RESPT_CALSA_ACT2sess_011_VA_POST_Thbl": ("011", "Thbl"),
    "RESPT_CALSA_ACT2sess_012_VA_POST": ("012", ""),
}
"""Stem -> person, location."""


def make_antwerp(folder: Path, seed: int = 0, name: str = "antwerp") -> Truth:
    """Fill a folder with five recordings of three people."""
    rng = np.random.default_rng(seed)
    truth = Truth(name, folder)
    for stem, (subject, location) in RECORDINGS.items():
        audio, text = folder / f"{stem}.wav", folder / f"{stem}.txt"
        truth.recordings[write_cycles(truth, rng, audio, text, 8000)] = {
            "subject_id": f"{name}/{subject}",
            "dataset": name,
            "sample_rate": 8000,
            "location": location,
            "diagnosis": "",
            "official_side": "",
            "label_level": "event",
        }
    return truth


def make_antwerp_sim(folder: Path, seed: int = 0) -> Truth:
    """Fill a folder with the same names as Antwerp's; its people are others."""
    return make_antwerp(folder, seed, "antwerp-sim")
