"""Exclusive classes: exact hits, the challenge's score, what leaves it, one against the rest."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, recall_score, roc_auc_score

from pipeline.errors import EvaluationError
from pipeline.evaluation.classes import best_blind_figures, combined, exact_figures
from pipeline.evaluation.decisions import Decisions
from tests.evaluation.cohorts import EXCLUSIVE, PROBLEMS, exclusive_cohort
from tests.evaluation.conftest import SETTINGS

EVENTS, RECORDS = "sprsound-1-2", "sprsound-2-2"


def called_as(problem, pairs):
    """Return predictions: per (true class, called class) one recording of a subject of its own."""
    labels = PROBLEMS[problem].labels
    table = exclusive_cohort(problem, len(pairs), 1)
    for label in labels:
        table[f"true_{label}"] = [int(true == label) for true, _ in pairs]
        table[f"prob_{label}"] = [0.4 if called == label else 0.1 for _, called in pairs]
    return table


def classes_of(metrics, level):
    return metrics["levels"][level]["classes"]


def values(block):
    return {name: one["value"] for name, one in block["figures"].items()}


def test_the_challenge_score_of_events_counts_exact_types(score):
    pairs = [
        *[("normal", "normal")] * 3, ("normal", "wheeze"),
        *[("wheeze", "wheeze")] * 2, ("wheeze", "fine_crackle"),
        ("fine_crackle", "fine_crackle"), ("fine_crackle", "normal"), ("rhonchi", "wheeze"),
    ]  # fmt: skip
    metrics = score(EVENTS, called_as(EVENTS, pairs))
    # Three of six adventitious events have their own type, three of four normals are so called.
    assert values(classes_of(metrics, "clip")) == {
        "sensitivity": pytest.approx(3 / 6),
        "specificity": pytest.approx(3 / 4),
        "score": pytest.approx(0.625),
        "harmonic_score": pytest.approx(0.6),
        "challenge_score": pytest.approx(0.6125),
    }
    main = metrics["main"]
    assert (main["level"], main["target"]) == ("clip", "classes")
    assert (main["measure"], main["value"]) == ("challenge_score", pytest.approx(0.6125))


def test_poor_recordings_leave_both_denominators_but_calling_others_so_is_an_error(score):
    scored_pairs = [
        ("normal", "normal"), ("normal", "normal"), ("normal", "poor_quality"),
        ("cas", "cas"), ("das", "poor_quality"),
    ]  # fmt: skip
    poor = [*[("poor_quality", "poor_quality")] * 3, *[("poor_quality", c) for c in ("cas", "das")]]
    metrics = score(RECORDS, called_as(RECORDS, scored_pairs + poor))
    block = classes_of(metrics, "recording")
    # Se 1/2, Sp 2/3: AS 7/12, HS 4/7.
    assert values(block)["challenge_score"] == pytest.approx((7 / 12 + 4 / 7) / 2)
    assert (block["counts"]["n_positive"], block["counts"]["n_negative"]) == (2, 3)
    assert block["n_not_scored"] == 5
    place = PROBLEMS[RECORDS].exact_classes.index("poor_quality")
    assert sum(block["confusion"][place]) == 5
    without = score(RECORDS, called_as(RECORDS, scored_pairs))
    assert values(classes_of(without, "recording")) == values(block)


def test_always_normal_scores_a_quarter(score):
    for problem, level in ((EVENTS, "clip"), (RECORDS, "recording")):
        table = exclusive_cohort(problem, 12, seed=3)
        for label in PROBLEMS[problem].labels:
            table[f"prob_{label}"] = 0.9 if label == "normal" else 0.01
        block = classes_of(score(problem, table), level)
        assert values(block)["challenge_score"] == 0.25
        assert values(block["trivial"]["always_normal"])["challenge_score"] == 0.25


@pytest.mark.parametrize("problem", EXCLUSIVE)
def test_each_class_against_the_rest_equals_scikit_learns(problem, scored, fitted):
    metrics, predictions = scored[problem]
    asked = PROBLEMS[problem]
    decisions = Decisions({"": fitted[problem]}, "0.5", asked)
    for level, table in decisions.tables(predictions).items():
        block = metrics["levels"][level]
        if block["by_largest"]:
            truth = table[[f"true_{name}" for name in asked.exact_classes]].to_numpy().argmax(1)
            largest = table[[f"prob_{name}" for name in asked.exact_classes]].to_numpy().argmax(1)
            recalls = recall_score(truth, largest, average=None, labels=range(len(asked.labels)))
        for label in asked.labels:
            figures = block["labels"][label]["figures"]
            truth, ranking = table[f"true_{label}"], table[f"prob_{label}"]
            if not 0 < truth.sum() < len(truth):
                assert figures["auroc"]["value"] is None
                continue
            assert figures["auroc"]["value"] == pytest.approx(roc_auc_score(truth, ranking))
            average = average_precision_score(truth, ranking)
            assert figures["average_precision"]["value"] == pytest.approx(average)
            expected = (ranking[truth == 1] >= 0.5).mean()
            if block["by_largest"]:
                expected = recalls[asked.exact_classes.index(label)]
            assert figures["sensitivity"]["value"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("problem", "levels"),
    [
        (EVENTS, ["clip"]),
        (RECORDS, ["clip", "recording"]),
        ("icbhi-diagnosis", ["clip", "recording", "subject"]),
    ],
)
def test_exact_classes_are_scored_only_where_a_row_has_one(problem, levels, scored):
    found = scored[problem][0]["levels"]
    assert [level for level, one in found.items() if "classes" in one] == levels
    assert [level for level, one in found.items() if one["by_largest"]] == levels
    assert scored[problem][0]["classes"][0] == PROBLEMS[problem].normal


def test_a_tie_goes_to_the_first_class_and_the_order_of_columns_changes_nothing(score):
    pairs = [("cas", "cas"), ("normal", "normal"), ("normal", "cas")]
    table = called_as(RECORDS, pairs).assign(prob_normal=0.4)
    assert values(classes_of(score(RECORDS, table), "recording"))["sensitivity"] == 0.0
    turned = table[table.columns[::-1]]
    assert score(RECORDS, turned) == score(RECORDS, table)


def test_a_threshold_from_validation_is_refused(score):
    with pytest.raises(EvaluationError, match="largest probability"):
        score(EVENTS, exclusive_cohort(EVENTS), threshold="validation")


def test_a_subject_of_two_classes_is_counted_in_neither_and_said(score):
    problem, table = "icbhi-diagnosis", exclusive_cohort("icbhi-diagnosis", 12)
    chosen = table["recording_id"] == table["recording_id"].iloc[0]
    was = next(n for n in PROBLEMS[problem].labels if table.loc[chosen, f"true_{n}"].iloc[0])
    other = "chronic" if was != "chronic" else "healthy"
    table.loc[chosen, [f"true_{was}", f"true_{other}"]] = [0, 1]
    metrics = score(problem, table)
    block = classes_of(metrics, "subject")
    assert (block["n_several"], block["counts"]["n_rows"]) == (1, 11)
    assert any("1 subject of the test side is of several" in one for one in metrics["warnings"])


def odd_sides(problem):
    """Return degenerate test sides by name."""
    table = exclusive_cohort(problem, 12, seed=3)
    labels = PROBLEMS[problem].labels
    last, first = labels[-1], labels[0]

    def only(label):
        return {f"true_{name}": int(name == label) for name in labels}

    return {
        "empty": table.iloc[:0],
        "one clip": table.iloc[:1],
        "one subject": table[table["subject_id"] == table["subject_id"].iloc[0]],
        "a class missing": table[table[f"true_{last}"] == 0],
        "all normal": table.assign(**only(first)),
        "all of the last class": table.assign(**only(last)),
        "constant": table.assign(**{f"prob_{name}": 1 / len(labels) for name in labels}),
        "one duration": table.assign(event_duration_s=2.0, recording_duration_s=20.0),
        "weak only": table.assign(weak=1),
    }


ODD = [(problem, name) for problem in EXCLUSIVE for name in odd_sides(EXCLUSIVE[0])]


@pytest.mark.parametrize(("problem", "name"), ODD)
def test_odd_test_sides_give_strict_json_and_reasons(problem, name, score):
    metrics = score(problem, odd_sides(problem)[name], n_bootstrap=100)
    assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics
    for level in metrics["levels"].values():
        for block in [*level["labels"].values(), *filter(None, [level.get("classes")])]:
            for figure in block["figures"].values():
                assert (figure["value"] is None) == (figure["reason"] is not None)


def test_where_all_rows_are_of_a_class_that_is_not_scored_nothing_is_scored(score):
    metrics = score(RECORDS, odd_sides(RECORDS)["all of the last class"])
    assert metrics["main"]["value"] is None
    assert metrics["main"]["reason"] == "there is nothing to score"


def test_without_labelled_events_the_first_adventitious_class_is_reported_per_recording(score):
    main = score(EVENTS, odd_sides(EVENTS)["weak only"])["main"]
    assert (main["level"], main["target"], main["measure"]) == ("recording", "rhonchi", "auroc")
    assert main["moved"] is not None


def test_nan_is_refused(score):
    table = exclusive_cohort(EVENTS)
    table.loc[2, "prob_stridor"] = np.nan
    with pytest.raises(EvaluationError, match="prob_stridor"):
        score(EVENTS, table)


# Shares of rows: nothing between 0 and one row in a million.
RATES = st.integers(0, 10**6).map(lambda n: n / 10**6)


@given(RATES, RATES)
def test_the_harmonic_mean_is_never_above_the_mean_and_zero_with_either_rate(one, other):
    mean, harmonic = (float(each) for each in combined(np.array(one), np.array(other)))
    assert harmonic <= mean + 1e-12
    assert (harmonic == 0) == (one * other == 0)


def test_a_rate_that_is_undefined_leaves_no_score():
    found = exact_figures(np.array([0, 0]), np.array([0, 1]), np.arange(2), np.ones((1, 2)))
    assert found["specificity"][0] == 0.5
    assert np.isnan([found[name][0] for name in ("sensitivity", "harmonic_score", "score")]).all()


def test_answers_by_lot_reach_more_than_always_normal_in_the_challenge():
    two = best_blind_figures(np.array([0, 1]))
    assert two["score"] == pytest.approx(0.5)
    # Half of either: AS and HS are both a half.
    assert two["challenge_score"] == pytest.approx(0.5)
    many = best_blind_figures(np.array([0, 1, 2, 3, 4]))
    assert 0.25 < many["challenge_score"] < 0.5
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1, 2, 3, 4], 4000)
    for share in (0.3, 0.6, 0.8):
        drawn = np.where(rng.random(len(truth)) < share, 0, 1)
        arrays = truth, drawn, np.zeros(len(truth), int), np.ones((1, 1))
        assert exact_figures(*arrays)["challenge_score"][0] <= many["challenge_score"] + 0.01


def test_a_model_that_draws_lots_is_told_so(score):
    table = exclusive_cohort(EVENTS, 42, skill=0.0, seed=4)
    assert any("guessing" in one for one in score(EVENTS, table)["warnings"])
    skilled = exclusive_cohort(EVENTS, 42, skill=6.0, seed=4)
    assert not any("guessing" in one for one in score(EVENTS, skilled)["warnings"])


def test_few_subjects_of_many_classes_are_told_in_one_sentence(score):
    metrics = score(EVENTS, exclusive_cohort(EVENTS, 5), min_positive_subjects=10)
    found = [one for one in metrics["warnings"] if "Fewer than ten subjects" in one]
    assert len(found) == 1
    assert "wheeze crackle" in found[0]
    assert SETTINGS["min_positive_subjects"] == 10
    none = score(EVENTS, exclusive_cohort(EVENTS, 5), min_positive_subjects=0)
    assert not [one for one in none["warnings"] if "subjects: on the" in one]
