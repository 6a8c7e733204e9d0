"""The sounds have the widths, pitches and shapes that their sources give."""

import numpy as np
import pytest

from pipeline.audio import simulated_sounds as sounds

RATE = 44100


def zero_crossings(samples, rate):
    """Seconds at which the sign changes, starts and ends left out."""
    sign = np.sign(samples[np.abs(samples) > 1e-9])
    where = np.flatnonzero(np.abs(samples) > 1e-9)
    return where[1:][np.diff(sign) != 0] / rate


@pytest.mark.parametrize(("two_cycle_s", "deflection_s"), [(0.005, 0.0007), (0.010, 0.0015)])
def test_a_crackle_crosses_zero_where_its_widths_say(two_cycle_s, deflection_s):
    rate = 200_000
    (one,) = sounds.crackles(
        np.array([two_cycle_s]), np.array([deflection_s]), np.array([1.0]), rate
    )
    crossings = zero_crossings(one, rate)
    assert len(crossings) == 3  # four half waves: two cycles
    assert crossings[0] == pytest.approx(deflection_s, abs=2 / rate)
    assert len(one) / rate == pytest.approx(two_cycle_s, abs=2 / rate)


def test_a_crackle_is_damped_and_rises_more_steeply_than_it_decays():
    time = np.linspace(0, 1, 2000)
    shape = np.abs(sounds.crackle(time, np.array(0.14)))
    assert 0.7 < shape.max() <= 1
    assert shape.argmax() < 0.4 * len(time)
    assert shape[time > 0.75].max() < 0.4 * shape.max()


def test_the_polarity_of_a_crackle_follows_its_gain():
    width, deflection = np.full(2, 0.01), np.full(2, 0.0015)
    up, down = sounds.crackles(width, deflection, np.array([2.0, -2.0]), RATE)
    np.testing.assert_array_equal(up, -down)


def test_no_crackles_make_no_snippets():
    none = np.zeros(0)
    assert sounds.crackles(none, none, none, RATE).shape[0] == 0


def test_a_wheeze_has_its_length_its_harmonics_and_no_click_at_its_ends():
    tone = sounds.wheeze(0.5, 300.0, 0.0, np.array([1.0, 0.5]), RATE)
    assert len(tone) == RATE // 2
    assert max(abs(tone[:10]).max(), abs(tone[-10:]).max()) < 0.01
    power = np.abs(np.fft.rfft(tone)) ** 2
    hz = np.fft.rfftfreq(len(tone), 1 / RATE)
    near = (np.abs(hz - 300) < 20) | (np.abs(hz - 600) < 20)
    assert power[near].sum() / power.sum() > 0.99


@pytest.mark.parametrize("slope_db", [12.7, 15.2])
def test_breath_noise_falls_by_its_slope_above_the_knee(slope_db):
    amplitude = sounds.breath_spectrum(np.array([800.0, 1600.0]), 120.0, slope_db)
    assert 20 * np.log10(amplitude[0] / amplitude[1]) == pytest.approx(slope_db, abs=0.2)


def test_noise_has_unit_level_and_repeats_with_its_generator():
    spectrum = sounds.breath_spectrum(np.fft.rfftfreq(RATE, 1 / RATE), 150.0, 14.0)
    once, again = (sounds.noise(spectrum, RATE, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(once, again)
    assert np.sqrt(np.mean(once**2)) == pytest.approx(1, abs=1e-3)


def test_swells_are_silent_between_breaths_and_peak_inside():
    start, length, height = np.array([1.0, 3.0]), np.array([1.0, 0.8]), np.array([1.0, 0.5])
    loudness = sounds.swells(5 * 1000, 1000, 1.0, start, length, height)
    assert loudness.shape == (5000,)
    assert loudness[:950].max() < 1e-12
    assert loudness[2050:2950].max() < 1e-12
    assert loudness[1500] == pytest.approx(1, abs=0.01)
    assert loudness[3400] == pytest.approx(0.5, abs=0.01)


def test_no_phases_are_silence():
    none = np.zeros(0)
    assert not sounds.swells(100, 1000, 1.0, none, none, none).any()


def test_overlay_adds_up_and_cuts_what_lies_outside():
    signal = np.zeros(10)
    snippets = np.ones((3, 4))
    sounds.overlay(signal, np.array([-0.2, 0.1, 0.8]), snippets, 10)
    np.testing.assert_array_equal(signal, [1, 2, 1, 1, 1, 0, 0, 0, 1, 1])


def test_hum_keeps_its_pitch_beyond_one_second():
    samples = sounds.hum(3 * 10_000 + 17, 60, np.array([1.0, 0.0, 0.5]), 10_000)
    time = np.arange(len(samples)) / 10_000
    expected = np.sin(2 * np.pi * 60 * time) + 0.5 * np.sin(2 * np.pi * 180 * time)
    np.testing.assert_allclose(samples, expected, atol=1e-8)


def test_the_devices_differ_by_more_than_3_db_somewhere_below_2_khz():
    hz = np.linspace(50, 1900, 200)
    curves = [20 * np.log10(sounds.device_response(hz, name)) for name in ("SimA", "SimB", "SimC")]
    for first, second in [(0, 1), (0, 2), (1, 2)]:
        difference = curves[first] - curves[second]
        assert np.ptp(difference) > 3
