"""The figures of the validation side, and how an epoch is told."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from cnn.metrics import auroc, mean_categorical_loss, mean_loss
from cnn.progress import epoch_line, minutes


def one_hot(*counts: int) -> np.ndarray:
    return np.repeat(np.eye(len(counts), dtype=np.float32), counts, axis=0)


@pytest.mark.parametrize("n_values", [3, 1000])
def test_auroc_is_scikit_learns_with_ties(n_values: int) -> None:
    rng = np.random.default_rng(0)
    labels, scores = rng.integers(0, 2, 200), rng.integers(0, n_values, 200) / n_values
    assert auroc(labels, scores) == pytest.approx(roc_auc_score(labels, scores))


def test_auroc_of_one_class_is_not_a_number() -> None:
    assert np.isnan(auroc(np.ones(3), np.arange(3)))
    assert np.isnan(auroc(np.empty(0), np.empty(0)))


def test_the_loss_is_the_weighted_log_loss() -> None:
    rng = np.random.default_rng(0)
    labels, found = rng.integers(0, 2, (50, 1)), rng.random((50, 1))
    weights = np.array([[0.7, 2.0]])
    of_clip = np.where(labels[:, 0] == 1, 2.0, 0.7)
    expected = log_loss(labels[:, 0], found[:, 0], sample_weight=of_clip) * of_clip.mean()
    assert mean_loss(labels, found, weights) == pytest.approx(expected)


def test_the_loss_of_exclusive_classes_is_the_weighted_log_loss() -> None:
    rng = np.random.default_rng(0)
    labels, weights = one_hot(20, 7, 3), np.array([0.5, 1.5, 3.0], dtype=np.float32)
    found = rng.dirichlet((1, 1, 1), len(labels))
    of_clip = labels @ weights
    expected = log_loss(labels.argmax(axis=1), found, sample_weight=of_clip) * of_clip.mean()
    assert mean_categorical_loss(labels, found, weights) == pytest.approx(expected)


def test_the_loss_of_exclusive_classes_stays_finite_and_is_unknown_without_clips() -> None:
    certain = np.array([[0.0, 1.0]])
    assert mean_categorical_loss(certain, certain, np.ones(2)) == 0
    assert 10 < mean_categorical_loss(certain, 1 - certain, np.ones(2)) < 20
    assert np.isnan(mean_categorical_loss(np.empty((0, 2)), np.empty((0, 2)), np.ones(2)))


def test_the_loss_stays_finite_for_certain_and_wrong() -> None:
    assert np.isfinite(mean_loss(np.ones((1, 1)), np.zeros((1, 1)), np.ones((1, 2))))


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "0 s"), (59, "59 s"), (185, "3:05 min"), (4210, "1:10 h")]
)
def test_times_are_read_by_people(seconds: float, text: str) -> None:
    assert minutes(seconds) == text


def test_an_epochs_line_holds_all_figures_and_leaves_out_what_is_unknown() -> None:
    row = {"epoch": 3, "loss": 0.5, "val_loss": 0.25, "clips_per_s": 99.6, "val_auroc_wheeze": 0.9}
    line = epoch_line(row, 12, ("wheeze",), 75)
    assert line.split("  ") == [
        "epoch 3/12",
        "loss 0.5000",
        "val loss 0.2500",
        "val AUROC wheeze 0.900",
        "100 clips/s",
        "1:15 min left",
    ]
    assert "val" not in epoch_line({**row, "val_loss": float("nan")}, 12, ("wheeze",), 75)
