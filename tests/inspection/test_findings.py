"""Known defects are found with their severity and action; clean data sets have none."""

import numpy as np
import pandas as pd
import pytest

from pipeline.datasets.description import GRAVE, KEPT, LEFT_OUT, REPAIRED, exclusion
from pipeline.inspection.concerned import concerned
from pipeline.inspection.findings import count_by_severity, find_all, write_findings
from pipeline.inspection.kinds import COLUMNS, KINDS, SEVERITIES, TOPICS
from pipeline.inspection.verdict import groups
from pipeline.tables import read_table
from tests.inspection.cohorts import breath, heard, inspected, rows_of, told


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
