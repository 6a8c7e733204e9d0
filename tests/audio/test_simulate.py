"""The cohort on disk: ICBHI's layout, the same bytes every time, and annotations that are true."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.audio.simulate import FORMATS, render, simulate_cohort
from pipeline.audio.simulated_plan import draw_recording
from pipeline.audio.simulated_subjects import draw_subject, generator
from pipeline.errors import SettingsError

SETTINGS = {"n_subjects": 6, "n_recordings": 2, "duration_s": 8.0, "seed": 5}
NAME = re.compile(r"(\d{3})_(\d+b\d)_(Tc|Al|Ar|Pl|Pr|Ll|Lr)_sc_(SimA|SimB|SimC)")


@pytest.fixture(scope="module")
def cohort(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("simulated") / "not there yet"
    simulate_cohort(folder, SETTINGS)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def rows(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_layout_is_icbhi_s(cohort):
    recordings = sorted(cohort.glob("*.wav"))
    assert len(recordings) == 12
    assert len(list(cohort.iterdir())) == 2 * len(recordings) + 2
    subjects = {NAME.fullmatch(path.stem).group(1) for path in recordings}
    assert subjects == {str(101 + k) for k in range(6)}
    for name, n_columns in (("diagnosis.txt", 2), ("demographics.txt", 6)):
        table = rows(cohort / name)
        assert {row[0] for row in table} == subjects
        assert {len(row) for row in table} == {n_columns}
    assert b"\r" not in b"".join(data for name, data in contents(cohort).items() if "txt" in name)


def test_recordings_have_the_rate_depth_and_length_of_their_device(cohort):
    for path in cohort.glob("*.wav"):
        info = soundfile.info(path)
        assert (info.samplerate, info.subtype) == FORMATS[NAME.fullmatch(path.stem).group(4)]
        assert info.channels == 1
        assert 0.85 * 8 <= info.duration <= 1.15 * 8


def test_annotations_are_contiguous_cycles_inside_the_recording(cohort):
    for path in cohort.glob("*_*.txt"):
        table = rows(path)
        assert all(first[1] == second[0] for first, second in pairwise(table))
        assert all(0 <= float(start) < float(end) for start, end, *_ in table)
        assert {flag for row in table for flag in row[2:]} <= {"0", "1"}
        assert float(table[-1][1]) <= soundfile.info(path.with_suffix(".wav")).duration


def test_files_hold_what_was_planned(cohort):
    for number in range(SETTINGS["n_subjects"]):
        plan = draw_recording(5, number, 1, 8.0, draw_subject(5, number))
        samples, rate = soundfile.read(cohort / f"{plan.stem}.wav")
        expected = render(plan, rate, generator(5, "noise", number, 1))
        np.testing.assert_allclose(samples, expected, atol=1e-4)
        table = np.array(rows(cohort / f"{plan.stem}.txt"), dtype=float)
        np.testing.assert_allclose(table[:, 0], plan.cycles.bounds_s[:-1], atol=6e-4)
        np.testing.assert_array_equal(table[:, 2], plan.cycles.crackle)
        np.testing.assert_array_equal(table[:, 3], plan.cycles.wheeze)


def test_the_same_settings_give_the_same_bytes(cohort, tmp_path):
    simulate_cohort(tmp_path, SETTINGS)
    assert contents(tmp_path) == contents(cohort)


def test_another_seed_gives_other_recordings(cohort, tmp_path):
    simulate_cohort(tmp_path, SETTINGS | {"seed": 6, "n_subjects": 1})
    (first, *_) = tmp_path.glob("101_1b1_*.wav")
    assert first.read_bytes() not in contents(cohort).values()


def test_a_larger_cohort_contains_the_smaller_one(cohort, tmp_path):
    simulate_cohort(tmp_path, SETTINGS | {"n_subjects": 2, "n_recordings": 1})
    smaller, larger = contents(tmp_path), contents(cohort)
    for table in ("diagnosis.txt", "demographics.txt"):
        assert larger.pop(table).startswith(smaller.pop(table))
    assert smaller.items() <= larger.items()


def test_progress_counts_every_recording(tmp_path):
    calls = []
    settings = SETTINGS | {"n_subjects": 1, "n_recordings": 3}
    simulate_cohort(tmp_path, settings, lambda *call: calls.append(call))
    assert [call[:2] for call in calls] == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("change", [{"n_subjects": 0}, {"n_recordings": 0}, {"duration_s": 1.0}])
def test_a_cohort_without_a_breath_in_it_is_refused(change, tmp_path):
    with pytest.raises(SettingsError, match=next(iter(change))):
        simulate_cohort(tmp_path / "never", SETTINGS | change)
    assert not (tmp_path / "never").exists()


def test_the_level_is_as_planned_whatever_the_recording_holds():
    for number in range(12):
        plan = draw_recording(5, number, 0, 8.0, draw_subject(5, number))
        samples = render(plan, 10_000, generator(5, "noise", number, 0))
        level_db = 20 * np.log10(np.sqrt(np.mean(samples**2)))
        assert level_db == pytest.approx(plan.level_db, abs=0.1)
        assert np.abs(samples).max() <= 1


def band_envelope(samples: np.ndarray, rate: int) -> np.ndarray:
    """Level in dB of 300 Hz to 1.5 kHz in windows of 16 ms, a step of 8 ms apart."""
    length, step = int(0.016 * rate), int(0.008 * rate)
    frames = np.lib.stride_tricks.sliding_window_view(samples, length)[::step]
    power = np.abs(np.fft.rfft(frames * np.hanning(length), axis=1)) ** 2
    hz = np.fft.rfftfreq(length, 1 / rate)
    return 10 * np.log10(power[:, (hz > 300) & (hz < 1500)].sum(axis=1) + 1e-12)


def spike_db(samples: np.ndarray, rate: int) -> float:
    """How far the third most sudden 16 ms stand above what is 32 ms before and after them."""
    level = band_envelope(samples, rate)
    above = level[4:-4] - np.maximum(level[:-8], level[8:])
    return float(np.sort(above)[-3])


@pytest.mark.parametrize("device", FORMATS)
def test_cycles_labelled_as_crackles_hold_transients_and_others_do_not(device):
    spikes: dict[bool, list[float]] = {True: [], False: []}
    rate, _ = FORMATS[device]
    for number in range(150):
        plan = draw_recording(8, number, 0, 10.0, draw_subject(8, number))
        if plan.device == device and not plan.cycles.wheeze.any():
            samples = render(plan, rate, generator(8, "noise", number, 0))
            bounds = np.round(plan.cycles.bounds_s * rate).astype(int)
            for start, end, crackle in zip(
                bounds[:-1], bounds[1:], plan.cycles.crackle, strict=True
            ):
                spikes[bool(crackle)].append(spike_db(samples[start:end], rate))
    assert min(len(found) for found in spikes.values()) > 20
    assert np.median(spikes[True]) > np.median(spikes[False]) + 5
    # Most crackle cycles stand out of nearly all the others: audible on every device.
    assert np.mean(np.array(spikes[True]) > np.percentile(spikes[False], 90)) > 0.8


def test_a_wheeze_stands_out_at_its_pitch_while_it_sounds():
    contrasts = []
    for number in range(60):
        plan = draw_recording(9, number, 0, 8.0, draw_subject(9, number))
        if not plan.cycles.wheeze.any():
            continue
        samples = render(plan, 4000, generator(9, "noise", number, 0))
        middle_s = plan.wheezes.start_s[0] + plan.wheezes.length_s[0] / 2
        pitch_hz = plan.wheezes.fundamental_hz[0] * (1 + plan.wheezes.drift[0] / 2)
        piece = samples[int((middle_s - 0.04) * 4000) : int((middle_s + 0.04) * 4000)]
        power = np.abs(np.fft.rfft(piece * np.hanning(len(piece)), 4096)) ** 2
        hz = np.fft.rfftfreq(4096, 1 / 4000)
        near = np.abs(np.log2(np.maximum(hz, 1) / pitch_hz)) < 0.1
        around = np.abs(np.log2(np.maximum(hz, 1) / pitch_hz)) < 0.5
        contrasts.append(10 * np.log10(power[near].max() / np.median(power[around])))
    assert len(contrasts) > 10
    assert np.mean(np.array(contrasts) > 10) > 0.8
