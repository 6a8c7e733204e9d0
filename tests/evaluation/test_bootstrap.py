"""Intervals by subject: what is drawn, how often they cover, and when they are refused."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from pipeline.evaluation.bootstrap import (
    BootstrapSettings,
    describe,
    draw_subjects,
    exact_limits,
    interval,
    why_no_interval,
)
from pipeline.evaluation.metrics import count_rows, figures


def test_every_draw_keeps_the_number_of_positive_and_of_negative_subjects():
    subject = np.repeat(np.arange(10), 3)
    positive = np.zeros(30, dtype=bool)
    positive[[0, 3, 4]] = True  # subjects 0 and 1, by one and by two of their rows
    weights = draw_subjects(positive, subject, 500, np.random.default_rng(0))
    assert weights.shape == (500, 10)
    assert (weights[:, :2].sum(axis=1) == 2).all()
    assert (weights[:, 2:].sum(axis=1) == 8).all()
    assert len(np.unique(weights, axis=0)) > 400


def test_the_same_generator_draws_the_same_subjects():
    arguments = np.array([1, 0, 0, 1]), np.arange(4), 50
    first = draw_subjects(*arguments, np.random.default_rng(7))
    again = draw_subjects(*arguments, np.random.default_rng(7))
    other = draw_subjects(*arguments, np.random.default_rng(8))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def one_study(rng, n_subjects=30, n_clips=4, d=1.0):
    """Draw a study of which the subjects' true AUROC and sensitivity are known."""
    truth = np.repeat([1, 0], n_subjects)
    ranking = rng.normal(d * truth, 1.0)
    subject = np.repeat(np.arange(2 * n_subjects), n_clips)
    return np.repeat(truth, n_clips), np.repeat(ranking, n_clips), subject


def test_95_percent_intervals_cover_the_truth_about_95_percent_of_the_time():
    rng = np.random.default_rng(0)
    d, n_studies = 1.0, 300
    # Normal scores a distance d apart: AUROC = Phi(d / sqrt 2), sensitivity at d / 2 = Phi(d / 2).
    truths = {"auroc": 0.5 * (1 + math.erf(d / 2)), "sensitivity": 0.5 * (1 + math.erf(d / 8**0.5))}
    covered = dict.fromkeys(truths, 0)
    for _ in range(n_studies):
        truth, ranking, subject = one_study(rng, d=d)
        weights = draw_subjects(truth, subject, 300, rng)
        draws = figures(truth, ranking, ranking >= d / 2, subject, weights)
        for name, value in truths.items():
            low, high = interval(draws[name], 0.95)
            covered[name] += low <= value <= high
    # Three standard errors of 300 studies are 3.8 %; the percentile bootstrap is a bit narrow.
    assert 0.89 <= covered["auroc"] / n_studies <= 0.985
    assert 0.89 <= covered["sensitivity"] / n_studies <= 0.985


def test_clips_of_one_subject_do_not_narrow_the_interval():
    widths = []
    for n_clips in (1, 20):
        truth, ranking, subject = one_study(np.random.default_rng(3), n_clips=n_clips)
        weights = draw_subjects(truth, subject, 400, np.random.default_rng(4))
        low, high = interval(
            figures(truth, ranking, ranking > 0.5, subject, weights)["auroc"], 0.95
        )
        widths.append(high - low)
    assert widths[1] == pytest.approx(widths[0], rel=1e-9)


@pytest.mark.parametrize(
    ("truth", "refused"),
    [
        ([1, 0, 0, 0], {"sensitivity", "score", "auroc", "average_precision"}),
        ([1, 1, 1, 0], {"specificity", "score", "auroc", "average_precision"}),
        ([0, 0, 0, 0], {"sensitivity", "score", "auroc", "average_precision"}),
        ([1, 1, 0, 0], set()),
    ],
)
def test_intervals_need_two_subjects_of_each_class_they_rest_on(truth, refused):
    counts = count_rows(np.array(truth), np.arange(4))
    reasons = {name: why_no_interval(name, counts) for name in refused | {"specificity"}}
    assert {name for name, reason in reasons.items() if reason} == refused


def test_subjects_with_rows_of_both_kinds_allow_an_interval_of_specificity():
    counts = count_rows(np.array([1, 0, 1, 0]), np.array([0, 0, 1, 1]))
    assert counts.n_negative_subjects == 0
    assert why_no_interval("specificity", counts) is None


def test_a_figure_that_is_mostly_undefined_gets_no_interval():
    assert interval(np.array([np.nan] * 10 + [0.5] * 90), 0.95) is None
    assert interval(np.array([]), 0.95) is None
    assert interval(np.array([0.5] * 100), 0.95) == [0.5, 0.5]


def test_undefined_figures_are_none_with_a_reason_and_never_nan():
    truth, subject = np.zeros(4), np.arange(4)
    counts = count_rows(truth, subject)
    once, draws = np.ones((1, 4)), draw_subjects(truth, subject, 20, np.random.default_rng(0))
    arrays = (truth, np.arange(4.0), truth, subject)
    told = describe(figures(*arrays, once), figures(*arrays, draws), counts, BootstrapSettings(20))
    assert told["auroc"] == {
        "value": None,
        "reason": "there are no positives",
        "interval": None,
        "interval_reason": "there are no positives",
    }
    assert told["specificity"]["value"] == 1.0


def described(truth, called, subject=None, **options):
    """Return the figures of rows, each of a subject of its own unless told otherwise."""
    truth, called = np.array(truth), np.array(called)
    subject = np.arange(len(truth)) if subject is None else np.array(subject)
    weights = draw_subjects(truth, subject, 200, np.random.default_rng(0))
    arrays = truth, called.astype(float), called, subject
    point, draws = figures(*arrays, np.ones((1, subject.max() + 1))), figures(*arrays, weights)
    counts = count_rows(truth, subject)
    return describe(point, draws, counts, BootstrapSettings(200), **options)


@pytest.mark.parametrize("n", [2, 8, 40])
def test_a_rate_of_0_or_1_has_the_exact_interval_of_its_subjects(n):
    truth = [1] * n + [0] * n
    wrong, right = described(truth, 1 - np.array(truth)), described(truth, truth)
    for measure in ("sensitivity", "specificity"):
        exact = binomtest(0, n).proportion_ci(0.95, "exact")
        assert wrong[measure]["interval"] == pytest.approx([exact.low, exact.high])
        exact = binomtest(n, n).proportion_ci(0.95, "exact")
        assert right[measure]["interval"] == pytest.approx([exact.low, exact.high])


def test_rows_of_the_same_subjects_make_a_perfect_rate_no_surer():
    truth, subject = np.array([1] * 8 + [0] * 4), np.arange(12)
    alone = described(truth, truth)["sensitivity"]["interval"]
    often = described(np.repeat(truth, 30), np.repeat(truth, 30), np.repeat(subject, 30))
    assert often["sensitivity"]["interval"] == alone


def test_with_a_rate_below_the_exact_limit_all_rows_are_right_at_most_as_often_as_it_says():
    rng = np.random.default_rng(0)
    n_subjects, n_rows, n_studies = 8, 3, 20_000
    limit = exact_limits(1.0, n_subjects, 0.95)[0]
    # Each person has a rate of their own; its mean over all people is a bit below the limit.
    mean = limit - 0.01
    rates = rng.beta(mean / 10, (1 - mean) / 10, (n_studies, n_subjects, 1))
    perfect = (rng.random((n_studies, n_subjects, n_rows)) < rates).all(axis=(1, 2)).mean()
    assert 0 < perfect <= 0.025


def test_one_subject_gives_a_perfect_rate_no_interval():
    told = described([1, 0, 0], [1, 0, 0])
    assert told["sensitivity"]["interval"] is None
    assert "at least two subjects" in told["sensitivity"]["interval_reason"]
    assert told["specificity"]["interval"] is not None


def test_a_perfect_auroc_is_as_sure_as_the_pairs_that_share_no_subject():
    told = described([1] * 6 + [0] * 18, [1] * 6 + [0] * 18)
    assert told["auroc"]["interval"] == pytest.approx([0.025 ** (1 / 6), 1.0])
    wrong = described([1] * 6 + [0] * 18, [0] * 6 + [1] * 18)
    assert wrong["auroc"]["interval"] == pytest.approx([0.0, 1 - 0.025 ** (1 / 6)])
    # Six subjects with rows of both kinds make three pairs.
    mixed = described([1, 0] * 6, [1, 0] * 6, np.repeat(np.arange(6), 2))
    assert mixed["auroc"]["interval"] == pytest.approx([0.025 ** (1 / 3), 1.0])


def test_with_an_auroc_below_the_exact_limit_all_pairs_are_right_at_most_as_often_as_it_says():
    rng = np.random.default_rng(0)
    n_positive, n_negative, n_studies = 4, 4, 20_000
    limit = exact_limits(1.0, n_positive, 0.95)[0]
    d = -0.4
    assert limit - 0.02 < 0.5 * (1 + math.erf(d / 2)) < limit
    lowest = rng.normal(d, 1, (n_studies, n_positive)).min(axis=1)
    perfect = (lowest > rng.normal(0, 1, (n_studies, n_negative)).max(axis=1)).mean()
    assert 0 < perfect <= 0.025


def test_other_figures_have_no_interval_where_all_draws_are_alike():
    told = described([1, 1, 1, 0, 0, 0], [1, 1, 1, 0, 0, 0])
    for measure in ("score", "average_precision"):
        assert told[measure]["value"] == 1.0
        assert told[measure]["interval"] is None
        assert "every draw of subjects gives the same figure" in told[measure]["interval_reason"]
    half = described([1, 1, 1, 1, 0, 0], [1, 0, 1, 0, 1, 0], [0, 0, 1, 1, 2, 3])
    assert (half["sensitivity"]["value"], half["sensitivity"]["interval"]) == (0.5, None)


def test_what_was_not_observed_has_no_exact_interval():
    told = described([1, 1, 0, 0], [0, 0, 0, 0], observed=False, width_reason="so it is")
    assert told["specificity"]["interval"] is None
    assert told["specificity"]["interval_reason"] == "so it is"
