"""Quirks of SPRSound 2022."""

from __future__ import annotations

import json

import pytest
import soundfile

from pipeline.datasets import sprsound
from tests.fakes.sprsound import annotation_path, make_sprsound, write_annotation

NAME = "40996508_8.8_1_p2_1175"


@pytest.fixture
def folder(tmp_path):
    return make_sprsound(tmp_path / "sprsound").folder


def test_the_fakes_header_really_is_defect_and_its_times_out_of_order(folder):
    content = (folder / "train_wav" / "40996508_8.8_1_p1_1174.wav").read_bytes()
    assert content[32:34] == b"\x04\x00"
    assert soundfile.info(folder / "train_wav" / f"{NAME}.flac").samplerate == 8000
    text = annotation_path(folder, "train", "40996508_8.8_1_p1_1174").read_text()
    starts = [event["start"] for event in json.loads(text)["event_annotation"]]
    assert starts == ["900", "100"]


def test_a_poor_quality_recording_is_kept_with_its_label_and_without_events(folder, index):
    tables = index("sprsound", folder)
    recordings = tables.recordings.set_index("recording_id")
    poor = "sprsound/41213117_4.0_0_p3_2053"
    assert recordings.loc[poor, "record_label"] == "Poor Quality"
    assert poor not in set(tables.events["recording_id"])


def test_inter_and_intra_test_are_told_apart(folder, index):
    sides = index("sprsound", folder).recordings["official_side"]
    assert sides.value_counts().to_dict() == {"train": 5, "inter-test": 1, "intra-test": 1}


def test_a_test_folder_that_tells_neither_is_the_test_side(folder, index):
    for path in list((folder / "test_json").rglob("*.json")):
        path.rename(folder / "test_json" / path.name)
    sides = index("sprsound", folder).recordings["official_side"]
    assert sides.value_counts().to_dict() == {"train": 5, "test": 2}


@pytest.mark.parametrize(
    ("paths", "side"),
    [
        (("train_wav/1.wav", "train_json/1.json"), "train"),
        (("test_wav/1.wav", "test_json/inter_test_json/1.json"), "inter-test"),
        (("2022/test2022_wav/1.wav", "2022/test2022_json/intra_test_json/1.json"), "intra-test"),
        (("intra_test_wav/1.wav", "1.json"), "intra-test"),
        (("test_wav/1.wav", "test_wav/1.json"), "test"),
        (("1.wav", "1.json"), ""),
        (("train_wav/1.wav", "test_json/inter_test_json/1.json"), ""),
        (("train_wav/1.wav", "inter_test_json/1.json"), ""),
        (("my_test_wav/1.wav", "1.json"), ""),
    ],
)
def test_the_side_follows_from_the_folders_of_recording_and_annotation(paths, side):
    assert sprsound.official_side(*paths) == side


def test_the_side_is_known_from_the_annotation_where_recordings_lie_flat(folder, index):
    before = index("sprsound", folder).recordings
    for path in list(folder.rglob("*.wav")) + list(folder.rglob("*.flac")):
        path.rename(folder / path.name)
    after = index("sprsound", folder).recordings
    assert after.drop(columns="path").equals(before.drop(columns="path"))


def test_annotations_that_have_no_recording_take_one_row_with_the_count_by_folder(folder, index):
    for path in (folder / "test_wav").iterdir():
        path.unlink()
    excluded = index("sprsound", folder).excluded.set_index("reason")
    assert excluded.loc["recording not on disk", "detail"] == (
        "annotation files: 1 in test_json/inter_test_json, 1 in test_json/intra_test_json"
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "annotation missing"),
        ("{", "annotation malformed"),
        ("[]", "annotation malformed"),
        ('{"record_annotation": "Normal"}', "annotation malformed"),
        ('{"event_annotation": []}', "annotation malformed"),
    ],
)
def test_a_recording_without_usable_annotation_is_left_out(folder, index, content, reason):
    path = annotation_path(folder, "train", NAME)
    path.unlink()
    if content:
        path.write_text(content)
    tables = index("sprsound", folder)
    assert f"sprsound/{NAME}" not in set(tables.recordings["recording_id"])
    row = tables.excluded.set_index("reason").loc[reason]
    assert (row["what"], row["action"]) == ("recording", "left out")
    assert row["recording_id"] == f"sprsound/{NAME}"


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"start": "100", "end": "200", "type": "Squawk"}, "unknown event type"),
        ({"start": "100", "end": "200"}, "unknown event type"),
        ({"start": "soon", "end": "200", "type": "Normal"}, "time not a number"),
        ({"end": "200", "type": "Normal"}, "time not a number"),
        ("Normal", "annotation malformed"),
    ],
)
def test_an_event_that_says_nothing_certain_is_left_out_alone(folder, index, event, reason):
    n_events = len(index("sprsound", folder).events)
    path = annotation_path(folder, "train", NAME)
    content = json.loads(path.read_text())
    content["event_annotation"].append(event)
    path.write_text(json.dumps(content))
    tables = index("sprsound", folder)
    assert len(tables.events) == n_events
    assert tables.excluded.set_index("what").loc["event", "reason"] == reason


def test_numbers_for_times_are_read_as_well_as_strings(folder, index):
    before = index("sprsound", folder).events
    for path in folder.rglob("*.json"):
        content = json.loads(path.read_text())
        for event in content["event_annotation"]:
            event["start"], event["end"] = int(event["start"]), float(event["end"])
        path.write_text(json.dumps(content))
    after = index("sprsound", folder)
    assert after.events.equals(before)
    assert "times given as text" not in set(after.excluded["reason"])


def test_what_is_odd_of_all_recordings_takes_one_row_with_a_count(folder, index):
    rows = index("sprsound", folder).excluded
    assert rows[["reason", "detail", "action"]].to_numpy().tolist() == [
        ["events not in time order", "3 recordings", "repaired"],
        ["poor quality, no events", "1 recordings", "kept"],
        ["times given as text", "11 events, in milliseconds", "repaired"],
    ]


def test_overlapping_events_and_recordings_without_any_are_counted(folder, index):
    long = ((0.1, 1.4, "Normal"), (0.2, 0.3, "Wheeze"), (0.5, 0.7, "Wheeze"), (1.4, 1.5, "Normal"))
    write_annotation(annotation_path(folder, "train", NAME), "CAS", long)
    write_annotation(annotation_path(folder, "train", "40996508_8.8_1_p1_1174"), "Normal", ())
    poor = annotation_path(folder, "train", "41213117_4.0_0_p3_2053")
    write_annotation(poor, "Poor Quality", ((0.1, 0.2, "Normal"),))
    details = index("sprsound", folder).excluded.set_index("reason")["detail"]
    assert details["overlapping events"].startswith("2 events")
    assert details["no events"].startswith("1 recordings")
    assert details["poor quality, yet with events"] == "1 recordings"
    assert "poor quality, no events" not in details


def test_an_unknown_label_of_a_recording_is_kept_and_listed(folder, index):
    write_annotation(annotation_path(folder, "train", NAME), "Unsure", ((0.1, 0.5, "Normal"),))
    tables = index("sprsound", folder)
    assert "Unsure" in set(tables.recordings["record_label"])
    assert tables.excluded.set_index("reason").loc["unknown record label", "detail"] == "'Unsure'"
