"""Index tables of made-up cohorts, without any recording: for tests of labels, splits and clips."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from hypothesis import strategies as st

SETTINGS = {"n_folds": 3, "test_share": 0.25, "val_share": 0.25, "seed": 0}
LABELS = {"negatives": "all"}

EVENT_COLUMNS = ["recording_id", "start_s", "end_s", "type", "weak"]
Tables = tuple[pd.DataFrame, pd.DataFrame]


def content(name: object) -> str:
    """Return a content hash."""
    return hashlib.sha256(str(name).encode()).hexdigest()


def recording(
    subject: str,
    number: int = 0,
    words: Sequence[str] = ("normal",),
    diagnosis: str = "Healthy",
    audio: object = None,
    **known: Any,
) -> dict[str, Any]:
    """Return a recording of a subject such as `icbhi/101`, with the words of its events.

    `icbhi-101` does as well, for tests that only want a name.

    `audio` names its content: recordings of one name hold identical audio.
    """
    dataset = re.split("[-/]", subject)[0]
    name = f"{subject.replace('/', '-')}_{number}"
    recording_id = f"{dataset}/{name}"
    digest = content(recording_id if audio is None else audio)
    row = {
        "recording_id": recording_id,
        "dataset": dataset,
        "subject_id": subject,
        "path": f"audio/{name}.wav",
        "audio_hash": digest,
        "content_hash": digest,
        "sample_rate": 4000,
        "n_samples": 48_000,
        "duration_s": 12.0,
        "device": "",
        "filter": "",
        "diagnosis": diagnosis,
        "official_side": "",
        "label_level": "recording" if dataset == "jordan" else "event",
        "record_label": "",
    }
    return {**row, **known, "words": list(words)}


def tables(recordings: Sequence[Mapping[str, Any]]) -> Tables:
    """Return the index's recordings and events; an event lasts 1 s, a weak one all the time."""
    events = [
        (each["recording_id"], 0.0, each["duration_s"], word, 1)
        if each["label_level"] == "recording"
        else (each["recording_id"], float(k), k + 1.0, word, 0)
        for each in recordings
        for k, word in enumerate(each["words"])
    ]
    rows = pd.DataFrame([{k: v for k, v in each.items() if k != "words"} for each in recordings])
    return rows, pd.DataFrame(events, columns=EVENT_COLUMNS)


def shuffled(frames: Tables, seed: int) -> Tables:
    """Return the same tables with their rows in another order."""
    first, second = (each.sample(frac=1, random_state=seed) for each in frames)
    return first.reset_index(drop=True), second.reset_index(drop=True)


DIAGNOSES = ["Pneumonia", "COPD", "Healthy", "pneumonia ", ""]
SOUNDS = ["normal", "crackle", "wheeze", "both", "Poor Quality", "hum"]
JORDAN_SOUNDS = ["N", "E W", "I C B", "Crep", "Bronchial"]


@st.composite
def cohorts(draw: st.DrawFn, max_subjects: int = 14) -> Tables:
    """Draw a cohort with everything that goes wrong: shared audio, unknown words, rare labels."""
    # Few names of audio, so that subjects often share one, also across data sets and in chains.
    audio = st.one_of(st.none(), st.none(), st.integers(0, 6))
    rows = []
    for k in range(draw(st.integers(1, max_subjects))):
        dataset = draw(st.sampled_from(["icbhi", "jordan"]))
        diagnosis = draw(st.sampled_from(DIAGNOSES))
        words = JORDAN_SOUNDS if dataset == "jordan" else SOUNDS
        n_words = 1 if dataset == "jordan" else 3
        for number in range(draw(st.integers(1, 3))):
            rows.append(
                recording(
                    f"{dataset}-{k}",
                    number,
                    draw(st.lists(st.sampled_from(words), max_size=n_words)),
                    diagnosis,
                    draw(audio),
                    official_side=draw(st.sampled_from(["train", "test", "train", "test", ""])),
                )
            )
    return tables(rows)
