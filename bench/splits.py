"""How long a split takes: 10,000 recordings of 1,000 subjects with 100,000 events, every mode.

    python -m bench.splits [--recordings 10000] [--repeats 3]

The tables are made up, with the columns of an index in ICBHI's words; one recording in fifty holds
the audio of another subject's. Limit of every mode: 3 s, labels included.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from pipeline.datasets.tables import EVENT_COLUMNS, RECORDING_COLUMNS
from pipeline.problems import Problem, problem_named
from pipeline.settings import load
from pipeline.splits import fold_names, make_split

N_PER_SUBJECT, N_EVENTS = 10, 10
DIAGNOSES = ("Healthy", "COPD", "COPD", "URTI", "Bronchiectasis", "Pneumonia")
DEVICES = ("AKGC417L", "LittC2SE", "Litt3200", "Meditron")
TYPES = ("normal", "crackle", "wheeze", "both")
SHARED = 50
LIMIT_S = 3.0
#: Mode and whether one of its folds is made. What holds out a data set would need two of them.
CASES = {
    "grouped": False,
    "grouped, a fold": True,
    "official": False,
    "official-clean": False,
    "leave-one-device-out, a fold": True,
}


def tables(n_recordings: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return recordings.csv and events.csv of a made-up cohort, as `read_table` gives them."""
    numbers = np.arange(n_recordings)
    subjects = numbers // N_PER_SUBJECT
    # A recording that shares its audio has the hash of the one that is a few subjects away.
    audio = np.where(numbers % SHARED == 1, (numbers + 3 * N_PER_SUBJECT) % n_recordings, numbers)
    known = {
        "recording_id": [f"icbhi/{101 + s}_{k}" for s, k in zip(subjects, numbers, strict=True)],
        "dataset": "icbhi",
        "subject_id": [f"icbhi/{101 + s}" for s in subjects],
        "audio_hash": [f"{k:064x}" for k in audio],
        "content_hash": [f"{k:064x}" for k in audio],
        "sample_rate": 4000,
        "n_samples": 80_000,
        "duration_s": 20.0,
        "device": _words(DEVICES, subjects + (numbers % 7 == 0)),  # some subjects have two
        "age": 50.0,
        "diagnosis": _words(DIAGNOSES, subjects),
        "official_side": _words(("train", "train", "test"), subjects + (numbers % 997 == 0)),
        "label_level": "event",
    }
    recordings = pd.DataFrame({name: known.get(name, "") for name in RECORDING_COLUMNS})
    return recordings, _events(recordings["recording_id"].to_numpy())


def _events(recording_ids: np.ndarray) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    start_s = np.tile(2.0 * np.arange(N_EVENTS), len(recording_ids))
    known = {
        "recording_id": np.repeat(recording_ids, N_EVENTS),
        "start_s": start_s,
        "end_s": start_s + 2.0,
        "type": _words(TYPES, rng.integers(0, len(TYPES), len(start_s))),
        "weak": 0,
    }
    return pd.DataFrame({name: known[name] for name in EVENT_COLUMNS})


def _words(words: tuple[str, ...], numbers: np.ndarray) -> np.ndarray:
    return np.array(words, dtype=object)[numbers % len(words)]


def seconds(
    case: str,
    problem: Problem,
    index: tuple[pd.DataFrame, pd.DataFrame],
    sections: tuple[Mapping[str, Any], Mapping[str, Any]],
) -> float:
    """Return how long the split of a case takes."""
    mode = case.split(",")[0]
    start = time.perf_counter()
    fold = fold_names(problem, mode, *index, *sections)[0] if CASES[case] else ""
    make_split(problem, *index, *sections, mode=mode, fold=fold)
    return time.perf_counter() - start


def main() -> int:
    """Measure, print, and return 1 if a split takes longer than the limit."""
    parser = argparse.ArgumentParser("bench.splits")
    parser.add_argument("--recordings", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    index, baseline, slow = tables(options.recordings), load("baseline"), []
    for problem in map(problem_named, ("crackle_wheeze", "pneumonia")):
        sections = (baseline.section("labels", problem), baseline.section("splits", problem))
        for case in CASES:
            times = [seconds(case, problem, index, sections) for _ in range(options.repeats)]
            what = f"s to split for {problem.name}, {case}"
            print(f"{what:60} {statistics.median(times):6.2f}   limit: {LIMIT_S:g}")
            slow += [what] if statistics.median(times) > LIMIT_S else []
    for what in slow:
        print(f"Too slow: {what}", file=sys.stderr)
    return int(bool(slow))


if __name__ == "__main__":
    sys.exit(main())
