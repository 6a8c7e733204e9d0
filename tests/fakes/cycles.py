"""A recording with its cycles, in the form that ICBHI, PERCH and Antwerp share."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.fakes.sounds import write_sound
from tests.fakes.truth import Truth

FLAGS = {"normal": "0\t0", "crackle": "1\t0", "wheeze": "0\t1", "both": "1\t1"}
CYCLE_S = 0.25


def write_cycles(
    truth: Truth, rng: np.random.Generator, audio: Path, text: Path, sample_rate: int = 4000
) -> str:
    """Write a recording of four cycles, one of each type, and their .txt; return its id."""
    write_sound(audio, rng, sample_rate, CYCLE_S * len(FLAGS))
    recording_id = f"{truth.name}/{audio.stem}"
    lines = []
    for k, kind in enumerate(list(FLAGS)[j] for j in rng.permutation(len(FLAGS))):
        start_s, end_s = k * CYCLE_S, (k + 1) * CYCLE_S
        lines.append(f"{start_s}\t{end_s}\t{FLAGS[kind]}\n")
        truth.events.add((recording_id, start_s, end_s, kind, 0))
    text.parent.mkdir(parents=True, exist_ok=True)
    text.write_text("".join(lines), newline="")
    return recording_id
