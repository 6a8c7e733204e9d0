"""How hard the simulated cohort is: what mean band levels tell, what the true crackles tell.

    python -m bench.cohort --seeds 10 [--subjects 60] [--recordings 2] [--duration 20]

Prints, per cohort seed and as a median, subject AUROCs of pneumonia against the rest:

- ``truth``: the share of crackle cycles as annotated, an upper bound for any model;
- ``levels``: a logistic regression on the mean log-mel level of each band, as it is and with the
  recording's mean level taken off. It must stay under .75: a model that scores well has to have
  heard crackles, not loudness or timbre. The strongest of several penalties is shown;
- ``change``: the same regression on how much each band flickers from frame to frame, a poor man's
  crackle detector: what can be had from time without any training of filters.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from frontend.logmel import SpectrogramSettings, log_mel
from frontend.recording import read_recording
from pipeline.audio.simulate import simulate_cohort

SETTINGS = SpectrogramSettings(8000, 1024, 254, 128, 0.0, 4000.0)  # those of baseline.toml
PENALTIES = (0.001, 0.01, 0.1, 1.0)


def features(path: Path) -> dict[str, np.ndarray]:
    """Features (n_mels,) of one recording, by name."""
    frames = log_mel(*read_recording(path), SETTINGS)
    mean = frames.mean(axis=0)
    coarse = frames[:, : 8 * (frames.shape[1] // 8)].reshape(len(frames), -1, 8).mean(axis=2)
    spikes = coarse[4:-4] - np.maximum(coarse[:-8], coarse[8:])
    return {
        "levels": mean,
        "levels, level off": mean - mean.mean(),
        "change": np.percentile(spikes, 90, axis=0),
    }


def cohort_table(folder: Path) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray, np.ndarray]:
    """Features by name (n_recordings, n_mels), subjects, pneumonia 0/1 and crackle shares."""
    rows = (line.split("\t") for line in (folder / "diagnosis.txt").read_text().splitlines())
    pneumonia = {subject: diagnosis == "Pneumonia" for subject, diagnosis in rows}
    paths = sorted(folder.glob("*.wav"))
    subjects = np.array([path.name.split("_")[0] for path in paths])
    found = [features(path) for path in paths]
    table = {name: np.stack([one[name] for one in found]) for name in found[0]}
    shares = [np.loadtxt(path.with_suffix(".txt"), ndmin=2)[:, 2].mean() for path in paths]
    return table, subjects, np.array([pneumonia[s] for s in subjects]), np.array(shares)


def subject_auroc(subjects: np.ndarray, truth: np.ndarray, score: np.ndarray) -> float:
    """AUROC over subjects, each the mean of its recordings."""
    who = np.unique(subjects)
    positive = [truth[subjects == one][0] for one in who]
    return float(roc_auc_score(positive, [score[subjects == one].mean() for one in who]))


def cross_validated(x: np.ndarray, subjects: np.ndarray, truth: np.ndarray, penalty: float):
    """Log odds of every recording from a regression that never saw its subject."""
    score = np.zeros(len(x))
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    for train, test in folds.split(x, truth, subjects):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=penalty, max_iter=2000))
        score[test] = model.fit(x[train], truth[train]).decision_function(x[test])
    return score


def measure(seed: int, n_subjects: int, n_recordings: int, duration_s: float) -> dict[str, float]:
    """Subject AUROCs of one cohort, by name."""
    settings = {"n_subjects": n_subjects, "n_recordings": n_recordings}
    with tempfile.TemporaryDirectory() as name:
        simulate_cohort(Path(name), settings | {"duration_s": duration_s, "seed": seed})
        table, subjects, truth, shares = cohort_table(Path(name))
    result = {"truth": subject_auroc(subjects, truth, shares)}
    for name, x in table.items():
        for penalty in PENALTIES:
            score = cross_validated(x, subjects, truth, penalty)
            result[f"{name} C={penalty}"] = subject_auroc(subjects, truth, score)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--subjects", type=int, default=60)
    parser.add_argument("--recordings", type=int, default=2)
    parser.add_argument("--duration", type=float, default=20.0)
    args = parser.parse_args()
    size = (args.subjects, args.recordings, args.duration)
    results = [measure(seed, *size) for seed in range(args.seeds)]
    for name in results[0]:
        values = np.array([result[name] for result in results])
        shown = " ".join(f"{value:.2f}" for value in values)
        print(f"{name:28s} median {np.median(values):.3f}   {shown}")


if __name__ == "__main__":
    main()
