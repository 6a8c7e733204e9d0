"""What is said of the data at the top of a report: few people, unknown people, people twice."""

import pytest

from pipeline.evaluation.cautions import crossing_notes, find_cautions


def metrics(labels=("pneumonia",), enough=10, exclusive=False):
    return {
        "labels": list(labels),
        "classes": list(labels) if exclusive else [],
        "exclusive": exclusive,
        "label_level": "event" if exclusive else "subject",
        "settings": {"min_positive_subjects": enough},
    }


def side(**positive):
    return {"subjects": 50, "positive_subjects": positive}


def said(context, **about):
    return find_cautions(metrics(**about), context)


def test_each_side_with_few_positive_subjects_is_named():
    sides = {"train": side(pneumonia=9), "val": side(pneumonia=1), "test": side(pneumonia=3)}
    assert said({"sides": sides}) == [
        "Only nine subjects with pneumonia are on the train side.",
        "Only one subject with pneumonia is on the validation side.",
    ]


@pytest.mark.parametrize("n", [0, 10, 11])
def test_enough_subjects_and_none_are_not_few(n):
    assert said({"sides": {"val": side(pneumonia=n)}}) == []


def test_the_limit_is_a_setting():
    context = {"sides": {"val": side(pneumonia=9)}}
    assert said(context, enough=9) == []
    assert len(said(context, enough=10)) == 1


def test_many_classes_share_a_sentence():
    labels = ("normal", "rhonchi", "wheeze", "stridor")
    sides = {"val": side(normal=30, rhonchi=2, wheeze=9, stridor=1)}
    found = said({"sides": sides}, labels=labels, exclusive=True)
    assert found == [
        "Not all classes have ten subjects on the validation side: rhonchi (2), wheeze (9) and "
        "stridor (1)."
    ]


def test_over_folds_the_fewest_are_named_with_their_fold():
    folds = {
        str(fold): {"sides": {"train": side(pneumonia=20), "val": side(pneumonia=n)}}
        for fold, n in enumerate((4, 2, 3))
    }
    assert said({"folds": folds}) == [
        "Only two subjects with pneumonia are on the validation side of fold 1, the fewest of all "
        "folds."
    ]


@pytest.mark.parametrize("reason", ["no subjects.csv", "not in subjects.csv"])
def test_files_whose_person_is_unknown_are_a_warning(reason):
    rows = [{"dataset": "folder", "reason": reason}, {"dataset": "icbhi", "reason": "silent"}]
    found = said({"excluded": rows})
    assert len(found) == 1
    assert found[0].startswith("folder:")
    assert "cannot be ruled out" in found[0]


def test_findings_of_severity_error_are_a_warning_and_others_are_not():
    counts = {"error": 2, "warning": 5, "note": 1}
    assert "2 findings of severity error" in said({"inspection": {"counts": counts}})[0]
    assert said({"inspection": {"counts": counts | {"error": 0}}}) == []


NOTES = ["Tested on one.", "icbhi: 156 and 218 stand on both sides of the official split.", "Last."]


def test_who_stands_on_both_sides_is_a_warning_and_other_notes_keep_their_order():
    crossing, notes = crossing_notes(NOTES, {"subjects": ["icbhi/156"], "audio": []})
    assert (crossing, notes) == ([NOTES[1]], [NOTES[0], NOTES[2]])
    assert said({"crossing": crossing}) == crossing


def test_identical_audio_on_two_sides_is_a_warning():
    note = "2 audio(s) stand on two sides in identical copies (a; b): figures are optimistic."
    assert crossing_notes([note, "Kept."], {"subjects": [], "audio": ["x"]}) == ([note], ["Kept."])


def test_without_overlap_a_note_on_who_was_moved_stays_a_note():
    assert crossing_notes(NOTES, {"subjects": [], "audio": []}) == ([], NOTES)
    assert crossing_notes(NOTES, {}) == ([], NOTES)


def test_overlap_that_no_note_speaks_of_is_said_all_the_same():
    crossing, notes = crossing_notes(["Kept."], {"subjects": [], "audio": ["a" * 64]})
    assert crossing == ["1 identical recording on both sides of the split: figures are optimistic."]
    assert notes == ["Kept."]


def test_an_empty_context_says_nothing():
    assert said({}) == []
    assert said({"sides": None, "folds": None, "excluded": None, "inspection": None}) == []
