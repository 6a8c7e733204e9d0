"""What is drawn for single clips: in its range, as often as stated, and apart from all else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnn import augment
from cnn.augment import INPUTS, NEEDS, Draw, active, check_augment, draw_step, mix_labels
from cnn.augment_draws import N_FILTER_POINTS, smooth_curve
from cnn.augment_jitter import draw_shift_s, shift_in_frames
from cnn.errors import JobError
from tests.ml_env.rundir import SETTINGS

AUGMENT = SETTINGS["augment"]
SHARES = {key: 0.5 for key in AUGMENT if key.endswith("_share") and "mask_share" not in key}
ALL_ON = {**AUGMENT, **SHARES}
SHAPE, N = (20, 16), 4000


def drawn(n_clips: int = N, step: int = 0, epoch: int = 1, seed: int = 0, **changes: Any) -> Draw:
    return draw_step({**ALL_ON, **changes}, n_clips, SHAPE, seed, epoch, step)


def array(draw: Draw, name: str) -> np.ndarray:
    return draw.inputs()[name]


def touched(draw: Draw, name: str) -> np.ndarray:
    """Return which clips an array of the draw changes."""
    values = array(draw, name)
    if name.endswith("masks"):
        values = values[..., 1]
    clean = 1 if name in ("warp", "share") else 0
    return (values.reshape(len(values), -1) != clean).any(axis=1)


def test_all_are_on_here() -> None:
    assert active(ALL_ON) == tuple(AUGMENT["order"])
    assert set(drawn(4).inputs()) == {name for names in INPUTS.values() for name in names}


def test_todays_settings_mix_and_mask_only() -> None:
    assert active(AUGMENT) == ("mixup", "time_masks", "frequency_masks")
    draw = draw_step(AUGMENT, 4, SHAPE, 0, 1, 0)
    assert set(draw.inputs()) == {"partner", "share", "time_masks", "frequency_masks"}


@pytest.mark.parametrize(("name", "key"), [(n, key) for n, keys in NEEDS.items() for key in keys])
def test_a_share_or_a_strength_of_0_turns_an_augmentation_off(name: str, key: str) -> None:
    assert name not in active({**ALL_ON, key: 0})
    assert not set(drawn(4, **{key: 0}).inputs()) & set(INPUTS[name])


def test_what_the_order_does_not_name_is_off() -> None:
    assert active({**ALL_ON, "order": ["roll", "gain"]}) == ("roll", "gain")
    assert active({**ALL_ON, "order": []}) == ()
    assert drawn(4, order=[]).inputs() == {}


def test_mixup_is_off_only_where_both_forms_are() -> None:
    off = {"mixup_alpha": 0.0}
    assert "mixup" not in active({**ALL_ON, **off})
    assert "mixup" not in active({**ALL_ON, "mixup_share": 0})
    assert "mixup" in active({**ALL_ON, **off, "mixup_quantity": 0.1})


def test_without_mixup_labels_stay_as_they_are() -> None:
    labels = np.array([[0, 1], [1, 0]], dtype=np.float32)
    mixed = mix_labels(labels, drawn(2, mixup_alpha=0.0))
    assert mixed.dtype == np.float32
    np.testing.assert_array_equal(mixed, labels)


@pytest.mark.parametrize("name", [n for names in INPUTS.values() for n in names])
def test_a_draw_is_a_function_of_seed_epoch_and_step(name: str) -> None:
    first = array(drawn(8, step=3), name)
    drawn(8, step=9)
    np.testing.assert_array_equal(first, array(drawn(8, step=3), name))
    others = [drawn(8, step=4), drawn(8, step=3, epoch=2), drawn(8, step=3, seed=1)]
    assert all((array(other, name) != first).any() for other in others)


@pytest.mark.parametrize("off", AUGMENT["order"])
def test_turning_one_off_changes_nothing_of_the_others(off: str) -> None:
    order = [name for name in AUGMENT["order"] if name != off]
    whole, part = drawn(8).inputs(), drawn(8, order=order[::-1]).inputs()
    assert set(whole) - set(part) == set(INPUTS[off])
    for name, values in part.items():
        np.testing.assert_array_equal(values, whole[name])


SHARE_OF = {
    "warp": "warp_share",
    "noise": "noise_share",
    "filter_db": "filter_share",
    "gain_db": "gain_share",
    "roll": "roll_share",
    "time_masks": "masked_share",
    "frequency_masks": "masked_share",
    "share": "mixup_share",
}


@pytest.mark.parametrize("name", SHARE_OF)
def test_the_stated_share_of_the_clips_is_changed(name: str) -> None:
    always = {"time_mask_share": 1.0, "frequency_mask_share": 1.0, "n_time_masks": 9}
    for share in (0.25, 1.0):
        changes = {**always, "n_frequency_masks": 9, SHARE_OF[name]: share}
        found = touched(drawn(**changes), name).mean()
        # A mask of length 0 and a roll of 0 frames are draws, too.
        assert share - 0.06 < found < share + 0.03, (name, found)


def test_clips_are_chosen_independently() -> None:
    draw = drawn()
    chosen = np.array([touched(draw, name) for name in SHARE_OF if name != "frequency_masks"])
    together = np.corrcoef(chosen)
    np.fill_diagonal(together, 0)
    assert np.abs(together).max() < 0.06  # of one augmentation and another
    following = [np.corrcoef(row[1:], row[:-1])[0, 1] for row in chosen]
    assert np.abs(following).max() < 0.06  # of one clip and the next


@pytest.mark.parametrize(
    ("name", "changes", "low", "high"),
    [
        ("warp", {"warp_share": 1, "warp_max": 0.2}, 0.8, 1.2),
        ("gain_db", {"gain_share": 1, "gain_db": 8.0}, -8, 8),
        ("roll", {"roll_share": 1, "roll_max": 0.25}, -5, 5),
    ],
)
def test_strengths_fill_their_range_evenly(
    name: str, changes: dict[str, Any], low: float, high: float
) -> None:
    values = array(drawn(**changes), name).astype(float)
    width = high - low
    assert low <= values.min() < low + 0.01 * width
    assert high - 0.01 * width < values.max() <= high
    assert abs(values.mean() - (low + high) / 2) < 0.02 * width
    assert abs(np.quantile(values, 0.25) - (low + width / 4)) < 0.06 * width


def test_noise_has_ratios_uniform_in_db_and_exponential_places() -> None:
    changes = {"noise_share": 1.0, "noise_snr_min_db": -5.0, "noise_snr_max_db": 15.0}
    noise = array(drawn(**changes), "noise")
    snr_db = -10 * np.log10(noise.mean(axis=(1, 2)))
    assert abs(snr_db.mean() - 5) < 0.5
    assert abs(np.quantile(snr_db, 0.1) - -3) < 0.7
    assert abs(np.quantile(snr_db, 0.9) - 13) < 0.7
    flat = noise / noise.mean(axis=(1, 2), keepdims=True)
    assert (noise >= 0).all()
    assert abs(flat.std() - 1) < 0.02  # an exponential's spread is its mean
    same_place = np.corrcoef(flat[: N // 2].ravel(), flat[N // 2 :].ravel())[0, 1]
    assert abs(same_place) < 0.01


def test_filters_are_smooth_and_bounded_and_balanced() -> None:
    curves = draw_step(
        {**ALL_ON, "filter_share": 1.0, "filter_db": 6.0}, N, (20, 128), 0, 1, 0
    ).filter_db
    assert curves is not None
    assert np.abs(curves).max() <= 6
    assert np.abs(curves).max() > 5.9
    assert np.abs(curves.mean(axis=0)).max() < 0.3
    # 12 dB from point to point over 25.4 bands, at the steepest place of half a cosine.
    assert np.abs(np.diff(curves, axis=1)).max() < 12 * np.pi / 2 / (127 / (N_FILTER_POINTS - 1))


def test_a_smooth_curve_goes_through_its_points() -> None:
    points = np.array([[0.0, 4.0, -2.0], [1.0, 1.0, 1.0]])
    curve = smooth_curve(points, 9)
    np.testing.assert_allclose(curve[:, [0, 4, 8]], points, atol=1e-12)
    np.testing.assert_allclose(curve[0, 2], 2)
    np.testing.assert_allclose(curve[1], 1)


def test_contradictory_noise_is_refused() -> None:
    bad = {**AUGMENT, "noise_snr_min_db": 20.0, "noise_snr_max_db": 10.0}
    with pytest.raises(JobError, match="noise_snr_min_db of at most noise_snr_max_db, found 20"):
        check_augment(bad, ("a",), np.zeros((2, 1)))
    check_augment(AUGMENT, ("a",), np.zeros((2, 1)))


def test_only_the_training_knows_of_augmentation() -> None:
    folder = Path(augment.__file__).parent
    others = [path for path in folder.rglob("*.py") if not path.name.startswith("augment")]
    # Validation and prediction have no way to it: the loop draws for its train side only.
    known = {path.stem for path in others if "cnn.augment" in path.read_text()}
    assert known <= {"loop", "network", "train", "data", "__main__"}
    assert {"loop", "network"} <= known


# crop jitter


def test_shifts_are_a_function_of_seed_epoch_and_step_and_fill_their_range() -> None:
    on = {**AUGMENT, "jitter_share": 0.5, "jitter_s": 0.4}
    shifts = draw_shift_s(on, N, seed=0, epoch=1, step=2)
    draw_shift_s(on, N, seed=0, epoch=5, step=5)
    again, other = (draw_shift_s(on, N, seed=0, epoch=1, step=step) for step in (2, 3))
    assert shifts is not None
    assert other is not None
    np.testing.assert_array_equal(shifts, again)
    assert (shifts != other).any()
    assert 0.47 < (shifts != 0).mean() < 0.53
    assert 0.39 < shifts.max() <= 0.4
    assert -0.4 <= shifts.min() < -0.39


@pytest.mark.parametrize("change", [{"jitter_share": 0.0}, {"jitter_s": 0.0}])
def test_jitter_can_be_off(change: dict[str, float]) -> None:
    on = {**AUGMENT, "jitter_share": 0.5, "jitter_s": 0.4}
    assert draw_shift_s({**on, **change}, 8, 0, 1, 0) is None


@pytest.mark.parametrize(
    ("span_n", "expected"), [(40, [20, -20]), (100, [10, -10]), (119, [0, 0]), (121, [0, 0])]
)
def test_a_shift_keeps_a_short_span_inside_and_the_window_inside_a_long_one(
    span_n: int, expected: list[int]
) -> None:
    found = shift_in_frames(np.array([2.0, -2.0]), 10.0, np.array([span_n] * 2), 120)
    assert found.tolist() == expected
    far = shift_in_frames(np.array([99.0, -99.0]), 10.0, np.array([span_n] * 2), 120)
    for shift in far:
        start = (span_n - 120) // 2 + shift  # of the window, from the span's start
        short = span_n <= 120
        assert (start <= 0 and start + 120 >= span_n) if short else (0 <= start <= span_n - 120)
