"""How clips become recordings and subjects, and which tables are refused."""

import io

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import EvaluationError
from pipeline.evaluation.checks import check_predictions
from pipeline.evaluation.levels import exact_levels, join_predictions, level_tables
from pipeline.problems import problem_named
from tests.evaluation.cohorts import PROBLEMS, as_clips, cohort, exclusive_cohort

LABELS = ("crackle", "wheeze")


def few_clips(**columns):
    """Return three clips of two recordings of one subject."""
    table = pd.DataFrame(
        {
            "clip_id": ["x/a#0", "x/a#1", "x/b#0"],
            "recording_id": ["x/a", "x/a", "x/b"],
            "subject_id": "x-1",
            "dataset": "x",
            "event_duration_s": [1.0, 2.0, 3.0],
            "recording_duration_s": [10.0, 10.0, 40.0],
            "weak": 0,
            "true_pneumonia": [0, 1, 0],
            "prob_pneumonia": [0.2, 0.8, 0.5],
        }
    )
    return table.assign(**columns)


def levels_of(table, problem="pneumonia"):
    return level_tables(table, ("pneumonia",), PROBLEMS[problem].aggregation)


def test_pneumonia_averages_clips():
    tables = levels_of(few_clips())
    assert tables["recording"]["prob_pneumonia"].tolist() == pytest.approx([0.5, 0.5])
    assert tables["subject"]["prob_pneumonia"].tolist() == pytest.approx([0.5])


def test_crackles_and_wheezes_take_the_highest_clip():
    tables = levels_of(few_clips(), "crackle_wheeze")
    assert tables["recording"]["prob_pneumonia"].tolist() == [0.8, 0.5]
    assert tables["subject"]["prob_pneumonia"].tolist() == [0.8]


def test_one_positive_clip_makes_its_recording_and_subject_positive():
    tables = levels_of(few_clips())
    assert tables["recording"]["true_pneumonia"].tolist() == [1, 0]
    assert tables["subject"]["true_pneumonia"].tolist() == [1]


def test_a_subjects_duration_is_the_mean_of_recordings_not_of_clips():
    tables = levels_of(few_clips())
    assert tables["clip"]["duration_s"].tolist() == [1.0, 2.0, 3.0]
    assert tables["recording"]["duration_s"].tolist() == [10.0, 40.0]
    assert tables["subject"]["duration_s"].tolist() == [25.0]


def test_weak_clips_count_per_recording_but_never_per_clip():
    tables = levels_of(few_clips(weak=[0, 1, 1]))
    assert tables["clip"]["id"].tolist() == ["x/a#0"]
    assert tables["recording"]["id"].tolist() == ["x/a", "x/b"]
    assert tables["recording"]["n_clips"].tolist() == [2, 1]


def test_an_empty_table_gives_empty_levels():
    tables = levels_of(few_clips().iloc[:0])
    assert [len(table) for table in tables.values()] == [0, 0, 0]


def test_a_table_read_back_from_csv_gives_the_same_levels():
    table = cohort()
    again = pd.read_csv(io.StringIO(table.to_csv(index=False)))
    check_predictions(again, PROBLEMS["crackle_wheeze"])
    for level, expected in level_tables(
        table, LABELS, PROBLEMS["crackle_wheeze"].aggregation
    ).items():
        found = level_tables(again, LABELS, PROBLEMS["crackle_wheeze"].aggregation)[level]
        pd.testing.assert_frame_equal(found, expected, check_dtype=False)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("prob_pneumonia", np.nan, "probabilities"),
        ("prob_pneumonia", 1.2, "probabilities"),
        ("true_pneumonia", 2, "0 or 1"),
        ("true_pneumonia", np.nan, "0 or 1"),
        ("weak", 3, "0 or 1"),
        ("event_duration_s", np.nan, "seconds"),
    ],
)
def test_values_that_cannot_be_scored_are_refused_by_name(column, value, said):
    table = few_clips()
    table[column] = table[column].astype(float)
    table.loc[1, column] = value
    with pytest.raises(EvaluationError, match=said) as caught:
        check_predictions(table, PROBLEMS["pneumonia"])
    assert column in str(caught.value)
    assert "x/a#1" in str(caught.value)


def test_missing_columns_and_double_clips_are_refused():
    with pytest.raises(EvaluationError, match="prob_pneumonia"):
        check_predictions(few_clips().drop(columns="prob_pneumonia"), PROBLEMS["pneumonia"])
    with pytest.raises(EvaluationError, match="more than once"):
        check_predictions(few_clips(clip_id="x/a#0"), PROBLEMS["pneumonia"])


def test_probabilities_are_joined_by_clip_whatever_their_order():
    table = cohort()
    clips = as_clips(table, LABELS)
    probabilities = table[["clip_id", "prob_crackle", "prob_wheeze"]].sample(frac=1, random_state=0)
    joined = join_predictions(clips, probabilities, LABELS)
    assert joined["clip_id"].tolist() == clips["clip_id"].tolist()
    assert joined["prob_wheeze"].tolist() == table["prob_wheeze"].tolist()
    assert joined["true_crackle"].tolist() == table["true_crackle"].tolist()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda table: table.iloc[1:], "1 clips without one"),
        (lambda table: pd.concat([table, table.iloc[:1]]), "1 clips twice"),
        (lambda table: table.replace("icbhi/101_0#0", "icbhi/999#0"), "1 rows for unknown clips"),
    ],
)
def test_probabilities_that_do_not_match_the_clips_are_refused(change, said):
    table = cohort()
    probabilities = change(table[["clip_id", "prob_crackle", "prob_wheeze"]])
    with pytest.raises(EvaluationError, match=said):
        join_predictions(as_clips(table, LABELS), probabilities, LABELS)


@pytest.mark.parametrize(
    ("name", "levels"),
    [
        ("pneumonia", ()),
        ("crackle_wheeze", ("clip", "recording", "subject")),
        ("sprsound-1-2", ("clip",)),
        ("sprsound-2-2", ("clip", "recording")),
        ("icbhi-diagnosis", ("clip", "recording", "subject")),
    ],
)
def test_rows_have_one_exact_class_up_to_the_level_that_labels_live_on(name, levels):
    assert exact_levels(problem_named(name)) == levels


@pytest.mark.parametrize("truths", [(0, 0), (1, 1)])
def test_a_clip_of_none_or_of_two_exclusive_classes_is_refused(truths):
    table = exclusive_cohort()
    table.loc[5, [name for name in table if name.startswith("true_")]] = 0
    table.loc[5, ["true_normal", "true_stridor"]] = truths
    with pytest.raises(EvaluationError, match="exactly one 1") as caught:
        check_predictions(table, PROBLEMS["sprsound-1-2"])
    assert repr(table.loc[5, "clip_id"]) in str(caught.value)


def test_a_subject_tested_in_two_folds_has_a_row_for_each():
    table = few_clips(fold=["a", "b", "b"])
    tables = levels_of(table)
    assert tables["subject"][["id", "fold"]].to_numpy().tolist() == [["x-1", "a"], ["x-1", "b"]]
    assert tables["subject"]["prob_pneumonia"].tolist() == pytest.approx([0.2, 0.65])
    assert tables["subject"]["duration_s"].tolist() == [10.0, 25.0]
    assert tables["recording"]["n_clips"].tolist() == [1, 1, 1]


def test_the_part_of_the_test_side_stays_with_the_predictions():
    clips = as_clips(cohort().assign(part="inter-test"), LABELS)
    probabilities = cohort()[["clip_id", "prob_crackle", "prob_wheeze"]]
    assert set(join_predictions(clips, probabilities, LABELS)["part"]) == {"inter-test"}
