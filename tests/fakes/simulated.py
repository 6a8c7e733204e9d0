"""A tiny simulated cohort as its files look; not what the generator would have made."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.fakes.sounds import write_sound
from tests.fakes.truth import Truth

DIAGNOSES = {"101": "Pneumonia", "102": "Healthy", "103": "COPD", "104": "Pneumonia"}


def make_simulated(folder: Path, seed: int = 0) -> Truth:
    """Fill a folder with one recording of two cycles for each of four subjects."""
    rng = np.random.default_rng(seed)
    truth = Truth("simulated", folder)
    for i, (subject, diagnosis) in enumerate(DIAGNOSES.items()):
        name = f"{subject}_1b1_Al_sc_{('SimA', 'SimB', 'SimC')[i % 3]}"
        write_sound(folder / f"{name}.wav", rng, (4000, 10000, 8000)[i % 3], 1.0)
        (folder / f"{name}.txt").write_text("0.0\t0.5\t1\t0\n0.5\t1.0\t0\t0\n")
        truth.events |= {
            (f"simulated/{name}", 0.0, 0.5, "crackle", 0),
            (f"simulated/{name}", 0.5, 1.0, "normal", 0),
        }
        truth.recordings[f"simulated/{name}"] = {
            "subject_id": f"simulated/{subject}",
            "diagnosis": diagnosis,
            "device": name[-4:],
            "age": 50.0 + i,
            "sex": "MF"[i % 2],
            "official_side": "",
        }
    lines = [f"{subject}\t{diagnosis}\n" for subject, diagnosis in DIAGNOSES.items()]
    (folder / "diagnosis.txt").write_text("".join(lines))
    lines = [f"{s}\t{50 + i}\t{'MF'[i % 2]}\t24.5\tNA\tNA\n" for i, s in enumerate(DIAGNOSES)]
    (folder / "demographics.txt").write_text("".join(lines))
    return truth
