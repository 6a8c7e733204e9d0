"""Known defects are found with their severity and action; clean data sets have none."""

import numpy as np
import pandas as pd
import pytest

from pipeline.datasets.description import GRAVE, KEPT, LEFT_OUT, REPAIRED, event_row, exclusion
from pipeline.inspection.concerned import concerned
from pipeline.inspection.findings import count_by_severity, find_all, write_findings
from pipeline.inspection.kinds import COLUMNS, KINDS, SEVERITIES, TOPICS
from pipeline.inspection.verdict import groups
from pipeline.tables import read_table
from tests.inspection.cohorts import breath, cycles, events_of, heard, inspected, rows_of


def told(*data) -> dict[str, list[tuple[str, str]]]:
    """Return the findings of data sets: words -> (what is concerned, detail)."""
    found = {}
    for row in find_all(data).itertuples():
        found.setdefault(row.finding, []).append((row.which, row.detail))
    return found


def test_clean_recordings_give_no_finding(tmp_path):
    assert told(heard(tmp_path, [breath(seed) for seed in range(4)])) == {}


def test_clean_tables_give_no_finding():
    assert find_all([inspected(rows_of())]).empty


def test_every_finding_is_one_of_the_kinds_with_its_severity_and_action(tmp_path):
    sounds = [np.clip(breath(0), -0.1, 0.1), breath(1) + 0.2, breath(2), breath(3)]
    sounds[2][10000:20000] = 0
    rows = find_all([heard(tmp_path, sounds)])
    assert len(rows) == 3
    assert tuple(rows.columns) == COLUMNS
    for row in rows.itertuples():
        kind = KINDS[row.finding]
        assert (row.severity, row.topic, row.action) == (kind.severity, kind.topic, kind.action)


def test_kinds_keep_to_the_words():
    for kind in KINDS.values():
        assert kind.severity in SEVERITIES
        assert kind.topic in TOPICS
        assert kind.action in (KEPT, REPAIRED, LEFT_OUT)
        assert kind.meaning.endswith(".")


def test_heard_defects_name_their_recording(tmp_path):
    sounds = [breath(seed) for seed in range(4)]
    sounds[1] = np.clip(sounds[1], -0.1, 0.1)
    sounds[2] += 0.2
    sounds[3][12000:24000] = 0
    found = told(heard(tmp_path, sounds))
    assert {words: [which for which, _ in rows] for words, rows in found.items()} == {
        "clipped": ["made/r1"],
        "large DC offset": ["made/r2"],
        "silent in part": ["made/r3"],
    }
    assert "25.0 % of 6.0 s" in found["silent in part"][0][1]


@pytest.mark.parametrize(
    ("measures", "words", "severity"),
    [
        ({"clipped_share": 0.01}, "clipped", "warning"),
        ({"clipped_share": 0.009}, "slightly clipped", "note"),
        ({"clipped_share": 0.0009}, None, None),
        ({"silent_share": 0.1}, "silent in part", "warning"),
        ({"silent_share": 0.05}, "short silence", "note"),
        ({"silent_share": 0.009}, None, None),
        ({"dc_offset": -0.1, "dc_to_rms": 0.6}, "large DC offset", "warning"),
        ({"dc_offset": 0.01, "dc_to_rms": 0.2}, "DC offset", "note"),
        ({"dc_offset": 0.001, "dc_to_rms": 0.9}, None, None),
        ({"dc_offset": 0.1, "dc_to_rms": 0.09}, None, None),
        ({"bandwidth_hz": 500.0, "sample_rate": 2000}, "narrow bandwidth", "warning"),
        ({"bandwidth_hz": 2000.0, "sample_rate": 44100}, "sample rate above content", "note"),
        ({"header_defect": "nBlockAlign is 4, not 2"}, "header repaired", "note"),
        ({"n_channels": 2}, "several channels", "note"),
        ({"problem": "unreadable", "detail": "gone"}, "recording cannot be read", "error"),
    ],
)
def test_limits_of_audio_findings(measures, words, severity):
    rows = find_all([inspected(rows_of(), measures={2: measures})])
    assert list(rows["finding"]) == ([words] if words else [])
    assert list(rows["severity"]) == ([severity] if severity else [])


def test_unreadable_recording_counts_for_nothing_else():
    broken = {"problem": "truncated", "bandwidth_hz": 0.0, "sample_rate": 0}
    assert list(told(inspected(rows_of(), measures={0: broken}))) == ["recording cannot be read"]


def test_empty_band_of_many_files_is_one_row_per_rate_and_device():
    wide = {"bandwidth_hz": 2000.0, "sample_rate": 44100}
    data = inspected(rows_of(device=["A", "A", "B", "B"]), measures={0: wide, 1: wide, 2: wide})
    rows = told(data)["sample rate above content"]
    assert [which for which, _ in rows] == ["44.1 kHz, A", "44.1 kHz, B"]
    assert "2 of 2 recordings" in rows[0][1]
    assert "nothing above 2 kHz" in rows[0][1]


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


def test_subject_that_contradicts_itself_is_found():
    recordings = rows_of(
        subject=["1", "1", "2", "2"],
        sex=["F", "M", "F", ""],
        diagnosis=["asthma", "Asthma", "COPD", "N"],
        age=[50.0, 51.5, 30.0, None],
        device=["A", "B", "A", "A"],
    )
    found = told(inspected(recordings))
    contradictions = found["subject contradicts itself"]
    assert [which for which, _ in contradictions] == ["made/1", "made/2"]
    assert contradictions[0][1].startswith("sex")
    assert contradictions[1][1].startswith("diagnosis")
    assert found["several ages for one subject"] == [("made/1", "50, 51.5")]
    assert found["several devices for one subject"] == [("made/1", "A 1, B 1")]


def test_subject_of_whom_nothing_is_known_is_named():
    recordings = rows_of(age=[None, 50.0, None, 50.0], sex=["", "F", "F", ""])
    assert told(inspected(recordings))["subject without metadata"] == [("made/0", "no age, no sex")]


def test_data_set_without_any_ages_is_one_row():
    found = told(inspected(rows_of(age=None, sex="")))
    assert [which for which, _ in found["subject without metadata"]] == [""]


def test_rates_that_differ_within_a_device_are_found():
    recordings = rows_of(sample_rate=[4000, 44100, 8000, 8000], device=["A", "A", "B", "B"])
    found = told(inspected(recordings))
    assert found["sample rate not tied to device"] == [("A", "4 kHz 1, 44.1 kHz 1 recordings")]
    assert len(found["several sample rates"]) == 1


def official(n=8, sides=("train", "test"), **columns):
    return inspected(rows_of(n=n, **columns), official_sides=sides)


def test_subject_on_both_sides_is_a_warning():
    sides = ["train", "test"] * 4
    found = told(official(subject=list("11345678"), official_side=sides))
    assert found == {"subject on several sides": [("made/1", "test 1, train 1 recordings")]}


def test_side_of_known_people_is_one_note():
    sides = ("train", "inter-test", "intra-test")
    on = ["train", "train", "inter-test", "intra-test", "intra-test", "inter-test", "train"]
    found = told(official(7, sides, subject=list("1231245"), official_side=on))
    assert found["all subjects of a side in train"] == [
        ("intra-test", "2 of its 2 subjects are in train, too")
    ]
    assert "subject on several sides" not in found


def test_side_that_is_not_on_disk_is_named():
    found = told(official(official_side="train"))
    assert [which for which, _ in found["side not on disk"]] == ["test"]
    assert "class on one side only" not in found


def test_class_that_is_all_on_one_side_is_named():
    words = ["Pneumonia", "Pneumonia", "COPD", "COPD", "COPD", "copd", "COPD", "COPD"]
    recordings = rows_of(n=8, diagnosis=words, official_side=["train"] * 4 + ["test"] * 4)
    data = inspected(
        recordings, official_sides=("train", "test"), classes={"diagnosis": (), "type": ()}
    )
    assert told(data) == {
        "class on one side only": [("diagnosis Pneumonia", "2 subjects, all on the train side")]
    }


def test_device_that_shifts_between_sides_is_named():
    devices = ["A", "A", "A", "B", "A", "B", "B", "B"]
    sides = ["train"] * 4 + ["test"] * 4
    found = told(official(device=devices, official_side=sides))
    assert dict(found["device shifts between sides"])["A"] == (
        "3 of 4 train recordings, 1 of 4 test recordings"
    )
    even = told(official(device=["A", "B"] * 4, official_side=sides))
    assert even == {}


@pytest.mark.parametrize(
    ("what", "action", "severity", "topic"),
    [
        ("recording", LEFT_OUT, "error", "recordings left out"),
        ("event", LEFT_OUT, "warning", "events"),
        ("event", REPAIRED, "note", "events"),
        ("metadata", KEPT, "warning", "names and metadata"),
        ("metadata", REPAIRED, "note", "names and metadata"),
        ("subject", KEPT, "warning", "names and metadata"),
    ],
)
def test_rows_of_the_index_become_findings(what, action, severity, topic):
    row = exclusion("a.wav", "made/r0", what, "odd thing: location", "seen", action)
    (found,) = find_all([inspected(rows_of(), excluded=[row])]).to_dict("records")
    assert found == {
        "dataset": "made",
        "severity": severity,
        "topic": topic,
        "what": what,
        "which": "made/r0",
        "finding": "odd thing",
        "detail": "location: seen",
        "action": action,
    }


def test_folder_without_subjects_is_a_warning():
    row = exclusion("", "", "subject", "no subjects.csv", "4 recordings, the first: a.wav", KEPT)
    rows = find_all([inspected(rows_of("folder"), excluded=[row])])
    assert list(rows["severity"]) == ["warning"]


@pytest.mark.parametrize("reason", GRAVE)
def test_folder_that_was_not_read_as_it_was_meant_is_an_error(reason):
    row = exclusion("", "", "metadata", reason, "4 recordings, the first: a.wav", KEPT)
    rows = find_all([inspected(rows_of("folder"), excluded=[row])])
    assert list(rows["severity"]) == ["error"]
    assert groups(rows, 5)[0].meaning.endswith(".")
    assert groups(rows, 5)[0].meaning != "It is used as it is."


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("no subjects.csv", "subject", "", "59 recordings, the first: a.wav")], "59 recordings"),
        ([("not in subjects.csv", "subject", "", "1 recording, the first: a")], "1 recording"),
        ([("truncated", "recording", f"made/{k}", "cut") for k in "aab"], "2 recordings"),
        ([("zero length", "event", "made/a", "x")] * 3, "3 events"),
        ([("same", "audio", "a = b", "x"), ("same", "audio", "b = c", "x")], "3 recordings"),
        ([("twice", "subject", "made/1", "1, 2")], "1 subject"),
        ([("file missing", "metadata", "", "no file")], "1 finding"),
        ([("rate", "device", "44.1 kHz", "2 of 1,003 recordings")], "2 recordings"),
        ([("side", "data set", "intra", "2 of its 2 subjects are in train")], "2 subjects"),
        ([("rates", "data set", "", "4 kHz 3, 8 kHz 1 recordings")], "1 data set"),
        (
            [("odd", "metadata", "", "2 lines, the first: x"), ("odd", "event", "made/a", "x")],
            "2 lines and 1 event",
        ),
    ],
)
def test_what_is_concerned_is_counted_and_not_rows(rows, said):
    table = pd.DataFrame(rows, columns=["finding", "what", "which", "detail"])
    assert concerned(table) == said


def test_worst_comes_first_and_counts_add_up(tmp_path):
    rows = [
        exclusion("a", "", "metadata", "alias used", "", REPAIRED),
        exclusion("b", "", "recording", "truncated", "", LEFT_OUT),
        exclusion("c", "", "event", "zero length", "", LEFT_OUT),
    ]
    found = find_all([inspected(rows_of(), excluded=rows)])
    assert list(found["severity"]) == ["error", "warning", "note"]
    assert count_by_severity(found) == {"error": 1, "warning": 1, "note": 1}
    assert count_by_severity(found[:0]) == {"error": 0, "warning": 0, "note": 0}
    write_findings(found, tmp_path / "findings.csv")
    pd.testing.assert_frame_equal(read_table(tmp_path / "findings.csv"), found, check_dtype=False)
