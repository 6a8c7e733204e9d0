"""Class weights, the learning rate, and the figures of the validation side."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from cnn.errors import JobError
from cnn.metrics import auroc, mean_categorical_loss, mean_loss
from cnn.progress import epoch_line, minutes
from cnn.schedule import learning_rate_at
from cnn.weighting import class_weights, exclusive_class_weights


def test_weights_are_n_over_two_n_of_the_class() -> None:
    labels = np.array([[1, 0]] * 2 + [[0, 1]] * 6, dtype=np.float32)
    found = class_weights(labels, ("crackle", "wheeze"))
    np.testing.assert_allclose(found, [[8 / 12, 8 / 4], [8 / 4, 8 / 12]])


def test_weighted_classes_weigh_the_same_and_the_mean_clip_weighs_one() -> None:
    labels = np.array([[1]] * 3 + [[0]] * 17, dtype=np.float32)
    ((of_0, of_1),) = class_weights(labels, ("crackle",))
    assert of_1 * 3 == pytest.approx(of_0 * 17)
    assert (of_1 * 3 + of_0 * 17) / 20 == pytest.approx(1)


def test_without_weighting_both_classes_count_one() -> None:
    labels = np.array([[1], [0], [0]], dtype=np.float32)
    assert class_weights(labels, ("crackle",), weighted=False).tolist() == [[1, 1]]


@pytest.mark.parametrize(("value", "word"), [(0, "positive"), (1, "negative")])
@pytest.mark.parametrize("weighted", [True, False])
def test_a_label_of_one_class_is_an_error(value: int, word: str, weighted: bool) -> None:
    labels = np.full((4, 1), value, dtype=np.float32)
    with pytest.raises(JobError, match=f"no {word} one among 4 clips"):
        class_weights(labels, ("wheeze",), weighted)


CLASSES = ("normal", "crackle", "wheeze")


def one_hot(*counts: int) -> np.ndarray:
    return np.repeat(np.eye(len(counts), dtype=np.float32), counts, axis=0)


def test_weights_of_exclusive_classes_are_n_over_k_n_of_the_class() -> None:
    labels = one_hot(10, 4, 1)
    found = exclusive_class_weights(labels, CLASSES)
    np.testing.assert_allclose(found, [15 / 30, 15 / 12, 15 / 3])
    assert (labels @ found).mean() == pytest.approx(1)
    assert exclusive_class_weights(labels, CLASSES, weighted=False).tolist() == [1, 1, 1]


@pytest.mark.parametrize("weighted", [True, False])
def test_a_class_without_clips_is_an_error_with_the_counts(weighted: bool) -> None:
    with pytest.raises(JobError, match="clips by class: normal 5, crackle 0, wheeze 2"):
        exclusive_class_weights(one_hot(5, 0, 2), CLASSES, weighted)


def test_the_rate_warms_up_then_falls_as_a_cosine() -> None:
    rates = [learning_rate_at(step, 100, 10, 0.5) for step in range(100)]
    np.testing.assert_allclose(rates[:10], 0.05 * np.arange(1, 11))
    assert rates[10] == pytest.approx(0.5)
    assert rates[55] == pytest.approx(0.25)
    assert 0 < rates[99] < 0.001
    assert (np.diff(rates[10:]) < 0).all()


def test_a_warm_up_longer_than_the_training_still_reaches_the_top() -> None:
    assert max(learning_rate_at(step, 4, 100, 1.0) for step in range(4)) == 1.0
    assert learning_rate_at(0, 1, 10, 1.0) == 1.0


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
