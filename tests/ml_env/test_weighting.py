"""How much classes and clips count, by every weighting, for hard and soft labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn.errors import JobError
from cnn.order import epoch_order, plan_steps
from cnn.schema import SETTINGS as KNOWN
from cnn.weighting import combinations, inverse_effective_number, weights_for
from tests.ml_env.rundir import SETTINGS

WEIGHTINGS = KNOWN["training"]["weighting"].choices
CLASSES = ("normal", "crackle", "wheeze")
LABELS = ("crackle", "wheeze")


def settings(weighting: str, **changes: Any) -> dict[str, Any]:
    return {**SETTINGS["training"], "weighting": weighting, **changes}


def one_hot(*counts: int) -> np.ndarray:
    return np.repeat(np.eye(len(counts), dtype=np.float32), counts, axis=0)


def two_labels(neither: int, first: int, second: int, both: int) -> np.ndarray:
    rows = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], dtype=np.float32)
    return np.repeat(rows, [neither, first, second, both], axis=0)


EXCLUSIVE = one_hot(16, 3, 1)
TOGETHER = two_labels(12, 5, 2, 1)


@pytest.mark.parametrize("weighting", ["as_is", "focal"])
def test_as_is_and_focal_weigh_no_class(weighting: str) -> None:
    for labels, names, activation in (
        (TOGETHER, LABELS, "sigmoid"),
        (EXCLUSIVE, CLASSES, "softmax"),
    ):
        found = weights_for(settings(weighting), labels, names, activation)
        assert (found.loss == 1).all()
        assert (found.validation == 1).all()
        assert found.clips is None


def test_loss_is_n_total_over_n_classes_n_class() -> None:
    found = weights_for(settings("loss"), TOGETHER, LABELS)
    np.testing.assert_allclose(found.loss, [[20 / 28, 20 / 12], [20 / 34, 20 / 6]])
    found = weights_for(settings("loss"), EXCLUSIVE, CLASSES, "softmax")
    np.testing.assert_allclose(found.loss, [20 / 48, 20 / 9, 20 / 3])
    np.testing.assert_array_equal(found.loss, found.validation)


def test_weighted_classes_weigh_the_same_and_the_mean_clip_weighs_one() -> None:
    ((of_0, of_1),) = weights_for(settings("loss"), two_labels(17, 3, 0, 0)[:, :1], ("a",)).loss
    assert of_1 * 3 == pytest.approx(of_0 * 17)
    assert (of_1 * 3 + of_0 * 17) / 20 == pytest.approx(1)


def test_soft_labels_count_softly_in_the_loss() -> None:
    soft = np.array([[0.25], [0.5], [0.25]], dtype=np.float32)
    found = weights_for(settings("loss"), soft, ("wheeze",))
    np.testing.assert_allclose(found.loss, [[3 / 4, 3 / 2]])


@pytest.mark.parametrize("beta", [0.5, 0.9, 0.999])
def test_effective_numbers_are_those_of_the_paper_up_to_their_mean(beta: float) -> None:
    counts = EXCLUSIVE.sum(axis=0)
    found = weights_for(settings("effective_number", beta=beta), EXCLUSIVE, CLASSES, "softmax").loss
    of_paper = (1 - beta) / (1 - beta**counts)  # equation 2 of Cui et al. 2019
    np.testing.assert_allclose(found / found[0], of_paper / of_paper[0], rtol=1e-5)
    np.testing.assert_allclose((found * counts).sum() / counts.sum(), 1, rtol=1e-5)


def test_effective_numbers_lie_between_as_is_and_loss() -> None:
    ends = [weights_for(settings(name), TOGETHER, LABELS).loss for name in ("as_is", "loss")]
    for beta, expected in zip((0.0, 0.99999), ends, strict=True):
        found = weights_for(settings("effective_number", beta=beta), TOGETHER, LABELS).loss
        np.testing.assert_allclose(found, expected, rtol=1e-3)
    counts = np.array([[1e6, 1e6]])
    assert np.isfinite(inverse_effective_number(counts, 1 - 1e-12)).all()


def test_the_sampler_gives_every_exclusive_class_the_same_chance() -> None:
    found = weights_for(settings("sampler"), EXCLUSIVE, CLASSES, "softmax")
    np.testing.assert_allclose(found.clips @ EXCLUSIVE, 1 / 3)
    assert (found.loss == 1).all()
    np.testing.assert_allclose(found.validation, [20 / 48, 20 / 9, 20 / 3])


def test_the_sampler_gives_every_combination_of_labels_the_same_chance() -> None:
    found = weights_for(settings("sampler"), TOGETHER, LABELS)
    np.testing.assert_allclose(found.clips @ combinations(TOGETHER), 1 / 4)
    # Drawn so, each label holds for half of the clips; in the data for 6 and for 3 of 20.
    np.testing.assert_allclose(found.validation, [[10 / 14, 10 / 6], [10 / 17, 10 / 3]])


def test_combinations_that_no_clip_has_get_no_share() -> None:
    found = weights_for(settings("sampler"), two_labels(10, 4, 0, 2), LABELS)
    np.testing.assert_allclose(np.unique(found.clips.round(12)), [1 / 30, 1 / 12, 1 / 6])
    assert found.clips.sum() == pytest.approx(1)


def test_the_sampler_counts_soft_labels_softly() -> None:
    soft = np.array([[1, 0], [0.5, 0.5], [0, 1], [0, 1]], dtype=np.float32)
    found = weights_for(settings("sampler"), soft, ("a", "b"), "softmax").clips
    expected = np.array([1 / 1.5, 0.5 / 1.5 + 0.5 / 2.5, 1 / 2.5, 1 / 2.5]) / 2
    np.testing.assert_allclose(found, expected)
    np.testing.assert_allclose(combinations(np.array([[0.0], [0.25], [1.0]]))[1], [0.75, 0.25])


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_a_class_without_clips_is_an_error_with_every_weighting(weighting: str) -> None:
    with pytest.raises(JobError, match="normal 5, crackle 0, wheeze 2"):
        weights_for(settings(weighting), one_hot(5, 0, 2), CLASSES, "softmax")
    with pytest.raises(JobError, match="no positive one among 4 clips"):
        weights_for(settings(weighting), np.zeros((4, 1), dtype=np.float32), ("wheeze",))
    with pytest.raises(JobError, match="no negative one among 4 clips"):
        weights_for(settings(weighting), np.ones((4, 1), dtype=np.float32), ("wheeze",))


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_weights_are_those_that_the_loss_takes(weighting: str) -> None:
    of_labels = weights_for(settings(weighting), TOGETHER, LABELS)
    of_classes = weights_for(settings(weighting), EXCLUSIVE, CLASSES, "softmax")
    for found, shape in ((of_labels, (2, 2)), (of_classes, (3,))):
        for values in (found.loss, found.validation):
            assert (values.shape, values.dtype) == (shape, np.float32)


def test_sampled_epochs_hold_classes_equally_often_with_replacement() -> None:
    labels = one_hot(900, 90, 10)
    chances = weights_for(settings("sampler"), labels, CLASSES, "softmax").clips
    order = epoch_order(1000, 32, seed=0, epoch=1, weights=chances)
    assert order.shape == plan_steps(1000, 32)
    shares = labels[order.ravel()].mean(axis=0)
    np.testing.assert_allclose(shares, 1 / 3, atol=0.06)  # 4 standard deviations
    rare = np.bincount(order.ravel(), minlength=1000)[990:]
    assert rare.min() > 15  # 33 of each are expected


@given(st.integers(1, 50), st.integers(1, 20))
def test_a_sampled_order_depends_on_seed_and_epoch_only(n_clips: int, batch_size: int) -> None:
    weights = np.arange(1, n_clips + 1, dtype=np.float32)
    first = epoch_order(n_clips, batch_size, 1, 1, weights)
    epoch_order(n_clips, batch_size, 1, 9, weights)
    np.testing.assert_array_equal(first, epoch_order(n_clips, batch_size, 1, 1, weights))
    assert first.shape == plan_steps(n_clips, batch_size)


def test_clips_of_weight_zero_are_never_drawn_and_epochs_differ() -> None:
    weights = np.array([0, 1, 1, 0, 1, 1.0])
    found = [epoch_order(6, 3, seed=0, epoch=epoch, weights=weights) for epoch in range(20)]
    assert set(np.unique(found)) == {1, 2, 4, 5}
    assert any((found[0] != other).any() for other in found[1:])
