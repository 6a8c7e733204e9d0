"""What is random is a function of (seed, epoch, step) and of nothing that came before."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn.augment import draw_masks, draw_mixup, draw_step, mix_labels
from cnn.order import epoch_order, generator, in_order, plan_steps
from tests.ml_env.rundir import SETTINGS

AUGMENT = SETTINGS["augment"]


@given(st.integers(1, 500), st.integers(1, 200))
def test_every_clip_is_in_every_epoch_in_equal_steps(n_clips: int, batch_size: int) -> None:
    order = epoch_order(n_clips, batch_size, seed=3, epoch=1)
    n_steps, size = plan_steps(n_clips, batch_size)
    assert order.shape == (n_steps, size)
    assert size <= min(batch_size, n_clips)
    counts = np.bincount(order.ravel(), minlength=n_clips)
    assert counts.min() == 1
    assert order.size - n_clips < n_steps


def test_the_order_depends_on_seed_and_epoch_only() -> None:
    first = epoch_order(100, 10, seed=1, epoch=1)
    epoch_order(100, 10, seed=1, epoch=7)
    np.testing.assert_array_equal(first, epoch_order(100, 10, seed=1, epoch=1))
    assert (first != epoch_order(100, 10, seed=1, epoch=2)).any()
    assert (first != epoch_order(100, 10, seed=2, epoch=1)).any()


def test_the_order_of_a_seed_is_pinned() -> None:
    found = epoch_order(7, 4, seed=0, epoch=1).tolist()
    assert found == [[3, 1, 4, 5], [6, 2, 0, 3]]


@given(st.integers(1, 70), st.integers(1, 20))
def test_prediction_covers_all_rows_in_order_in_one_shape(n_clips: int, size: int) -> None:
    parts = list(in_order(n_clips, size))
    assert {len(part) for part in parts} == {size}
    rows = np.concatenate(parts)
    assert rows[:n_clips].tolist() == list(range(n_clips))
    assert (rows[n_clips:] == n_clips - 1).all()


def test_no_clips_are_no_parts() -> None:
    assert list(in_order(0, 8)) == []


def test_a_draw_depends_on_its_arguments_only() -> None:
    first = draw_step(AUGMENT, 8, (63, 32), seed=0, epoch=2, step=5)
    draw_step(AUGMENT, 8, (63, 32), seed=0, epoch=9, step=9)
    again = draw_step(AUGMENT, 8, (63, 32), seed=0, epoch=2, step=5)
    for name, values in first.inputs().items():
        np.testing.assert_array_equal(values, again.inputs()[name])
    other = draw_step(AUGMENT, 8, (63, 32), seed=0, epoch=2, step=6)
    assert (first.share != other.share).any()


def test_more_masks_do_not_change_what_is_mixed() -> None:
    few = draw_step(AUGMENT, 8, (63, 32), seed=0, epoch=1, step=0)
    many = draw_step({**AUGMENT, "n_time_masks": 9}, 8, (63, 32), seed=0, epoch=1, step=0)
    np.testing.assert_array_equal(few.share, many.share)
    np.testing.assert_array_equal(few.frequency_masks, many.frequency_masks)


def test_a_draw_is_pinned() -> None:
    draw = draw_step(AUGMENT, 4, (63, 32), seed=0, epoch=1, step=0)
    assert draw.partner.tolist() == [0, 3, 1, 2]
    np.testing.assert_allclose(draw.share, [0.621, 1, 0.389, 1], atol=5e-4)
    assert draw.time_masks.tolist() == [
        [[12, 6], [14, 3]],
        [[27, 2], [57, 5]],
        [[28, 4], [47, 5]],
        [[51, 2], [55, 0]],
    ]


@given(st.integers(0, 5), st.integers(1, 80), st.floats(0, 1))
def test_masks_lie_inside_and_are_not_too_long(n_masks: int, size: int, share: float) -> None:
    masks = draw_masks(16, n_masks, size, share, np.random.default_rng(0))
    first, length = masks[..., 0], masks[..., 1]
    assert masks.shape == (16, max(1, n_masks), 2)
    assert (first >= 0).all()
    assert (first + length <= size).all()
    assert length.max() <= (share * size if n_masks else 0)


def test_masks_reach_their_largest_length_and_both_ends() -> None:
    masks = draw_masks(2000, 1, 20, 0.2, np.random.default_rng(0))
    assert set(masks[..., 1].ravel()) == {0, 1, 2, 3, 4}
    assert masks[..., 0].min() == 0
    assert masks.sum(axis=-1).max() == 20


@pytest.mark.parametrize("change", [{"mixup_alpha": 0.0}, {"mixup_share": 0.0}])
def test_mixup_can_be_off(change: dict[str, float]) -> None:
    _, share = draw_mixup({**AUGMENT, **change}, 50, generator(0, 1))
    assert (share == 1).all()


def test_the_stated_share_of_clips_is_mixed_with_a_permutation() -> None:
    partner, share = draw_mixup({**AUGMENT, "mixup_share": 0.25}, 4000, generator(0, 1))
    assert sorted(partner) == list(range(4000))
    assert 0.22 < (share < 1).mean() < 0.28
    assert share.min() >= 0


def test_labels_are_mixed_as_softly_as_the_clips() -> None:
    draw = draw_step({**AUGMENT, "mixup_share": 1.0}, 3, (63, 32), seed=0, epoch=1, step=0)
    labels = np.array([[0, 1], [1, 1], [0, 0]], dtype=np.float32)
    mixed = mix_labels(labels, draw)
    for k in range(3):
        expected = draw.share[k] * labels[k] + (1 - draw.share[k]) * labels[draw.partner[k]]
        np.testing.assert_allclose(mixed[k], expected, atol=1e-6)
