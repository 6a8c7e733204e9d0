from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import SettingsError
from pipeline.labels.labelling import label_recordings
from pipeline.problems import problem_named, read_word
from tests.fakes.cohort_tables import LABELS, cohorts, recording, shuffled, tables
from tests.real_data import needs_real_data, real_tables

PNEUMONIA, SOUNDS = problem_named("pneumonia"), problem_named("crackle_wheeze")
NEITHER, CRACKLE, WHEEZE, BOTH = (0, 0), (1, 0), (0, 1), (1, 1)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("normal", NEITHER),
        ("crackle", CRACKLE),
        ("wheeze", WHEEZE),
        ("both", BOTH),
        ("Normal", NEITHER),
        ("Fine Crackle", CRACKLE),
        ("Coarse Crackle", CRACKLE),
        ("Rhonchi", WHEEZE),
        ("Wheeze", WHEEZE),
        ("Stridor", WHEEZE),
        ("Wheeze+Crackle", BOTH),
        ("CAS", WHEEZE),
        ("DAS", CRACKLE),
        ("CAS & DAS", BOTH),
        ("N", NEITHER),
        ("E W", WHEEZE),
        ("I E W", WHEEZE),
        ("I C", CRACKLE),
        ("I C B", CRACKLE),
        ("I C E W", BOTH),
        ("C", CRACKLE),
        ("Crep", CRACKLE),
        ("Bronchial", NEITHER),
        ("  fine  crackle ", CRACKLE),
    ],
)
def test_every_word_of_the_publishers_gets_its_labels(word, expected):
    assert read_word(SOUNDS, word) == expected


@pytest.mark.parametrize("word", ["hum", "X W", "crackl", "Wheeze+hum", "0"])
def test_a_word_that_is_not_understood_gets_no_label(word):
    assert read_word(SOUNDS, word) == "sound not understood"


@pytest.mark.parametrize("word", ["", "I E", "I", "?", "NA"])
def test_a_word_that_says_nothing_gets_no_label(word):
    assert read_word(SOUNDS, word) == "sound unknown"


@pytest.mark.parametrize(
    ("diagnosis", "everyone", "healthy_only"),
    [
        ("Pneumonia", (1,), (1,)),
        (" pneumonia  ", (1,), (1,)),
        ("Heart Failure + Pneumonia", (1,), (1,)),
        ("asthma and pneumonia", (1,), (1,)),
        ("COPD", (0,), "diagnosis neither pneumonia nor healthy"),
        ("Heart Failure + Lung Fibrosis ", (0,), "diagnosis neither pneumonia nor healthy"),
        ("Asthma and lung fibrosis", (0,), "diagnosis neither pneumonia nor healthy"),
        ("Healthy", (0,), (0,)),
        ("N", (0,), (0,)),
        ("normal", (0,), (0,)),
        ("", "diagnosis unknown", "diagnosis unknown"),
        ("NA", "diagnosis unknown", "diagnosis unknown"),
        ("n/a", "diagnosis unknown", "diagnosis unknown"),
        ("Uninterpretable", "diagnosis unknown", "diagnosis unknown"),
        ("no pneumonia", "diagnosis not understood", "diagnosis not understood"),
    ],
)
def test_a_diagnosis_is_positive_negative_or_left_out(diagnosis, everyone, healthy_only):
    assert read_word(PNEUMONIA, diagnosis) == everyone
    assert read_word(PNEUMONIA, diagnosis, "healthy") == healthy_only


def test_pneumonia_has_one_row_over_the_whole_recording():
    index = tables([recording("icbhi-1", diagnosis="Pneumonia"), recording("icbhi-2")])
    labels, excluded = label_recordings(PNEUMONIA, *index, LABELS)
    assert list(labels.columns) == ["recording_id", "start_s", "end_s", "pneumonia", "weak"]
    assert labels.to_numpy().tolist() == [
        ["icbhi/icbhi-1_0", 0.0, 12.0, 1, 0],
        ["icbhi/icbhi-2_0", 0.0, 12.0, 0, 0],
    ]
    assert excluded.empty


def test_an_unknown_diagnosis_is_left_out_with_the_reason():
    index = tables([recording("icbhi-1", diagnosis=""), recording("icbhi-2")])
    labels, excluded = label_recordings(PNEUMONIA, *index, LABELS)
    assert list(labels["recording_id"]) == ["icbhi/icbhi-2_0"]
    assert excluded.to_dict("records") == [
        {
            "path": "audio/icbhi-1_0.wav",
            "recording_id": "icbhi/icbhi-1_0",
            "what": "recording",
            "reason": "diagnosis unknown",
            "detail": "''",
            "action": "left out",
        }
    ]


def test_only_healthy_negatives_are_kept_where_that_is_asked_for():
    diagnoses = ["Pneumonia", "COPD", "Healthy"]
    index = tables([recording(f"icbhi-{k}", diagnosis=each) for k, each in enumerate(diagnoses)])
    labels, excluded = label_recordings(PNEUMONIA, *index, {"negatives": "healthy"})
    assert list(labels["pneumonia"]) == [1, 0]
    assert list(excluded["recording_id"]) == ["icbhi/icbhi-1_0"]


def test_a_data_set_without_diagnoses_is_refused_for_pneumonia_and_those_that_can_are_listed():
    index = tables([recording("sprsound-1"), recording("icbhi-1")])
    with pytest.raises(SettingsError) as caught:
        label_recordings(PNEUMONIA, *index, LABELS)
    assert "sprsound" in caught.value.found
    assert "icbhi" not in caught.value.found
    assert all(each in caught.value.expected for each in ("icbhi", "jordan", "simulated"))


def test_every_event_is_a_span_and_a_label_of_a_whole_recording_is_weak():
    index = tables(
        [
            recording("icbhi-1", words=["crackle", "normal", "both"]),
            recording("jordan-1", 0, ["E W"]),
        ]
    )
    labels, excluded = label_recordings(SOUNDS, *index, LABELS)
    assert labels.to_numpy().tolist() == [
        ["icbhi/icbhi-1_0", 0.0, 1.0, 1, 0, 0],
        ["icbhi/icbhi-1_0", 1.0, 2.0, 0, 0, 0],
        ["icbhi/icbhi-1_0", 2.0, 3.0, 1, 1, 0],
        ["jordan/jordan-1_0", 0.0, 12.0, 0, 1, 1],
    ]
    assert excluded.empty


def test_an_unknown_word_leaves_the_event_out_and_the_recording_too_when_it_was_the_only_one():
    index = tables(
        [recording("icbhi-1", words=["hum", "wheeze"]), recording("icbhi-2", words=["hum"])]
    )
    labels, excluded = label_recordings(SOUNDS, *index, LABELS)
    assert list(labels["recording_id"]) == ["icbhi/icbhi-1_0"]
    assert [*zip(excluded["recording_id"], excluded["what"], excluded["reason"], strict=True)] == [
        ("icbhi/icbhi-1_0", "event", "sound not understood"),
        ("icbhi/icbhi-2_0", "event", "sound not understood"),
        ("icbhi/icbhi-2_0", "recording", "no labelled event"),
    ]


def test_a_recording_of_poor_quality_is_left_out_even_if_it_has_events():
    poor = {"record_label": "Poor Quality"}
    rows = [recording("sprsound-1", 0, [], **poor), recording("sprsound-2", 0, ["Wheeze"], **poor)]
    index = tables([*rows, recording("sprsound-3", 0, ["Wheeze"])])
    labels, excluded = label_recordings(SOUNDS, *index, LABELS)
    assert list(labels["recording_id"]) == ["sprsound/sprsound-3_0"]
    assert set(excluded["reason"]) == {"poor quality"}
    assert len(excluded) == 2


@settings(max_examples=25, deadline=None)
@given(
    cohorts(), st.sampled_from([PNEUMONIA, SOUNDS, problem_named("icbhi-4")]), st.integers(0, 99)
)
def test_every_recording_is_labelled_or_left_out_with_a_reason_in_any_order(index, problem, seed):
    labels, excluded = label_recordings(problem, *index, LABELS)
    gone = set(excluded.loc[excluded["what"] == "recording", "recording_id"])
    assert gone.isdisjoint(labels["recording_id"])
    assert gone | set(labels["recording_id"]) == set(index[0]["recording_id"])
    assert (excluded["reason"] != "").all()
    again, excluded_again = label_recordings(problem, *shuffled(index, seed), LABELS)
    assert again.equals(labels)
    assert excluded_again.equals(excluded)


@needs_real_data
def test_the_real_words_give_the_counts_of_their_publishers():
    labels, excluded = label_recordings(SOUNDS, *real_tables(["jordan"]), LABELS)
    assert (labels["crackle"].sum(), labels["wheeze"].sum()) == (105, 129)
    assert (labels["crackle"] * labels["wheeze"]).sum() == 6
    assert labels["weak"].eq(1).all()
    assert excluded.empty

    labels, excluded = label_recordings(SOUNDS, *real_tables(["sprsound"]), LABELS)
    assert len(labels) == 6656
    assert (labels["crackle"].sum(), labels["wheeze"].sum()) == (991, 536)
    assert dict(excluded["reason"].value_counts()) == {"poor quality": 177}

    labels, excluded = label_recordings(SOUNDS, *real_tables(["icbhi"]), LABELS)
    assert len(labels) == 684
    assert (labels["crackle"].sum(), labels["wheeze"].sum()) == (167, 115)
    assert excluded.empty


@needs_real_data
def test_the_real_diagnoses_give_the_subjects_with_pneumonia():
    recordings, events = real_tables(["icbhi", "jordan"])
    labels, excluded = label_recordings(PNEUMONIA, recordings, events, LABELS)
    positive = labels.loc[labels["pneumonia"] == 1, "recording_id"]
    subjects = set(recordings.loc[recordings["recording_id"].isin(positive), "subject_id"])
    assert {each for each in subjects if each.startswith("jordan")} == {
        f"jordan/{number}" for number in (18, 36, 37, 41, 69)
    }
    assert sum(each.startswith("icbhi") for each in subjects) == 2
    assert len(labels) == len(recordings)
    assert excluded.empty


def test_a_label_may_be_called_word(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'labels = ["word", "other"]\nlevel = "event"\ncolumn = "type"\n'
        '[words]\nword = ["crackle"]\nother = ["wheeze"]\n'
    )
    index = tables([recording("icbhi-1", words=["crackle", "wheeze"])])
    labels, _ = label_recordings(problem_named(str(path)), *index, LABELS)
    assert labels[["word", "other"]].to_numpy().tolist() == [[1, 0], [0, 1]]
