"""Few people on any side, for any label, are told in one warning."""

import pytest

from pipeline.evaluation.few import few_subjects, few_validated


def metrics(labels=("pneumonia",), enough=10, exclusive=False, **test):
    """Return what is read of `metrics.json`; `test` maps a label to (positive, negative)."""
    names = ("n_positive_subjects", "n_negative_subjects")
    counts = {label: dict(zip(names, n, strict=True)) for label, n in test.items()}
    return {
        "labels": list(labels),
        "classes": list(labels) if exclusive else [],
        "exclusive": exclusive,
        "label_level": "event" if exclusive else "subject",
        "settings": {"min_positive_subjects": enough, "threshold": "validation"},
        "main": {"level": "subject"},
        "levels": {"subject": {"labels": {name: {"counts": n} for name, n in counts.items()}}},
    }


def side(**positive):
    return {"subjects": 50, "positive_subjects": positive}


def said(context=None, **about):
    return list(few_subjects(metrics(**about), context or {}))


def test_all_sides_share_one_warning_and_the_test_side_comes_first():
    sides = {"train": side(pneumonia=9), "val": side(pneumonia=1), "test": side(pneumonia=6)}
    assert said({"sides": sides}, pneumonia=(6, 3)) == [
        "Fewer than ten subjects: on the test side with pneumonia (6) and without pneumonia (3); "
        "on the train side with pneumonia (9); on the validation side with pneumonia (1). One "
        "person more or less found on the test side changes a sensitivity per subject by 17 "
        "percentage points."
    ]


@pytest.mark.parametrize("n", [0, 10, 11])
def test_enough_subjects_and_none_are_not_few(n):
    assert said({"sides": {"val": side(pneumonia=n)}}, pneumonia=(n, n)) == []


def test_the_limit_is_a_setting():
    context = {"sides": {"val": side(pneumonia=9)}}
    assert said(context, enough=9) == []
    assert len(said(context, enough=10)) == 1


def test_exclusive_classes_are_named_by_themselves():
    labels = ("normal", "rhonchi", "wheeze", "stridor")
    sides = {"val": side(normal=30, rhonchi=2, wheeze=9, stridor=1)}
    test = {"normal": (40, 2), "rhonchi": (4, 38), "wheeze": (2, 40), "stridor": (0, 42)}
    assert said({"sides": sides}, labels=labels, exclusive=True, **test) == [
        "Fewer than ten subjects: on the test side rhonchi (4) and wheeze (2); on the validation "
        "side rhonchi (2), wheeze (9) and stridor (1). One person more or less found on the test "
        "side changes a sensitivity per subject by up to 50 percentage points."
    ]


def test_over_folds_the_fewest_are_named_with_their_fold():
    folds = {
        str(fold): {"sides": {"train": side(pneumonia=20), "val": side(pneumonia=n)}}
        for fold, n in enumerate((4, 2, 3))
    }
    assert said({"folds": folds}) == [
        "Fewer than ten subjects: on the validation side with pneumonia (2 in fold 1)."
    ]


def test_thresholds_from_few_people_share_one_warning():
    def entry(n):
        return {"threshold": 0.3, "n_positive_subjects": n}

    fitted = {"0": {"subject": {"pneumonia": entry(5)}}, "1": {"subject": {"pneumonia": entry(12)}}}
    assert list(few_validated(metrics(), fitted)) == [
        "Thresholds were fitted on few people of the validation side: pneumonia (5 positive "
        "subjects in fold 0)."
    ]
