"""How long an index takes: with known hashes, and when nothing has changed.

    python -m bench.index [--recordings 10000] [--repeats 3]

A folder in ICBHI's layout with ten cycles per recording. Every figure is a process of its own on
two cores, from its start to its end. The first index decodes everything; it has no target, since
the fake recordings are short. Targets: a new index of 10,000 recordings whose hashes are cached in
under 20 s; to see that nothing changed, and read the tables, in under 2 s.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

N_PER_SUBJECT = 10
N_CYCLES, CYCLE_S = 10, 0.2
SAMPLE_RATE = 4000
DIAGNOSES = ("Healthy", "COPD", "Bronchiectasis", "URTI", "Bronchiolitis", "Pneumonia")
DEVICES = ("AKGC417L", "LittC2SE", "Litt3200", "Meditron")
LOCATIONS = ("Tc", "Al", "Ar", "Pl", "Pr", "Ll", "Lr")
TARGETS = {"hashes cached": 20.0, "nothing changed": 2.0}


def make_recordings(folder: Path, n_recordings: int) -> None:
    """Write a cohort in ICBHI's layout, its official split included."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    sound = (3000 * rng.standard_normal(2 * SAMPLE_RATE)).astype(np.int16)
    names = [name_of(k) for k in range(n_recordings)]
    for k, name in enumerate(names):
        sound[:8] = rng.integers(-3000, 3000, 8)  # no two are the same
        soundfile.write(folder / f"{name}.wav", sound, SAMPLE_RATE)
        cycles = [f"{cycle_times(i)}\t{(k + i) % 2}\t{k % 3 // 2}\n" for i in range(N_CYCLES)]
        (folder / f"{name}.txt").write_text("".join(cycles))
    people = sorted({name.split("_")[0] for name in names}, key=int)
    table("ICBHI_Challenge_diagnosis.txt", folder, [f"{p}\t{of(DIAGNOSES, p)}" for p in people])
    facts = [f"{p}\t{20 + int(p) % 60}\tF\t24\tNA\tNA" for p in people]
    table("ICBHI_Challenge_demographic_information.txt", folder, facts)
    sides = [f"{name}\t{of(('train', 'test'), name.split('_')[0])}" for name in names]
    table("ICBHI_challenge_train_test.txt", folder, sides)


def name_of(k: int) -> str:
    """Return the stem of recording `k`, as ICBHI writes it."""
    subject, n = divmod(k, N_PER_SUBJECT)
    return f"{101 + subject}_{n}b1_{of(LOCATIONS, n)}_mc_{of(DEVICES, subject)}"


def of(words: tuple[str, ...], number: int | str) -> str:
    """Return the word whose turn it is."""
    return words[int(number) % len(words)]


def cycle_times(i: int) -> str:
    """Return start and end of cycle `i` in seconds."""
    return f"{i * CYCLE_S:.3f}\t{(i + 1) * CYCLE_S:.3f}"


def table(name: str, folder: Path, lines: list[str]) -> None:
    """Write one of the metadata files."""
    (folder / name).write_text("\n".join([*lines, ""]))


def seconds(code: str, place: Path) -> float:
    """Return how long a Python process takes that has the index's task and runs `code`."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", _TASK.format(place=place) + code], check=True)
    return time.perf_counter() - start


_TASK = """
import luigi, pipeline
config = luigi.configuration.get_config()
config.set("paths", "data", "{place}/data")
config.set("paths", "recordings", "{place}/recordings")
task = pipeline.IndexRecordings(dataset="icbhi", simulated_settings={{}})
"""
_INDEX = "assert not task.complete(); task.run()"
_LOOK = """
assert task.complete()
from pipeline.tables import read_indexes, read_table
recordings, events = read_indexes([task.output().path])
assert len(events) == {n_events}
"""


def measure(place: Path, n_recordings: int, repeats: int) -> dict[str, float]:
    """Return seconds by what was done; medians where it was done more than once."""
    make_recordings(place / "recordings" / "icbhi", n_recordings)
    look = _LOOK.format(n_events=n_recordings * N_CYCLES)
    first = seconds(_INDEX, place)
    again, unchanged = [], []
    for _ in range(repeats):
        for folder in (place / "data" / "02_index").glob("icbhi-*"):  # not the hashes
            shutil.rmtree(folder)
        again.append(seconds(_INDEX, place))
        unchanged.append(seconds(look, place))
    return {
        "everything decoded": first,
        "hashes cached": statistics.median(again),
        "nothing changed": statistics.median(unchanged),
    }


def report(figures: dict[str, float], n_recordings: int) -> int:
    """Print the figures with their targets; return 1 if one is missed."""
    for name, value in figures.items():
        target = f"   target: under {TARGETS[name]:g}" if name in TARGETS else ""
        print(f"s to index {n_recordings:,} recordings, {name:20} {value:6.2f}{target}")
    missed = [name for name, target in TARGETS.items() if figures[name] >= target]
    for name in missed:
        print(f"Missed: {name}", file=sys.stderr)
    return int(bool(missed))


def main() -> int:
    """Measure on two cores, print and compare with the targets."""
    parser = argparse.ArgumentParser("bench.index")
    parser.add_argument("--recordings", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    with tempfile.TemporaryDirectory() as place:
        figures = measure(Path(place), options.recordings, options.repeats)
    return report(figures, options.recordings)


if __name__ == "__main__":
    sys.exit(main())
