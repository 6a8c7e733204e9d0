"""A tiny SPRSound 2022: the header defect, unordered string times, both spellings, poor quality."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tests.fakes.sounds import spoil_block_align, write_sound
from tests.fakes.truth import Truth

Events = tuple[tuple[float, float, str], ...]

RECORDINGS: tuple[tuple[str, str, str, Events], ...] = (
    ("train", "40996508_8.8_1_p1_1174", "Normal", ((0.9, 1.4, "Normal"), (0.1, 0.8, "Normal"))),
    ("train", "40996508_8.8_1_p2_1175", "DAS", ((0.2, 0.5, "Fine Crackle"), (0.6, 1.2, "Normal"))),
    ("train", "41213117_4.0_0_p4_2052", "CAS", ((0.7, 1.1, "Wheeze"), (0.1, 0.6, "Rhonchi"))),
    ("train", "41213117_4.0_0_p3_2053", "Poor Quality", ()),
    (
        "train",
        "41330451_0.3_0_p1_2301",
        "CAS & DAS",
        ((0.8, 1.2, "Wheeze+Crackle"), (0.1, 0.4, "Coarse Crackle"), (0.5, 0.7, "Stridor")),
    ),
    ("test/inter", "65100001_7.2_1_p3_3001", "Normal", ((0.1, 1.2, "Normal"),)),
    ("test/intra", "41330451_0.3_0_p2_2302", "DAS", ((0.3, 0.9, "Fine Crackle"),)),
)
"""Side, stem, label of the recording, events in seconds, in no order."""

OFFICIAL = {"train": "train", "test/inter": "inter-test", "test/intra": "intra-test"}


def make_sprsound(
    folder: Path,
    seed: int = 0,
    recordings: tuple[tuple[str, str, str, Events], ...] = RECORDINGS,
    duration_s: float = 1.5,
) -> Truth:
    """Fill a folder with recordings (every second one .flac) and their annotations."""
    rng = np.random.default_rng(seed)
    truth = Truth("sprsound", folder, reasons=_reasons([row[2:] for row in recordings]))
    for i, (side, name, label, events) in enumerate(recordings):
        path = folder / f"{side[:5].strip('/')}_wav" / f"{name}{('.wav', '.flac')[i % 2]}"
        write_sound(path, rng, 8000, duration_s)
        if path.suffix == ".wav":
            spoil_block_align(path)
        # Older copies of the data set spell the key otherwise.
        key = ("record_annotation", "recording_annotation")[i % 2]
        write_annotation(annotation_path(folder, side, name), label, events, key)
        subject, age, sex, location, _ = name.split("_")
        truth.events |= {(f"sprsound/{name}", *event, 0) for event in events}
        truth.recordings[f"sprsound/{name}"] = {
            "subject_id": f"sprsound/{subject}",
            "dataset": "sprsound",
            "sample_rate": 8000,
            "location": location,
            "age": float(age),
            "sex": {"0": "M", "1": "F"}[sex],
            "official_side": OFFICIAL[side],
            "label_level": "event",
            "record_label": label,
        }
    return truth


def _reasons(annotations: list[tuple[str, Events]]) -> set[str]:
    reasons = {"times given as text"} if any(events for _, events in annotations) else set()
    if any(list(events) != sorted(events) for _, events in annotations):
        reasons.add("events not in time order")
    if ("Poor Quality", ()) in annotations:
        reasons.add("poor quality, no events")
    return reasons


def annotation_path(folder: Path, side: str, name: str) -> Path:
    """Return where the publisher puts an annotation; `side` is train, test/inter or test/intra."""
    top, _, part = side.partition("/")
    place = folder / f"{top}_json"
    return (place / f"{part}_test_json" if part else place) / f"{name}.json"


def write_annotation(
    path: Path, label: str, events: Events, key: str = "record_annotation"
) -> None:
    """Write an annotation; times are strings in milliseconds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        {"start": str(round(start * 1000)), "end": str(round(end * 1000)), "type": kind}
        for start, end, kind in events
    ]
    path.write_text(json.dumps({key: label, "event_annotation": rows}), newline="")
