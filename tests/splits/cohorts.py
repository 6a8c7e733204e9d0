"""Cohorts and splits for the tests of this folder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from pipeline.problems import problem_named
from pipeline.splits import make_split
from tests.fakes import cohort_tables
from tests.fakes.cohort_tables import LABELS, SETTINGS, Tables, content, shuffled, tables

__all__ = ["LABELS", "SETTINGS", "content", "shuffled", "tables"]

SIDES = {"train", "val", "test"}


def recording(
    subject: str,
    number: int = 0,
    words: Sequence[str] = ("normal",),
    diagnosis: str = "Healthy",
    audio: object = None,
    **known: Any,
) -> dict[str, Any]:
    """Return a recording of a subject such as `icbhi/101`, with the words of its events."""
    dataset, name = subject.split("/")
    own = {
        "recording_id": f"{dataset}/{name}_{number}",
        "dataset": dataset,
        "subject_id": subject,
        "path": f"audio/{dataset}/{name}_{number}.wav",
        "label_level": "recording" if dataset == "jordan" else "event",
        "device": "Meditron",
        "audio_hash": content(f"{subject}_{number}" if audio is None else audio),
    }
    own["content_hash"] = own["audio_hash"]
    row = cohort_tables.recording(f"{dataset}-{name}", number, words, diagnosis)
    return {**row, **own, **known}


def split(index: Tables, problem="pneumonia", fold="", mode="default", given=None, **changed):
    """Return the split of a cohort by a problem's name; `changed` goes to `[splits]`."""
    settings = {**SETTINGS, **changed}
    return make_split(problem_named(problem), *index, LABELS, settings, mode, fold, given)


def sick_and_healthy(n_sick: int, n_healthy: int, dataset: str = "icbhi") -> Tables:
    return tables(
        [
            recording(f"{dataset}/{k}", n, diagnosis="Pneumonia" if k < n_sick else "Healthy")
            for k in range(n_sick + n_healthy)
            for n in range(2)
        ]
    )


def sides_of(made) -> dict[str, str]:
    return dict(zip(made.splits["recording_id"], made.splits["side"], strict=True))


def subjects_on(made, side: str, name: str | None = None) -> set[str]:
    spans = made.labels.merge(made.splits, on="recording_id")
    chosen = spans["side"].eq(side) & (True if name is None else spans[name].eq(1))
    return set(spans.loc[chosen, "subject_id"])


LETTERS = {"r": "train", "e": "test", "i": "inter-test", "a": "intra-test", "x": ""}


def official(dataset: str = "icbhi", words=("crackle", "wheeze", "normal"), **sides: str):
    """Return recordings with crackles and wheezes everywhere; each subject's sides by recording."""
    return [
        recording(f"{dataset}/{subject.strip('_')}", n, words, official_side=LETTERS[letter])
        for subject, letters in sides.items()
        for n, letter in enumerate(letters)
    ]


DIAGNOSES = {
    "icbhi": ["Pneumonia", "COPD", "Healthy", "URTI", ""],
    "jordan": ["pneumonia ", "N", "asthma", ""],
    "sprsound": [""],
}
SOUNDS = {
    "icbhi": ["normal", "crackle", "wheeze", "both", "hum"],
    "jordan": ["N", "E W", "I C B", "Crep", "Bronchial"],
    "sprsound": ["Normal", "Wheeze", "Fine Crackle", "Wheeze+Crackle"],
}
DEVICES = {
    "icbhi": ["Meditron", "Litt3200", "AKGC417L"],
    "jordan": ["Litt3200"],
    "sprsound": ["Yunting", ""],
}
OFFICIAL = {
    "icbhi": ["train", "test", "train", "test", ""],
    "jordan": [""],
    "sprsound": ["train", "inter-test", "intra-test"],
}
MOST_WORDS = {"icbhi": 3, "jordan": 1, "sprsound": 3}
RECORD_LABELS = ["Normal", "CAS", "DAS", "CAS & DAS", "Poor Quality"]


@st.composite
def cohorts(
    draw: st.DrawFn,
    datasets: Sequence[str] = ("icbhi", "jordan", "sprsound"),
    max_subjects: int = 14,
) -> Tables:
    """Draw a cohort with everything that goes wrong.

    Audio is shared across subjects, data sets and devices, in chains and under any labels; a
    subject has several devices and official sides; words are not understood; classes are rare,
    or are all there, so that there is something to split.
    """
    # Few names of audio, so that subjects often share one.
    audio = st.one_of(st.none(), st.none(), st.none(), st.integers(0, 6))
    rows = []
    for k in range(draw(st.integers(1, max_subjects))):
        dataset = draw(st.sampled_from(list(datasets)))
        diagnosis = draw(st.sampled_from(DIAGNOSES[dataset]))
        sounds = st.lists(st.sampled_from(SOUNDS[dataset]), max_size=MOST_WORDS[dataset])
        for number in range(draw(st.integers(1, 3))):
            known = {
                "official_side": draw(st.sampled_from(OFFICIAL[dataset])),
                "device": draw(st.sampled_from(DEVICES[dataset])),
            }
            if dataset == "sprsound":
                known["record_label"] = draw(st.sampled_from(RECORD_LABELS))
            name = f"{dataset}/{k}"
            rows.append(recording(name, number, draw(sounds), diagnosis, draw(audio), **known))
    for dataset in datasets if draw(st.booleans()) else ():
        rows += of_every_class(dataset)
    return tables(rows)


def of_every_class(dataset: str):
    """Return recordings with every class, two subjects each, on every official side."""
    found = []
    for side in sorted({*OFFICIAL[dataset]} - {""}) or [""]:
        for k, word in enumerate(2 * RECORD_LABELS):
            kinds, sounds = DIAGNOSES[dataset], SOUNDS[dataset]
            words = [sounds[k % len(sounds)]] if dataset == "jordan" else sounds
            known = {"official_side": side, "record_label": word if dataset == "sprsound" else ""}
            name = f"{dataset}/every-{side}-{k}"
            found.append(recording(name, 0, words, kinds[k % len(kinds)], **known))
    return found


@st.composite
def several_of_each(draw: st.DrawFn) -> Tables:
    """Draw a cohort with at least three subjects of each class, some of whom share audio."""
    sick = draw(st.lists(st.booleans(), max_size=9)) + [True] * 3 + [False] * 3
    audio = draw(st.lists(st.one_of(st.none(), st.integers(0, 3)), max_size=len(sick)))
    rows = []
    for k, ill in enumerate(sick):
        words, diagnosis = (["both", "normal"], "Pneumonia") if ill else (["normal"], "COPD")
        rows.append(recording(f"icbhi/{k}", 0, words, diagnosis))
        if k < len(audio):
            rows.append(recording(f"icbhi/{k}", 1, words, diagnosis, audio[k]))
    return tables(rows)
