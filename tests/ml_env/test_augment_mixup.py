"""Mixup by label sets: who is mixed with whom, how much, and what cannot be asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cnn.augment import check_augment, draw_step, mix_labels
from cnn.errors import JobError
from tests.ml_env.rundir import SETTINGS

NAMES = ("crackle", "wheeze")
AUGMENT = {**SETTINGS["augment"], "order": ["mixup"], "mixup_quantity": 1.0}
LABELS = np.array([[0, 0], [1, 0], [0, 1], [1, 1]] * 500, dtype=np.float32)


def mixed(labels: np.ndarray = LABELS, padded: np.ndarray | None = None, **changes: Any):
    """Return partner, share and the mixed labels."""
    settings = {**AUGMENT, **changes}
    draw = draw_step(settings, len(labels), (9, 8), 0, 1, 0, labels, NAMES, padded)
    assert draw.partner is not None
    assert draw.share is not None
    return draw.partner, draw.share, mix_labels(labels, draw)


def is_set(labels: np.ndarray, *values: float) -> np.ndarray:
    return (labels == values).all(axis=1)


SETS = {"crackle": (1, 0), "none": (0, 0), "crackle+wheeze": (1, 1), "wheeze + crackle": (1, 1)}


@pytest.mark.parametrize("one", SETS)
@pytest.mark.parametrize("two", SETS)
def test_pairs_have_the_label_sets_that_are_asked_for(one: str, two: str) -> None:
    partner, share, _ = mixed(mixup_label_one=one, mixup_label_two=two)
    changed = share < 1
    np.testing.assert_array_equal(changed, is_set(LABELS, *SETS[one]))
    assert is_set(LABELS[partner[changed]], *SETS[two]).all()
    assert (partner != np.arange(len(LABELS)))[changed].all()
    np.testing.assert_array_equal(partner[~changed], np.flatnonzero(~changed))


def test_any_takes_every_clip_and_every_partner() -> None:
    partner, share, _ = mixed(mixup_label_one="any", mixup_label_two="any")
    assert (share < 1).all()
    kinds = [is_set(LABELS[partner], *values).mean() for values in set(SETS.values())]
    assert all(0.22 < kind < 0.28 for kind in kinds)


def test_the_stated_quantity_of_the_first_set_is_mixed() -> None:
    _, share, _ = mixed(mixup_label_one="crackle", mixup_quantity=0.3)
    assert 0.25 < (share < 1)[is_set(LABELS, 1, 0)].mean() < 0.35
    assert (share[~is_set(LABELS, 1, 0)] == 1).all()


def test_shares_are_uniform_between_their_ends() -> None:
    _, share, _ = mixed(mixup_min=0.4, mixup_max=0.8)
    assert 0.4 <= share.min() < 0.405
    assert 0.795 < share.max() <= 0.8
    assert abs(share.mean() - 0.6) < 0.01


def test_labels_are_as_soft_as_the_clips() -> None:
    _, share, labels = mixed(mixup_label_one="crackle", mixup_label_two="wheeze")
    changed = is_set(LABELS, 1, 0)
    np.testing.assert_allclose(labels[changed, 0], share[changed])
    np.testing.assert_allclose(labels[changed, 1], 1 - share[changed], atol=1e-6)
    np.testing.assert_array_equal(labels[~changed], LABELS[~changed])


def test_padded_clips_take_no_part_where_they_are_to_be_left_out() -> None:
    padded = np.arange(len(LABELS)) % 3 == 0
    partner, share, _ = mixed(padded=padded, mixup_no_pad=True)
    np.testing.assert_array_equal(share < 1, ~padded)
    assert not padded[partner[~padded]].any()
    _, share, _ = mixed(padded=padded)
    assert (share < 1).all()


def test_padded_clips_take_no_part_in_the_beta_form_either() -> None:
    padded = np.arange(len(LABELS)) % 3 == 0
    beta = {"mixup_quantity": 0.0, "mixup_share": 1.0}
    before, free, _ = mixed(padded=padded, **beta)
    partner, share, _ = mixed(padded=padded, mixup_no_pad=True, **beta)
    np.testing.assert_array_equal(partner, before)
    apart = padded | padded[partner]
    assert (share[apart] == 1).all()
    np.testing.assert_array_equal(share[~apart], free[~apart])


def test_a_clip_without_a_partner_in_its_step_stays_as_it_is() -> None:
    labels = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
    _, share, found = mixed(labels, mixup_label_one="crackle", mixup_label_two="none")
    np.testing.assert_array_equal(found, labels)
    partner, share, _ = mixed(labels, mixup_label_one="wheeze", mixup_label_two="wheeze")
    assert share.tolist() == [1, 1, 1]
    assert partner.tolist() == [0, 1, 2]


def test_what_one_clip_gets_does_not_depend_on_the_labels_of_others() -> None:
    other = LABELS.copy()
    other[is_set(LABELS, 0, 0)] = (1, 1)
    settings = {"mixup_label_one": "crackle", "mixup_label_two": "wheeze"}
    first, second = mixed(**settings), mixed(other, **settings)
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


def test_exclusive_classes_are_sets_of_one() -> None:
    labels = np.eye(2, dtype=np.float32)[np.arange(40) % 2]
    partner, share, found = mixed(labels, mixup_label_one="wheeze", mixup_label_two="crackle")
    np.testing.assert_array_equal(share < 1, labels[:, 1] == 1)
    assert (labels[partner[labels[:, 1] == 1], 0] == 1).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)


def test_an_unknown_label_is_refused_with_a_hint() -> None:
    with pytest.raises(JobError, match=r"'crackl\+wheeze'.*Did you mean 'crackle'\?"):
        check_augment({**AUGMENT, "mixup_label_two": "crackl+wheeze"}, NAMES, LABELS)


def test_a_label_set_that_no_train_clip_has_is_refused() -> None:
    without = LABELS[~is_set(LABELS, 1, 1)]
    both = {**AUGMENT, "mixup_label_one": "crackle+wheeze"}
    with pytest.raises(JobError, match="found none with exactly 'crackle\\+wheeze'"):
        check_augment(both, NAMES, without)
    check_augment(both, NAMES, LABELS)
    check_augment({**both, "mixup_quantity": 0.0}, NAMES, without)


def test_contradictory_shares_are_refused() -> None:
    with pytest.raises(JobError, match="mixup_min of at most mixup_max, found"):
        check_augment({**AUGMENT, "mixup_min": 0.8, "mixup_max": 0.2}, NAMES, LABELS)


def test_what_is_needed_and_missing_is_an_error() -> None:
    with pytest.raises(ValueError, match="labels"):
        draw_step(AUGMENT, 4, (9, 8), 0, 1, 0)
    with pytest.raises(ValueError, match="padded"):
        draw_step({**AUGMENT, "mixup_no_pad": True}, 4, (9, 8), 0, 1, 0, LABELS[:4], NAMES)
