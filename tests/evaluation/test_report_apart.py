"""What the report says of folds, of parts and of the classes that are scored."""

import numpy as np
import pytest

from pipeline.evaluation.report import render_report
from pipeline.evaluation.strokes import turned
from pipeline.evaluation.svg import DASHES, MARKERS, SERIES
from pipeline.evaluation.wording import decimal
from tests.evaluation.cohorts import any_cohort, cohort
from tests.evaluation.report_page import CONTEXT, Page


@pytest.fixture(scope="module")
def apart(score, fitted):
    """Return (metrics, page) of three folds with two parts."""
    table = any_cohort("sprsound-1-2", 24, seed=3)
    last = table["subject_id"].str[-1].astype(int)
    table = table.assign(fold=(last % 3).astype(str), part=np.where(last < 5, "inter", "intra"))
    models = dict.fromkeys(("0", "1", "2"), fitted["sprsound-1-2"])
    metrics = score("sprsound-1-2", table, models)
    folds = {
        name: {
            "split_mode": "grouped",
            "split_hash": f"{name}{'ab' * 32}",
            "model": "resnet",
            "n_epochs": 31,
            "sides": {"train": {"subjects": 40 + int(name)}},
        }
        for name in models
    }
    whole = {name: value for name, value in CONTEXT.items() if name not in ("sides", "fold")}
    return metrics, Page(render_report(metrics, table, whole | {"folds": folds}))


def test_folds_stand_in_a_section_with_their_split_model_epochs_and_figure(apart):
    metrics, page = apart
    assert "Folds: every subject tested once, by a model that had not seen them" in page.words
    assert "AUROC over pooled folds mixes the probabilities of several models" in page.words
    for fold in metrics["folds"]:
        figure = fold["figures"]["challenge_score"]
        low, high = (decimal(one) for one in figure["interval"])
        row = (
            f"{fold['name']} grouped {fold['name']}abababababa resnet 31 {fold['n_subjects']} "
            f"{fold['counts']['n_positive_subjects']} {decimal(figure['value'])} {low} to {high}"
        )
        assert row in page.words
    assert "fold 2, train 42" in page.words


def test_parts_stand_in_a_table_with_the_pooled_figures(apart):
    metrics, page = apart
    section = page.words[page.words.index("Reported apart Exact") :]
    section = section[: section.index("Folds: every")]
    for row in metrics["parts"]:
        value = decimal(row["figures"]["challenge_score"]["value"])
        assert f"{row['name']} {row['n_subjects']}" in section
        assert value in section
    pooled = section[section.index("pooled 24") :]
    assert decimal(metrics["main"]["value"]) in pooled


def test_a_report_without_parts_and_folds_has_no_such_sections(pages):
    assert "Reported apart" not in pages["sprsound-1-2"].words
    assert "Folds" not in pages["sprsound-1-2"].words


def test_a_fold_without_positives_shows_a_dash_and_the_reason(score, fitted):
    table = cohort("pneumonia", seed=3)
    fold = np.where(table["true_pneumonia"] + (table["subject_id"].str[-1] == "2") > 0, "0", "1")
    table = table.assign(fold=fold)
    metrics = score("pneumonia", table, dict.fromkeys(("0", "1"), fitted["pneumonia"]))
    words = Page(render_report(metrics, table, {})).words
    section = words[words.index("Folds: every") : words.index("Every figure")]
    assert "1 15 0 –" in section
    assert "there are no positives" in section


def test_subjects_tested_twice_are_said_in_the_heading(score, fitted):
    table = cohort("pneumonia", seed=3)
    table = table.assign(fold=table["recording_id"].str[-1])
    metrics = score("pneumonia", table, dict.fromkeys(("0", "1"), fitted["pneumonia"]))
    words = Page(render_report(metrics, table, {})).words
    assert "every recording tested once" in words
    assert "24 subjects tested in more than one fold" in words


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        ("sprsound-1-2", "SPRSound challenge score per clip"),
        ("sprsound-2-2", "Rows of class poor quality leave both denominators"),
        ("icbhi-diagnosis", "Score of exact classes per subject"),
        ("crackle_wheeze", "ICBHI four-class score per clip"),
        ("crackle_wheeze", "Sensitivity counts abnormal rows given exactly their own class"),
    ],
)
def test_the_report_says_what_sensitivity_counts(problem, said, pages):
    assert said in pages[problem].words


@pytest.mark.parametrize("problem", ["icbhi-diagnosis", "crackle_wheeze"])
def test_the_challenges_figures_stand_only_where_they_are_asked_for(problem, pages):
    assert "Harmonic" not in pages[problem].words
    assert "Challenge score" not in pages[problem].words
    assert "Harmonic score" in pages["sprsound-2-2"].words


@pytest.mark.parametrize("shapes", [DASHES, MARKERS])
def test_sixteen_curves_are_told_apart_by_colour_and_shape(shapes):
    strokes = [(SERIES[index % 4], turned(shapes, index)) for index in range(16)]
    assert len(set(strokes)) == 16


def test_the_sides_of_many_classes_stand_in_columns(scored):
    positive = {"positive_subjects": dict.fromkeys("abcdefghi", 5)}
    sides = {side: {"subjects": 40, **positive} for side in ("train", "val", "test")}
    words = Page(render_report(*scored["sprsound-1-2"], {"sides": sides})).words
    assert "Count of Train Val Test subjects 40 40 40 positive subjects a 5 5 5" in words
