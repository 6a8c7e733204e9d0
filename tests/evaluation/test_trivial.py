"""The rule on duration alone: best on train, and never looking elsewhere."""

from itertools import product

import numpy as np
import pytest

from pipeline.evaluation.metrics import FOUR_CLASSES, four_classes
from pipeline.evaluation.trivial import (
    apply_duration_rule,
    apply_four_class_rule,
    fit_duration_rule,
)
from tests.evaluation.cohorts import LABELS, as_clips, cohort


def train(problem="crackle_wheeze", **changes):
    return as_clips(cohort(problem, 40, seed=5), LABELS[problem]).assign(**changes)


def fit(table, problem="crackle_wheeze"):
    return fit_duration_rule(table, LABELS[problem])


def score_of(truth, predicted):
    return (predicted[truth].mean() + (~predicted[~truth]).mean()) / 2


def test_a_clean_cut_is_found_in_both_directions():
    table = train()
    table["event_duration_s"] = np.where(table["crackle"] == 1, 0.5, 1.3)
    rule = fit(table)["clip"]["labels"]["crackle"]
    assert rule == {"cutoff_s": 0.9, "positive": "shorter", "score": 1.0, "reason": None}
    table["event_duration_s"] = np.where(table["crackle"] == 1, 1.3, 0.5)
    rule = fit(table)["clip"]["labels"]["crackle"]
    assert (rule["positive"], rule["score"]) == ("longer", 1.0)


def test_no_cutoff_scores_better_than_the_fitted_one():
    table = train()
    rule = fit(table)["clip"]["labels"]["wheeze"]
    truth, duration = table["wheeze"].to_numpy() == 1, table["event_duration_s"].to_numpy()
    tried = [
        max(score_of(truth, duration <= cut), score_of(truth, duration > cut))
        for cut in np.unique(duration)[:-1]
    ]
    predicted, _ = apply_duration_rule(rule, duration)
    assert rule["score"] == pytest.approx(max(tried))
    assert score_of(truth, predicted) == pytest.approx(rule["score"])


def test_no_four_class_cut_scores_better_than_the_fitted_one():
    table = train()
    rule = fit(table)["clip"]["four_class"]
    duration = table["event_duration_s"].to_numpy()
    truth = four_classes(table["crackle"].to_numpy(), table["wheeze"].to_numpy())

    def score(called):
        return (called == truth)[truth > 0].mean() / 2 + (called == truth)[truth == 0].mean() / 2

    tried = [
        score(np.where(duration <= cut, *pair))
        for cut, pair in product(np.unique(duration)[:-1], product(range(4), repeat=2))
    ]
    assert rule["score"] == pytest.approx(max(tried))
    assert score(apply_four_class_rule(rule, duration)) == pytest.approx(rule["score"])
    assert {rule["shorter"], rule["longer"]} <= set(FOUR_CLASSES)


def test_the_ranking_grows_with_how_likely_a_row_is_positive():
    shorter = {"cutoff_s": 1.0, "positive": "shorter"}
    predicted, ranking = apply_duration_rule(shorter, np.array([0.5, 1.0, 1.5]))
    assert predicted.tolist() == [True, True, False]
    assert np.argsort(-ranking).tolist() == [0, 1, 2]
    predicted, ranking = apply_duration_rule(shorter | {"positive": "longer"}, np.array([0.5, 1.5]))
    assert predicted.tolist() == [False, True]
    assert np.argsort(-ranking).tolist() == [1, 0]


def test_each_level_takes_its_own_duration():
    rules = fit(train("pneumonia"), "pneumonia")
    assert 20 < rules["subject"]["labels"]["pneumonia"]["cutoff_s"] < 31
    assert "four_class" not in rules["clip"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"crackle": 0, "wheeze": 0}, "the train side has only one class"),
        ({"event_duration_s": 2.0}, "all durations on the train side are equal"),
        ({"weak": 1}, "the train side has no rows at this level"),
    ],
)
def test_where_there_is_no_rule_the_reason_is_given(changes, reason):
    rules = fit(train(**changes))["clip"]
    assert rules["labels"]["crackle"]["reason"] == reason
    assert rules["four_class"]["reason"] == reason
    assert rules["four_class"]["cutoff_s"] is None
