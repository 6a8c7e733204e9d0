"""Parts of a test side and folds: each by its own model, reported apart, scored once as a whole."""

import copy
import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from pipeline.errors import EvaluationError
from tests.evaluation.cohorts import PROBLEMS, any_cohort, cohort, exclusive_cohort
from tests.evaluation.conftest import fit

FIGURES = ("sensitivity", "specificity", "score")


@pytest.fixture(scope="module")
def models():
    """Return the evaluation.json of three folds."""
    return {
        problem: {str(fold): fit(problem, seed=10 * fold + 1) for fold in range(3)}
        for problem in ("pneumonia", "crackle_wheeze", "sprsound-1-2")
    }


def folds_of(problem, n_subjects=30):
    """Return predictions of a cohort whose subjects are tested in three folds."""
    table = any_cohort(problem, n_subjects, seed=3)
    number = table["subject_id"].str.extract(r"(\d+)$")[0].astype(int)
    return table.assign(fold=(number // 4 % 3).astype(str))


def with_parts(problem="sprsound-1-2", n_subjects=24):
    table = any_cohort(problem, n_subjects, seed=3)
    inter = table["subject_id"].str[-1].isin(list("01234"))
    return table.assign(part=np.where(inter, "inter-test", "intra-test"))


@pytest.mark.parametrize("problem", ["pneumonia", "sprsound-1-2"])
def test_parts_are_what_each_scores_alone_and_the_whole_is_pooled(problem, score):
    table = with_parts(problem)
    metrics = score(problem, table)
    assert [part["name"] for part in metrics["parts"]] == ["inter-test", "intra-test"]
    for part in metrics["parts"]:
        own = table[table["part"] == part["name"]]
        alone = score(problem, own)["main"]
        assert part["figures"][alone["measure"]]["value"] == pytest.approx(alone["value"])
        assert part["counts"] == alone["counts"]
        assert part["n_clips"] == len(own)
        assert part["n_recordings"] == own["recording_id"].nunique()
        assert part["n_subjects"] == own["subject_id"].nunique()
    pooled = score(problem, table.drop(columns="part"))
    assert pooled["main"] == metrics["main"]
    assert pooled["parts"] == []


def test_one_part_alone_is_not_reported_apart_and_unnamed_rows_are_others(score):
    table = with_parts()
    assert score("sprsound-1-2", table.assign(part="inter-test"))["parts"] == []
    assert score("sprsound-1-2", table.assign(part=""))["parts"] == []
    table.loc[table["subject_id"].str.endswith("7"), "part"] = ""
    parts = score("sprsound-1-2", table)["parts"]
    assert [part["name"] for part in parts] == ["inter-test", "intra-test", "other"]
    assert sum(part["n_clips"] for part in parts) == len(table)


def test_a_part_without_positives_gives_the_reason(score):
    table = cohort("pneumonia", 24, seed=3)
    part = np.where(table["true_pneumonia"] == 0, "inter-test", "intra-test")
    inter, intra = score("pneumonia", table.assign(part=part))["parts"]
    assert inter["figures"]["auroc"]["value"] is None
    assert inter["figures"]["auroc"]["reason"] == "there are no positives"
    assert intra["figures"]["specificity"]["reason"] == "there are no negatives"


@pytest.mark.parametrize("problem", ["pneumonia", "crackle_wheeze", "sprsound-1-2"])
def test_pooling_folds_equals_pooling_by_hand(problem, score, models):
    table = folds_of(problem)
    metrics = score(problem, table, models[problem])
    # At a threshold of 0.5 it makes no difference which model called a row.
    one = score(problem, table.drop(columns="fold"), {"": models[problem]["0"]})
    for level, block in metrics["levels"].items():
        for label, scored in block["labels"].items():
            assert scored["figures"] == one["levels"][level]["labels"][label]["figures"]
    assert metrics["main"] == one["main"]
    assert [fold["name"] for fold in metrics["folds"]] == ["0", "1", "2"]
    assert sum(fold["n_clips"] for fold in metrics["folds"]) == len(table)
    for fold in metrics["folds"]:
        own = table[table["fold"] == fold["name"]].drop(columns="fold")
        alone = score(problem, own, {"": models[problem][fold["name"]]})["main"]
        assert fold["figures"][alone["measure"]]["value"] == pytest.approx(alone["value"])
    assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics


def test_each_row_is_called_at_the_threshold_of_its_own_fold(score, models):
    table = folds_of("pneumonia")
    metrics = score("pneumonia", table, models["pneumonia"], threshold="validation")
    chosen = {
        fold: one["thresholds"]["recording"]["pneumonia"]["threshold"]
        for fold, one in models["pneumonia"].items()
    }
    assert len(set(chosen.values())) == 3
    rows = table.groupby("recording_id").agg(
        fold=("fold", "first"), truth=("true_pneumonia", "max"), prob=("prob_pneumonia", "mean")
    )
    called = rows["prob"] >= rows["fold"].map(chosen)
    block = metrics["levels"]["recording"]["labels"]["pneumonia"]
    assert block["threshold"] is None
    assert block["figures"]["sensitivity"]["value"] == pytest.approx(called[rows.truth == 1].mean())
    assert block["figures"]["specificity"]["value"] == pytest.approx(
        (~called[rows.truth == 0]).mean()
    )


def test_each_row_is_guessed_by_the_rule_on_duration_of_its_own_fold(score, models):
    changed = copy.deepcopy(models["crackle_wheeze"])
    for fold, cutoff in zip(changed, (0.5, 1.5, 3.0), strict=True):
        changed[fold]["duration_rule"]["clip"]["labels"]["wheeze"] |= {
            "cutoff_s": cutoff,
            "positive": "shorter",
            "reason": None,
        }
    table = folds_of("crackle_wheeze")
    row = score("crackle_wheeze", table, changed)["levels"]["clip"]["labels"]["wheeze"]["trivial"]
    figures = row["duration"]["figures"]
    cutoffs = table["fold"].map({"0": 0.5, "1": 1.5, "2": 3.0})
    called, truth = table["event_duration_s"] <= cutoffs, table["true_wheeze"] == 1
    assert figures["sensitivity"]["value"] == pytest.approx(called[truth].mean())
    assert figures["specificity"]["value"] == pytest.approx((~called[~truth]).mean())
    expected = roc_auc_score(truth, -table["event_duration_s"])
    assert figures["auroc"]["value"] == pytest.approx(expected)
    assert set(row["duration"]["rule"]["folds"]) == {"0", "1", "2"}


def test_rules_in_different_directions_have_rates_but_no_auroc(score, models):
    changed = copy.deepcopy(models["crackle_wheeze"])
    for fold, direction in zip(changed, ("shorter", "longer", "shorter"), strict=True):
        changed[fold]["duration_rule"]["clip"]["labels"]["wheeze"] |= {"positive": direction}
    metrics = score("crackle_wheeze", folds_of("crackle_wheeze"), changed)
    row = metrics["levels"]["clip"]["labels"]["wheeze"]["trivial"]["duration"]
    assert row["figures"]["score"]["value"] is not None
    for kind in ("figures", "difference"):
        assert row[kind]["auroc"]["value"] is None
        assert "different directions" in row[kind]["auroc"]["reason"]
        assert row[kind]["average_precision"]["interval"] is None


def test_a_fold_without_a_rule_takes_the_row_away_and_says_which(score, models):
    changed = copy.deepcopy(models["crackle_wheeze"])
    changed["1"]["duration_rule"]["clip"]["classes"] |= {"reason": "no rows", "cutoff_s": None}
    metrics = score("crackle_wheeze", folds_of("crackle_wheeze"), changed)
    row = metrics["levels"]["clip"]["classes"]["trivial"]["duration"]
    assert row["reason"] == "fold 1: no rows"
    assert "figures" not in row


def test_a_subject_tested_in_two_folds_counts_as_one_subject_with_two_rows(score, models):
    table = folds_of("pneumonia")
    second = table["recording_id"].str.endswith("_1") & table["subject_id"].str.endswith("101")
    table.loc[second, "fold"] = "2"
    table.loc[~second & table["subject_id"].str.endswith("101"), "fold"] = "0"
    counts = score("pneumonia", table, models["pneumonia"])["levels"]["subject"]["labels"]
    assert counts["pneumonia"]["counts"]["n_rows"] == 31
    assert counts["pneumonia"]["counts"]["n_subjects"] == 30


def test_folds_that_do_not_fit_their_models_are_refused(score, models):
    table = folds_of("pneumonia")
    with pytest.raises(EvaluationError, match="'2'"):
        score("pneumonia", table, {fold: models["pneumonia"][fold] for fold in ("0", "1")})
    changed = copy.deepcopy(models["pneumonia"])
    changed["1"]["aggregation"]["subject"] = "max"
    with pytest.raises(EvaluationError, match="one way from clips"):
        score("pneumonia", table, changed)
    twice = pd.concat([table, table.iloc[:1].assign(fold="1")], ignore_index=True)
    with pytest.raises(EvaluationError, match="more than once"):
        score("pneumonia", twice, models["pneumonia"])


def test_a_fold_of_one_subject_and_a_class_missing_in_a_fold_are_no_error(score, models):
    problem = "sprsound-1-2"
    table = exclusive_cohort(problem, 12, seed=3)
    table["fold"] = np.where(table["subject_id"] == table["subject_id"].iloc[0], "0", "1")
    table = table[(table["fold"] == "1") | (table["true_normal"] == 1)]
    metrics = score(problem, table, {fold: models[problem][fold] for fold in ("0", "1")})
    assert metrics["folds"][0]["n_subjects"] == 1
    assert metrics["folds"][0]["figures"]["sensitivity"]["reason"] == "there are no positives"
    assert metrics["main"]["value"] is not None


def test_the_order_of_rows_and_folds_changes_no_figure(score, models):
    table = folds_of("sprsound-1-2")
    turned = dict(reversed(models["sprsound-1-2"].items()))
    found = score("sprsound-1-2", table.sample(frac=1, random_state=1), turned)
    expected = score("sprsound-1-2", table, models["sprsound-1-2"])
    assert (
        found["levels"]["clip"]["classes"]["figures"]
        == (expected["levels"]["clip"]["classes"]["figures"])
    )
    assert set(PROBLEMS["sprsound-1-2"].labels) == set(found["levels"]["clip"]["labels"])
