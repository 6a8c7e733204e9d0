"""What ``[training] average`` names: over steps, over ends of epochs, or none."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from cnn.averaging import WeightAverage
from cnn.swa import NoAverage, average_of
from tests.ml_env.rundir import SETTINGS

STEPS = [float(value) for value in np.random.default_rng(0).normal(0, 1, 24)]


def model_with_one_weight() -> tuple[keras.Model, keras.Variable]:
    model = keras.Sequential([layers.Input((1,)), layers.Dense(1, use_bias=False)])
    (kernel,) = model.trainable_variables
    return model, kernel


def settings(**changes: Any) -> dict[str, Any]:
    return {**SETTINGS["training"], "n_epochs": 6, "average_decay": 0.5, **changes}


def seen(average: Any, kernel: keras.Variable) -> list[float]:
    """Return the average after every step; the weight itself comes back each time."""
    found = []
    for step, value in enumerate(STEPS):
        kernel.assign([[value]])
        average.update(step)
        with average.in_place():
            found.append(np.array(kernel).item())
        assert np.array(kernel).item() == np.float32(value)
    return found


def check_swa_is_the_mean_over_the_ends_of_the_last_epochs() -> None:
    model, kernel = model_with_one_weight()
    # 6 epochs of 4 steps; the first half does not count.
    average = average_of(settings(average="swa", swa_start=0.5), model, 4)
    found = seen(average, kernel)
    ends = STEPS[3::4]
    expected = [*ends[:3], ends[3], np.mean(ends[3:5]), np.mean(ends[3:6])]
    np.testing.assert_allclose(found[3::4], expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found[4:7], [ends[0]] * 3, rtol=1e-5)  # nothing inside an epoch
    average.keep()
    np.testing.assert_allclose(np.array(kernel), [[np.mean(ends[3:])]], rtol=1e-5)


def check_swa_goes_on_from_its_arrays() -> None:
    whole, first, second = (model_with_one_weight() for _ in range(3))
    chosen = settings(average="swa", swa_start=0.3)
    averages = [average_of(chosen, model, 4) for model, _ in (whole, first, second)]
    for step, value in enumerate(STEPS):
        if step == 17:
            averages[2].restore(averages[1].arrays())
        at = 1 if step < 17 else 2
        for number in (0, at):
            (whole, first, second)[number][1].assign([[value]])
            averages[number].update(step)
    np.testing.assert_array_equal(averages[0].arrays(), averages[2].arrays())


def check_the_moving_average_is_todays_and_counts_moves_only() -> None:
    (model, kernel), (other, other_kernel) = model_with_one_weight(), model_with_one_weight()
    other_kernel.assign(np.array(kernel))
    today = WeightAverage(other, decay=0.5)
    average = average_of(settings(average="ema"), model, 4)
    assert seen(average, kernel) == seen(today, other_kernel)
    moved = average_of(settings(average="ema", accumulate=3), model, 4)
    before = np.array(moved.arrays()[0])
    for step in range(3):
        kernel.assign([[7.0]])
        moved.update(step)
        if step < 2:
            np.testing.assert_array_equal(moved.arrays()[0], before)
    np.testing.assert_allclose(moved.arrays()[0], 0.1 * before + 0.9 * 7, rtol=1e-6)


def check_no_average_leaves_the_last_weights() -> None:
    model, kernel = model_with_one_weight()
    average = average_of(settings(average="none"), model, 4)
    assert isinstance(average, NoAverage)
    np.testing.assert_array_equal(np.float32(seen(average, kernel)), np.float32(STEPS))
    average.keep()
    average.restore(average.arrays())
    assert np.array(kernel).item() == np.float32(STEPS[-1])
