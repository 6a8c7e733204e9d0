"""Copies of identical audio, and events: each found with its severity and action."""

import pytest

from pipeline.datasets.description import KEPT, LEFT_OUT, event_row, exclusion
from pipeline.inspection.findings import find_all
from tests.inspection.cohorts import cycles, events_of, inspected, rows_of, told


def test_identical_audio_of_one_subject_is_a_note():
    recordings = rows_of(subject=["1", "1", "2", "3"], content_hash=["x", "x", "y", "z"])
    rows = find_all([inspected(recordings)])
    assert list(rows["finding"]) == ["identical audio, one subject"]
    assert rows["which"][0] == "made/r0 = made/r1"


def test_identical_audio_of_two_subjects_is_a_warning():
    rows = find_all([inspected(rows_of(content_hash=["x", "y", "x", "z"]))])
    assert list(rows["finding"]) == ["identical audio, several subjects"]
    assert list(rows["action"]) == [KEPT]


def test_identical_audio_across_data_sets_is_found():
    first, second = rows_of("one", content_hash=list("abcd")), rows_of("two")
    second.loc[1, "content_hash"] = "c"
    rows = find_all([inspected(first), inspected(second)])
    assert list(rows["dataset"]) == ["one, two"]
    assert rows["which"][0] == "one/r2 = two/r1"


@pytest.mark.parametrize(
    "column", ["diagnosis", "record_label"], ids=lambda column: column.replace("_", " ")
)
def test_copies_under_conflicting_labels_are_errors_and_left_out(column):
    words = ["N", "n ", "Asthma", ""]
    recordings = rows_of(content_hash=["x", "x", "y", "y"], **{column: words})
    # Case and blanks are no conflict, and neither is what is unknown.
    assert "identical audio, conflicting labels" not in told(inspected(recordings))
    recordings.loc[3, column] = "COPD"
    rows = find_all([inspected(recordings)])
    found = rows[rows["finding"] == "identical audio, conflicting labels"]
    assert list(found["which"]) == ["made/r2 = made/r3"]
    assert list(found["severity"]) == ["error"]
    assert list(found["action"]) == [LEFT_OUT]
    assert "Asthma against COPD" in found["detail"].iloc[0]


def test_copies_of_nobody_known_that_contradict_are_told_once():
    words = ["N", "Asthma", "N", "N"]
    recordings = rows_of("folder", content_hash=["x", "x", "y", "y"], diagnosis=words)
    nobody = recordings.assign(subject_id="folder/file:" + recordings["path"].str[:-4])
    found = told(inspected(nobody))
    assert [which for which, _ in found["identical audio, conflicting labels"]] == [
        "folder/r0 = folder/r1"
    ]
    # Where the labels agree, that there are two of it is all there is to tell.
    assert [which for which, _ in found["identical audio, several subjects"]] == [
        "folder/r2 = folder/r3"
    ]
    known = recordings.assign(subject_id=["folder/A", "folder/B", "folder/C", "folder/D"])
    assert len(told(inspected(known))["identical audio, several subjects"]) == 2


@pytest.mark.parametrize("weak", [0, 1])
def test_copies_with_other_events_conflict(weak):
    recordings = rows_of(n=2, level="recording" if weak else "event", content_hash=["x", "x"])
    same = [event_row(name, 0.0, 6.0, "N", weak) for name in recordings["recording_id"]]
    assert "identical audio, conflicting labels" not in told(inspected(recordings, events_of(same)))
    other = [same[0], {**same[1], "type": "E W"}]
    found = told(inspected(recordings, events_of(other)))
    assert found["identical audio, conflicting labels"][0][1] == "events N against E W"


def test_events_that_are_missing_twice_or_overlapping_are_found():
    recordings = rows_of(n=5)
    names = list(recordings["recording_id"])
    rows = [event_row(name, 2.0 * k, 2.0 * k + 1, "normal") for name in names[:2] for k in range(3)]
    rows += [event_row(names[2], 1.0, 3.0, "wheeze"), event_row(names[2], 1.0, 3.0, "crackle")]
    rows += [event_row(names[3], 0.0, 5.0, "normal"), event_row(names[3], 1.0, 2.0, "normal")]
    rows += [event_row(names[3], 4.0, 6.0, "normal")]
    found = told(inspected(recordings, events_of(rows)))
    assert found["no events"] == [("made/r4", "6.0 s, labelled nothing as a whole")]
    assert found["event listed twice"] == [("made/r2", "1.00 to 3.00 s: wheeze and crackle")]
    # The long event reaches over the two that follow it.
    overlapping = dict(found["overlapping events"])
    assert overlapping["made/r3"] == "2 pairs, by 4.00 s at most"
    assert set(found) == {"no events", "event listed twice", "overlapping events"}


def test_gap_is_found_only_among_contiguous_cycles():
    recordings = rows_of(n=8)
    table = cycles(recordings)
    hole = table.drop(index=4)
    assert told(inspected(recordings, hole))["gap between cycles"] == [
        ("made/r1", "1 gap, 2.00 s in all")
    ]
    apart = table.assign(end_s=table["end_s"] - 0.5)
    assert told(inspected(recordings, apart)) == {}


def test_annotation_that_the_index_could_not_use_is_told_once():
    recordings = rows_of()
    table = cycles(recordings)
    row = exclusion("r0.txt", "made/r0", "event", "annotation missing", "no file", LEFT_OUT)
    data = inspected(recordings, table[table["recording_id"] != "made/r0"], [row])
    assert list(told(data)) == ["annotation missing"]


def test_poor_quality_needs_no_events_but_must_not_have_them():
    recordings = rows_of(n=3, record_label=["Poor Quality", "Poor Quality", "Normal"])
    table = cycles(recordings)
    found = told(inspected(recordings, table[table["recording_id"] != "made/r0"]))
    assert [which for which, _ in found["events contradict the recording"]] == ["made/r1"]
    assert set(found) == {"events contradict the recording"}


def test_label_of_the_whole_is_held_against_the_events():
    recordings = rows_of(n=4, record_label=["Normal", "CAS", "Normal", "CAS"])
    table = cycles(recordings)
    table.loc[table["recording_id"].isin(["made/r0", "made/r3"]), "type"] = "Wheeze"
    found = told(inspected(recordings, table))
    assert [which for which, _ in found["events contradict the recording"]] == [
        "made/r0",
        "made/r1",
    ]


def test_weak_events_are_not_held_against_each_other():
    recordings = rows_of(level="recording")
    rows = [event_row(name, 0.0, 6.0, "N", 1) for name in recordings["recording_id"]]
    assert told(inspected(recordings, events_of(rows))) == {}
    assert told(inspected(recordings, events_of([]))) == {}
