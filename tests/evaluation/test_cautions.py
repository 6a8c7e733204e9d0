"""What is said of the data at the top of a report: few people, unknown people, people twice."""

import pytest

from pipeline.evaluation.cautions import KINDS, crossing_of, find_cautions, sort_notes
from pipeline.evaluation.gravity import gravest_first


def said(context):
    return gravest_first(find_cautions(context))


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


def kinds(notes, overlap=None):
    """Return the kinds of notes that there are any of."""
    return {kind: found for kind, found in sort_notes(notes, overlap or {}).items() if found}


def test_who_stands_on_both_sides_is_a_warning_and_other_notes_keep_their_order():
    found = kinds(NOTES, {"subjects": ["icbhi/156"], "audio": []})
    assert found == {"crossing": [NOTES[1]], "notes": [NOTES[0], NOTES[2]]}
    assert said(found) == [NOTES[1]]


def test_identical_audio_on_two_sides_is_a_warning():
    note = "2 recordings stand on two sides in identical copies (a; b): figures are optimistic."
    found = kinds([note, "Kept."], {"subjects": [], "audio": ["x"]})
    assert found == {"crossing": [note], "notes": ["Kept."]}


def test_without_overlap_a_note_on_who_was_moved_stays_a_note():
    assert kinds(NOTES, {"subjects": [], "audio": []}) == {"notes": NOTES}
    assert kinds(NOTES) == {"notes": NOTES}


def test_overlap_that_no_note_speaks_of_is_said_all_the_same():
    found = kinds(["Kept."], {"subjects": [], "audio": ["a" * 64]})
    told = "1 identical recording on both sides of the split: figures are optimistic."
    assert found == {"crossing": [told], "notes": ["Kept."]}


@pytest.mark.parametrize(
    ("note", "kind"),
    [
        ("A development sample: 9 of 80 subjects; its figures are no result.", "sample"),
        ("The same ids occur in folder and folder-x: 1, 2: they may stand on both sides.", "same"),
        ("The same id occurs in folder and folder-x: 1: they may stand on both sides.", "same"),
        ("Left out because not understood: 3 events of folder (rale 3).", "not_understood"),
    ],
)
def test_notes_that_warn_are_warnings_even_beside_an_overlap(note, kind):
    for overlap in ({}, {"subjects": ["icbhi/156"], "audio": []}):
        found = kinds([*NOTES[:2], note], overlap)
        assert found[{"same": "same_ids"}.get(kind, kind)] == [note]
        assert note in said(found)
        assert note not in found["notes"]


def test_the_gravest_comes_first():
    context = {kind: [kind] for kind in KINDS}
    context |= {"excluded": [{"dataset": "folder", "reason": "no subjects.csv"}]}
    context |= {"inspection": {"counts": {"error": 1}}}
    order = ["sample", "crossing", "folder", "same_ids", "not_understood", "The inspection"]
    assert [
        text.split(":")[0][: len(want)] for text, want in zip(said(context), order, strict=True)
    ] == order


ABSENT = {"icbhi": ["annotation files: 3 in a", "official split: 100 of train, 80 of test"]}
PART = (
    "icbhi: only part of the published split is on disk (missing: 100 of train, 80 of test): "
    "figures do not compare with published ones."
)


@pytest.mark.parametrize("mode", ["official", "official-clean", "official-clean+grouped"])
def test_an_official_split_that_is_not_all_on_disk_is_not_the_published_one(mode):
    assert said({"split_mode": mode, "absent": ABSENT}) == [PART]
    assert said({"folds": {"0": {"split_mode": mode}}, "absent": ABSENT}) == [PART]
    assert said({"split_mode": mode, "absent": {}}) == []
    annotated = {"sprsound": ["annotation files: 3 in train"]}
    assert (
        "(missing: annotation files: 3 in train)"
        in said({"split_mode": mode, "absent": annotated})[0]
    )


@pytest.mark.parametrize("mode", ["grouped", "file", None])
def test_other_splits_are_never_compared_with_published_ones(mode):
    assert said({"split_mode": mode, "absent": ABSENT}) == []


def test_a_data_set_whose_official_split_is_not_used_is_not_compared():
    notes = ["icbhi: the official split is not used: why. Its subjects were dealt."]
    context = {"split_mode": "official-clean+grouped", "absent": ABSENT, "notes": notes}
    assert said(context) == []


def test_what_the_model_may_know_of_the_test_side_is_counted():
    nobody = {"subjects": 0, "audio": 0, "unknown": False}
    assert crossing_of({}) == nobody
    assert crossing_of({"overlap": {"subjects": 2, "audio": 0}}) == nobody | {"subjects": 2}
    assert crossing_of({"same_ids": ["The same id occurs in a and b."]})["unknown"]
    assert crossing_of({"excluded": [{"dataset": "a", "reason": "no subjects.csv"}]})["unknown"]


def test_an_empty_context_says_nothing():
    assert said({}) == []
    keys = ("sides", "folds", "excluded", "inspection", "absent", "notes", "split_mode", *KINDS)
    assert said(dict.fromkeys(keys)) == []
