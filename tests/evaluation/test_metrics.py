"""Figures against scikit-learn's, and exact classes against a count by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

from pipeline.evaluation.classes import combine, exact_figures
from pipeline.evaluation.curves import MAX_POINTS, curves
from pipeline.evaluation.metrics import (
    MEASURES,
    confusion,
    count_rows,
    figures,
    subject_indices,
    why_undefined,
)

# Few distinct values, so that ties are the rule.
ROWS = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.5, 0.7, 1.0]), st.integers(0, 4)),
    min_size=2,
    max_size=40,
)


def once(truth, probability, threshold=0.5):
    index = np.arange(len(truth))
    found = figures(truth, probability, probability >= threshold, index, np.ones((1, len(truth))))
    return {name: values[0] for name, values in found.items()}


@given(ROWS)
@settings(max_examples=150, deadline=None)
def test_figures_equal_scikit_learns_ties_included(rows):
    truth = np.array([row[0] for row in rows])
    probability = np.array([row[1] for row in rows])
    found = once(truth, probability)
    if truth.all() or not truth.any():
        assert np.isnan(found["auroc"])
        assert np.isnan(found["average_precision"])
        return
    predicted = probability >= 0.5
    assert found["auroc"] == pytest.approx(roc_auc_score(truth, probability), abs=1e-12)
    average = average_precision_score(truth, probability)
    assert found["average_precision"] == pytest.approx(average, abs=1e-12)
    assert found["sensitivity"] == pytest.approx(predicted[truth].mean())
    assert found["specificity"] == pytest.approx((~predicted[~truth]).mean())
    assert found["score"] == pytest.approx((found["sensitivity"] + found["specificity"]) / 2)


@given(ROWS, st.lists(st.integers(0, 3), min_size=5, max_size=5))
@settings(max_examples=100, deadline=None)
def test_a_subjects_weight_is_the_same_as_its_rows_repeated(rows, weights):
    truth, probability, subject = (np.array(column) for column in zip(*rows, strict=True))
    weighted = figures(
        truth, probability, probability >= 0.5, subject, np.array([weights], dtype=float)
    )
    times = np.array(weights)[subject]
    repeated = once(np.repeat(truth, times).astype(bool), np.repeat(probability, times))
    for name in MEASURES:
        assert weighted[name][0] == pytest.approx(repeated[name], abs=1e-12, nan_ok=True)


def test_ranking_in_chunks_changes_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    truth, probability = rng.random(50) < 0.4, rng.random(50).round(1)
    weights = rng.integers(0, 3, (20, 50)).astype(float)
    arguments = (truth, probability, probability >= 0.5, np.arange(50), weights)
    whole = figures(*arguments)
    monkeypatch.setattr("pipeline.evaluation.metrics._CHUNK", 170)
    for name, values in figures(*arguments).items():
        np.testing.assert_array_equal(values, whole[name])


def test_a_crackle_called_wheeze_is_a_miss_of_exact_classes():
    truth = combine(np.array([0, 0, 1, 1, 0, 1]), np.array([0, 0, 0, 0, 1, 1]))
    called = combine(np.array([0, 1, 1, 0, 0, 1]), np.array([0, 0, 0, 1, 1, 0]))
    assert truth.tolist() == [0, 0, 1, 1, 2, 3]
    found = exact_figures(truth, called, np.arange(6), np.ones((1, 6)))
    # Of four abnormal rows a crackle and a wheeze keep their class; one of two normals does.
    assert found["sensitivity"][0] == pytest.approx(2 / 4)
    assert found["specificity"][0] == pytest.approx(1 / 2)
    assert found["score"][0] == pytest.approx(1 / 2)
    assert confusion(truth, called, 4) == [[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 0], [0, 1, 0, 0]]


def test_counts_tell_positive_subjects_from_subjects_with_negatives():
    names, index = subject_indices(["b", "a", "b", "c"])
    counts = count_rows(np.array([1, 0, 0, 1]), index)
    assert names == ["a", "b", "c"]
    assert (counts.n_rows, counts.n_positive, counts.n_negative) == (4, 2, 2)
    assert (counts.n_positive_subjects, counts.n_negative_subjects) == (2, 1)
    assert counts.n_subjects_with_negative == 2


def test_undefined_figures_say_why():
    index = np.arange(3)
    none_positive = count_rows(np.zeros(3), index)
    none_negative = count_rows(np.ones(3), index)
    nobody = count_rows(np.zeros(0), np.zeros(0, dtype=int))
    assert why_undefined("specificity", none_positive) is None
    assert why_undefined("auroc", none_positive) == "there are no positives"
    assert why_undefined("sensitivity", none_negative) is None
    assert why_undefined("average_precision", none_negative) == "there are no negatives"
    assert why_undefined("sensitivity", nobody) == "there is nothing to score"


def test_the_drawn_roc_encloses_the_auroc_and_pr_equals_scikit_learns():
    rng = np.random.default_rng(1)
    truth = rng.random(150) < 0.3
    probability = (rng.random(150) + truth * 0.5).round(2) / 2
    drawn = curves(truth, probability)
    area = np.trapezoid(drawn["roc"]["tpr"], drawn["roc"]["fpr"])
    assert area == pytest.approx(roc_auc_score(truth, probability), abs=1e-5)
    precision, recall, _ = precision_recall_curve(truth, probability)
    np.testing.assert_allclose(drawn["pr"]["recall"], recall[:-1][::-1], atol=1e-6)
    np.testing.assert_allclose(drawn["pr"]["precision"], precision[:-1][::-1], atol=1e-6)


def test_curves_are_short_and_keep_their_ends():
    rng = np.random.default_rng(2)
    truth, probability = rng.random(5000) < 0.5, rng.random(5000)
    drawn = curves(truth, probability)
    assert len(drawn["roc"]["fpr"]) <= MAX_POINTS
    assert (drawn["roc"]["fpr"][0], drawn["roc"]["tpr"][-1]) == (0.0, 1.0)
    assert drawn["pr"]["recall"][-1] == 1.0
    assert curves(np.ones(4), np.arange(4.0)) is None
