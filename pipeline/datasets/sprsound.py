"""SPRSound 2022: children's recordings with seven types of events and five of recordings.

Format: 8 kHz 16-bit mono named `{subject}_{age}_{0 male|1 female}_{p1-p4}_{recording}.wav` in
train_wav and test_wav (the WAV header's nBlockAlign is wrong in every file; the front end opens
them all the same); a .json of the same stem in train_json or test_json. Times are strings in
milliseconds and in no order.
Types: Normal, Rhonchi, Wheeze, Stridor, Coarse Crackle, Fine Crackle, Wheeze+Crackle; of whole
recordings Normal, CAS, DAS, CAS & DAS, Poor Quality.
Licence: CC BY 4.0.
Citation: Zhang et al. 2022, IEEE Transactions on Biomedical Circuits and Systems 16(5).
Split origin: the publisher's folders; inter-test subjects are new, intra-test ones are in train.
Problems: crackle_wheeze, icbhi-4, sprsound-1-1, sprsound-1-2, sprsound-2-1, sprsound-2-2.
"""

from __future__ import annotations

import json
import re
from math import nan
from pathlib import Path
from typing import Any

from pipeline.datasets.description import (
    KEPT,
    Annotations,
    DataSet,
    Row,
    event_row,
    exclusion,
    recording_row,
)
from pipeline.datasets.files import AnnotationFiles, Unusable, find_recordings, stem
from pipeline.datasets.sprsound_findings import findings

EVENT_TYPES = (
    "Normal",
    "Rhonchi",
    "Wheeze",
    "Stridor",
    "Coarse Crackle",
    "Fine Crackle",
    "Wheeze+Crackle",
)
RECORD_LABELS = ("Normal", "CAS", "DAS", "CAS & DAS", "Poor Quality")
NAME = re.compile(
    r"(?P<subject>\d+)_(?P<age>\d+(?:\.\d+)?)_(?P<sex>[01])_(?P<location>p[1-4])_(?P<number>\d+)"
)
_SIDE = re.compile(r"(?:^|/)(train|test)[^/]*/", re.IGNORECASE)
# inter_test_json and intra_test_json lie below test_json.
_PART = re.compile(r"(?:^|/)(inter|intra)_test[^/]*/", re.IGNORECASE)


def read(folder: Path, files: list[str]) -> Annotations:
    """Return what SPRSound's names and annotations say."""
    found, excluded = find_recordings("sprsound", files, NAME)
    texts = AnnotationFiles(folder, files, ".json")
    result = Annotations(excluded=excluded + texts.orphans(found, NAME))
    n_text_times = 0
    for path, match in found.items():
        row = recording_row(
            "sprsound",
            match["subject"],
            path,
            stem(path),
            "event",
            location=match["location"],
            age=float(match["age"]),
            sex="MF"[int(match["sex"])],
        )
        try:
            n_text_times += _add_recording(result, row, texts)
        except Unusable as error:
            where = (path, row["recording_id"], "recording")
            result.excluded.append(exclusion(*where, error.reason, error.detail))
    result.excluded += findings(result, n_text_times)
    return result


def parse_annotation(text: str) -> tuple[str, list[Any]]:
    """Return the label of a whole recording and the list of its events, as published.

    Raises
    ------
    Unusable
        It is no JSON object with both.
    """
    try:
        content = json.loads(text)
    except ValueError as error:
        raise Unusable("annotation malformed", f"no JSON: {error}") from error
    if not isinstance(content, dict):
        raise Unusable("annotation malformed", "the JSON is no object")
    # Older copies of the data set say recording_annotation.
    label = content.get("record_annotation", content.get("recording_annotation"))
    events = content.get("event_annotation")
    if not isinstance(label, str) or not isinstance(events, list):
        raise Unusable("annotation malformed", "record_annotation or event_annotation is missing")
    return label.strip(), events


def _add_recording(result: Annotations, row: Row, texts: AnnotationFiles) -> int:
    """Add a recording and its events; return how many of these have texts for times."""
    path, text = texts.read(row["path"])
    label, events = parse_annotation(text)
    row["record_label"] = label
    row["official_side"] = official_side(row["path"], path)
    result.recordings.append(row)
    if label not in RECORD_LABELS:
        where = (path, row["recording_id"], "metadata")
        result.excluded.append(exclusion(*where, "unknown record label", repr(label), KEPT))
    for event in events:
        try:
            result.events.append(_event(row["recording_id"], event))
        except Unusable as error:
            where = (path, row["recording_id"], "event")
            result.excluded.append(exclusion(*where, error.reason, error.detail))
    return sum(isinstance(each, dict) and isinstance(each.get("start"), str) for each in events)


def _event(recording_id: str, event: Any) -> Row:
    if not isinstance(event, dict):
        raise Unusable("annotation malformed", f"an event that is no object: {str(event)[:80]}")
    kind = str(event.get("type", "")).strip()
    # An unknown type must not reach the labels: there it would pass for normal.
    if kind not in EVENT_TYPES:
        raise Unusable("unknown event type", repr(kind))
    return event_row(recording_id, _seconds(event.get("start")), _seconds(event.get("end")), kind)


def _seconds(milliseconds: Any) -> float:
    try:
        return float(milliseconds) / 1000
    except (TypeError, ValueError):
        return nan


def official_side(*paths: str) -> str:
    """Return the publisher's side that the folders of a recording and its annotation tell.

    "train", "inter-test", "intra-test"; "test" where no folder says which of the two it is; ""
    where none says anything, or they contradict each other.
    """
    tops = {match[1].lower() for path in paths if (match := _SIDE.search(path))}
    parts = {match[1].lower() for path in paths if (match := _PART.search(path))}
    if len(tops) > 1 or len(parts) > 1 or (parts and tops == {"train"}):
        return ""
    if parts:
        return f"{parts.pop()}-test"
    return tops.pop() if tops else ""


DATASET = DataSet(
    name="sprsound",
    title="SPRSound 2022, SJTU Paediatric Respiratory Sound Database",
    licence="CC BY 4.0",
    citation=(
        "Zhang Q et al. SPRSound: Open-Source SJTU Paediatric Respiratory Sound Database. IEEE "
        "Transactions on Biomedical Circuits and Systems 16(5) (2022) 867-881."
    ),
    homepage="https://github.com/SJTU-YONGFU-RESEARCH-GRP/SPRSound",
    classes={"type": EVENT_TYPES, "record_label": RECORD_LABELS},
    label_level="event",
    layout=(
        "train_wav and train_json (and test_wav and test_json where they are there), with "
        "recordings such as 40996508_8.8_1_p1_1174.wav (or .flac) and a .json of the same name"
    ),
    split_origin=(
        "the publisher's train, inter-test and intra-test folders; inter-test subjects are new, "
        "every intra-test subject is also in train"
    ),
    read=read,
    official_sides=("train", "inter-test", "intra-test"),
)
