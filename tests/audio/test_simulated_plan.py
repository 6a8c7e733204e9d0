"""What is drawn: the diagnosis shows in crackles and wheezes, and in nothing else."""

import numpy as np
import pytest
from scipy.stats import chi2_contingency, ks_2samp
from sklearn.metrics import roc_auc_score

from pipeline.audio.simulated_plan import DEVICES, draw_recording
from pipeline.audio.simulated_subjects import PROFILES, draw_subject

N_SUBJECTS = 600
# A fixed seed is one draw, not chance on every run: a p-value under this is a defect.
LEAST_P = 0.001


@pytest.fixture(scope="module")
def cohort():
    """Pairs of a subject and its two planned recordings, without any audio."""
    subjects = [draw_subject(3, number) for number in range(N_SUBJECTS)]
    return [
        (subject, [draw_recording(3, number, index, 20.0, subject) for index in range(2)])
        for number, subject in enumerate(subjects)
    ]


def by_pneumonia(cohort, value):
    """Values of all recordings with and without pneumonia."""
    groups = ([], [])
    for subject, recordings in cohort:
        groups[subject.diagnosis == "Pneumonia"].extend(value(one) for one in recordings)
    return groups


NUMBERS = {
    "level": lambda one: one.level_db,
    "length": lambda one: one.duration_s,
    "number of cycles": lambda one: len(one.cycles.crackle),
    "depth": lambda one: one.cycles.depth.mean(),
    "breath knee": lambda one: one.background.knee_hz,
    "breath slope": lambda one: one.background.in_slope_db,
    "chest": lambda one: one.background.chest_gain_db[3],
    "heart": lambda one: one.background.heart_gain,
    "hum": lambda one: one.background.hum_gain,
    "room": lambda one: one.background.room_db,
    "rubbing": lambda one: len(one.background.rub_start_s),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_the_diagnosis_does_not_show_in(name, cohort):
    without, having = by_pneumonia(cohort, NUMBERS[name])
    assert ks_2samp(without, having).pvalue > LEAST_P


@pytest.mark.parametrize("place", [-1, -3], ids=["device, and with it the rate", "location"])
def test_the_diagnosis_does_not_show_in_the_name(place, cohort):
    without, having = by_pneumonia(cohort, lambda one: one.stem.split("_")[place])
    words = sorted(set(without) | set(having))
    assert len(words) >= 3
    counts = [[group.count(word) for word in words] for group in (without, having)]
    assert chi2_contingency(counts).pvalue > LEAST_P


def test_every_device_is_used_equally_often_and_tied_to_no_subject(cohort):
    names = [[one.device for one in recordings] for _, recordings in cohort]
    for device in DEVICES:
        assert sum(first == device for first, _ in names) == N_SUBJECTS / 3
    same = np.mean([first == second for first, second in names])
    assert same == pytest.approx(1 / 3, abs=0.06)


def test_a_third_of_any_cohort_has_pneumonia():
    for seed in range(20):
        diagnoses = [draw_subject(seed, number).diagnosis for number in range(14)]
        assert diagnoses[:12].count("Pneumonia") == 4
        assert 4 <= diagnoses.count("Pneumonia") <= 6


def test_pneumonia_brings_crackles_often_not_always_and_others_have_some(cohort):
    crackling = {name: [] for name in PROFILES}
    for subject, recordings in cohort:
        crackling[subject.diagnosis].append(any(one.cycles.crackle.any() for one in recordings))
    shares = {name: np.mean(found) for name, found in crackling.items()}
    assert 0.85 < shares["Pneumonia"] < 1
    assert shares["Heart failure"] > shares["COPD"] > shares["Healthy"] > 0


def test_wheezes_belong_to_asthma_and_copd(cohort):
    wheezing = {name: [] for name in PROFILES}
    for subject, recordings in cohort:
        wheezing[subject.diagnosis].append(
            np.mean([one.cycles.wheeze.mean() for one in recordings])
        )
    means = {name: np.mean(found) for name, found in wheezing.items()}
    assert min(means["Asthma"], means["COPD"]) > 0.25
    assert max(means["Pneumonia"], means["Heart failure"]) < 0.1
    assert means["Healthy"] == 0


def test_the_true_crackles_tell_pneumonia_well_but_not_perfectly(cohort):
    truth = [subject.diagnosis == "Pneumonia" for subject, _ in cohort]
    share = [np.mean([one.cycles.crackle.mean() for one in rows]) for _, rows in cohort]
    assert 0.88 < roc_auc_score(truth, share) < 0.97


def test_cycles_are_contiguous_and_lie_inside_the_recording(cohort):
    for _, recordings in cohort:
        for one in recordings:
            bounds, cycles = one.cycles.bounds_s, one.cycles
            assert 0 <= bounds[0] < 0.31
            assert bounds[-1] == pytest.approx(one.duration_s, abs=0.002)
            assert bounds[-1] <= one.duration_s
            assert np.all(np.diff(bounds) > 1)
            breath_s = cycles.in_length_s + cycles.out_length_s
            assert np.all(breath_s < np.diff(bounds) + 0.002)


def test_crackles_and_wheezes_fall_into_the_cycles_that_are_labelled(cohort):
    for _, recordings in cohort:
        for one in recordings:
            bounds = one.cycles.bounds_s
            cycle = np.searchsorted(bounds, one.crackles.start_s, side="right") - 1
            counts = np.bincount(cycle, minlength=len(bounds) - 1)
            np.testing.assert_array_equal(counts >= 3, one.cycles.crackle)
            assert np.all(counts[~one.cycles.crackle] == 0)
            starts, ends = one.wheezes.start_s, one.wheezes.start_s + one.wheezes.length_s
            cycle = np.searchsorted(bounds, starts, side="right") - 1
            np.testing.assert_array_equal(cycle, np.flatnonzero(one.cycles.wheeze))
            assert np.all(ends <= bounds[cycle + 1])


def test_wheezes_keep_to_100_to_1000_hz_and_last_over_80_ms(cohort):
    for _, recordings in cohort:
        for one in recordings:
            wheezes = one.wheezes
            assert np.all(wheezes.length_s > 0.08)
            for end in (1.0, 1 + wheezes.drift):
                lowest = wheezes.fundamental_hz * end
                assert np.all(lowest > 100)
                assert np.all(lowest * wheezes.harmonics.shape[1] < 1000)


def test_fine_crackles_are_short_and_coarse_ones_longer(cohort):
    for subject, recordings in cohort:
        low, high = (0.004, 0.007) if subject.fine else (0.009, 0.015)
        for one in recordings:
            assert np.all((one.crackles.two_cycle_s >= low) & (one.crackles.two_cycle_s <= high))


def test_a_plan_depends_on_seed_subject_and_recording_only():
    one, same = (draw_recording(1, 4, 1, 20.0, draw_subject(1, 4)) for _ in range(2))
    assert one.stem == same.stem
    np.testing.assert_array_equal(one.crackles.start_s, same.crackles.start_s)
    for seed, number, index in [(2, 4, 1), (1, 5, 1), (1, 4, 0)]:
        other = draw_recording(seed, number, index, 20.0, draw_subject(seed, number))
        assert other.level_db != one.level_db


def test_children_are_listed_by_weight_and_height_and_adults_by_bmi(cohort):
    children = [subject for subject, _ in cohort if subject.age < 18]
    assert children
    for subject, _ in cohort:
        assert (subject.bmi is None) == (subject.age < 18) == (subject.child_height is not None)
        assert subject.child_weight is None or 8 < subject.child_weight < 100
