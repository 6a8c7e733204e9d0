"""The learning rate of a step is a function of settings, step and finished epochs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn.schedule import SCHEDULES, n_plateaus, rate_of
from cnn.schema import SETTINGS as KNOWN
from tests.ml_env.rundir import SETTINGS

PER_EPOCH, N_EPOCHS = 4, 10


def settings(**changes: Any) -> dict[str, Any]:
    return {**SETTINGS["training"], "learning_rate": 0.5, "warmup_epochs": 0, **changes}


def rates(chosen: dict[str, Any], losses: list[float] | None = None) -> np.ndarray:
    """Rates of all steps, by epoch."""
    history = [{"val_loss": loss} for loss in losses or []]
    n_steps = PER_EPOCH * N_EPOCHS
    found = [rate_of(chosen, step, n_steps, PER_EPOCH, history) for step in range(n_steps)]
    return np.array(found).reshape(N_EPOCHS, PER_EPOCH)


def test_the_table_has_every_schedule_that_may_be_asked_for() -> None:
    assert set(SCHEDULES) == set(KNOWN["training"]["schedule"].choices)


def test_constant_is_constant() -> None:
    assert (rates(settings(schedule="constant")) == 0.5).all()


def test_a_cosine_is_half_of_one() -> None:
    found = rates(settings(schedule="cosine")).ravel()
    expected = [0.25 * (1 + math.cos(math.pi * step / 40)) for step in range(40)]
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_schedule_warms_up_to_its_highest_rate(schedule: str) -> None:
    found = rates(settings(schedule=schedule, warmup_epochs=2), [1.0] * N_EPOCHS).ravel()
    np.testing.assert_allclose(found[:8], 0.5 * np.arange(1, 9) / 8)
    assert found[8] == found.max() == 0.5


def test_steps_fall_every_so_many_epochs_after_the_warm_up() -> None:
    found = rates(settings(schedule="step", lr_step=3, lr_decrease=0.1, warmup_epochs=2))
    assert (found == found[:, [0]])[2:].all()
    expected = [0.5] * 3 + [0.05] * 3 + [0.005] * 2
    np.testing.assert_allclose(found[2:, 0], expected)


def test_a_plateau_lowers_the_rate_of_the_epochs_after_it() -> None:
    chosen = settings(schedule="plateau", plateau_patience=2, lr_decrease=0.1)
    losses = [1.0, 0.8, 0.9, 0.8, 0.7, 0.9, 0.9, 0.9, 0.9, 0.1]
    found = rates(chosen, losses)
    assert (found == found[:, [0]]).all()
    # Epochs 2 and 3 are no better than epoch 1; after the best one, 4, are two pairs of them.
    expected = [0.5] * 4 + [0.05] * 3 + [0.005] * 2 + [0.0005]
    np.testing.assert_allclose(found[:, 0], expected)


def test_losses_of_the_warm_up_do_not_count_for_a_plateau() -> None:
    chosen = settings(schedule="plateau", plateau_patience=2, warmup_epochs=2)
    found = rates(chosen, [0.1, 0.1] + [0.5] * 8)
    np.testing.assert_allclose(found[2:6, 0], [0.5, 0.5, 0.5, 0.05])


@given(st.lists(st.floats(0, 1), max_size=N_EPOCHS), st.integers(0, PER_EPOCH * N_EPOCHS - 1))
def test_epochs_that_come_after_a_step_do_not_change_its_rate(
    losses: list[float], step: int
) -> None:
    chosen = settings(schedule="plateau", plateau_patience=1)
    rows = [{"val_loss": loss} for loss in losses]
    before = rows[: step // PER_EPOCH]
    assert rate_of(chosen, step, 40, PER_EPOCH, rows) == rate_of(
        chosen, step, 40, PER_EPOCH, before
    )


def test_a_loss_that_is_no_number_is_not_better() -> None:
    assert n_plateaus([0.5, math.nan, math.nan], patience=2) == 1
    assert n_plateaus([math.nan, 0.5, 0.4], patience=2) == 0
    assert n_plateaus([], patience=1) == 0


def test_an_equal_loss_is_not_better() -> None:
    assert n_plateaus([0.5, 0.5, 0.5], patience=1) == 2


def test_a_warm_up_longer_than_the_training_is_shortened_and_part_of_an_epoch_may_be_it() -> None:
    chosen = settings(schedule="plateau", warmup_epochs=50, plateau_patience=1)
    found = [rate_of(chosen, step, 6, 4, [{"val_loss": 1.0}]) for step in range(6)]
    np.testing.assert_allclose(found, [0.5 / 3, 1 / 3, 0.5, 0.5, 0.5, 0.5])
    assert rate_of(settings(warmup_epochs=10), 0, 1, 1) == 0.5


def test_a_cosine_after_a_warm_up_ends_near_zero() -> None:
    found = rates(settings(schedule="cosine", warmup_epochs=1)).ravel()[4:]
    assert found[0] == pytest.approx(0.5)
    assert found[18] == pytest.approx(0.25)
    assert 0 < found[-1] < 0.005
    assert (np.diff(found) < 0).all()
