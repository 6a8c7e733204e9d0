"""The rule on duration alone: best on train, and never looking elsewhere."""

from itertools import product

import numpy as np
import pytest

from pipeline.evaluation.classes import combine
from pipeline.evaluation.trivial import (
    apply_class_rule,
    apply_duration_rule,
    fit_duration_rule,
)
from tests.evaluation.cohorts import LABELS, PROBLEMS, as_clips, cohort, exclusive_cohort

FOUR = PROBLEMS["crackle_wheeze"].exact_classes


def train(problem="crackle_wheeze", **changes):
    return as_clips(cohort(problem, 40, seed=5), LABELS[problem]).assign(**changes)


def fit(table, problem="crackle_wheeze"):
    return fit_duration_rule(table, PROBLEMS[problem])


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


def test_no_cut_of_exact_classes_scores_better_than_the_fitted_one():
    table = train()
    rule = fit(table)["clip"]["classes"]
    duration = table["event_duration_s"].to_numpy()
    truth = combine(table["crackle"].to_numpy(), table["wheeze"].to_numpy())

    def score(called):
        return (called == truth)[truth > 0].mean() / 2 + (called == truth)[truth == 0].mean() / 2

    tried = [
        score(np.where(duration <= cut, *pair))
        for cut, pair in product(np.unique(duration)[:-1], product(range(4), repeat=2))
    ]
    assert rule["score"] == pytest.approx(max(tried))
    assert score(apply_class_rule(rule, duration, FOUR)) == pytest.approx(rule["score"])
    assert {rule["shorter"], rule["longer"]} <= set(FOUR)


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
    assert "classes" not in rules["clip"]


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
    assert rules["classes"]["reason"] == reason
    assert rules["classes"]["cutoff_s"] is None


def test_seven_classes_share_one_cut_and_rows_that_are_not_scored_do_not_count():
    problem = PROBLEMS["sprsound-2-2"]
    table = exclusive_cohort("sprsound-2-2", seed=5)
    clips = as_clips(table, problem.labels)
    clips["recording_duration_s"] = 10.0 + 5.0 * clips["normal"]
    longest = clips["poor_quality"] == 1
    rule = fit_duration_rule(clips, problem)["recording"]["classes"]
    assert (rule["cutoff_s"], rule["longer"]) == (12.5, "normal")
    adventitious = table.drop_duplicates("recording_id")[["true_cas", "true_das", "true_cas_das"]]
    most = adventitious.sum().max() / adventitious.sum().sum()
    assert rule["score"] == pytest.approx((1 + most) / 2)
    clips.loc[longest, "recording_duration_s"] = 99.0
    assert fit_duration_rule(clips, problem)["recording"]["classes"] == rule


def test_only_levels_with_exact_classes_have_a_rule_for_them():
    problem = PROBLEMS["sprsound-1-2"]
    rules = fit_duration_rule(as_clips(exclusive_cohort(), problem.labels), problem)
    assert "classes" in rules["clip"]
    assert "classes" not in rules["recording"]
    assert "classes" not in rules["subject"]
