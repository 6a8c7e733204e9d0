"""What the doctor can find: each kind's words, severity, action and meaning, in one table.

docs/inspection.rst gives the definitions in full; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.datasets.description import KEPT, LEFT_OUT, REPAIRED

ERROR, WARNING, NOTE = "error", "warning", "note"
SEVERITIES = (ERROR, WARNING, NOTE)
AUDIO, COPIES, METADATA, EVENTS, OFFICIAL, LOST = TOPICS = (
    "audio",
    "copies",
    "names and metadata",
    "events",
    "official split",
    "recordings left out",
)
COLUMNS = ("dataset", "severity", "topic", "what", "which", "finding", "detail", "action")


@dataclass(frozen=True)
class Kind:
    """One kind of finding.

    Attributes
    ----------
    finding : str
        A few fixed words.
    topic, severity, action : str
    meaning : str
        Why it matters and what the pipeline does about it, in a sentence or two.
    """

    finding: str
    topic: str
    severity: str
    action: str
    meaning: str


_ALL = (
    Kind(
        *("clipped", AUDIO, WARNING, KEPT),
        "The loudest sounds are cut off, which adds frequencies that were not there.",
    ),
    Kind(
        *("slightly clipped", AUDIO, NOTE, KEPT),
        "A few of the loudest samples are cut off; the spectrum hardly changes.",
    ),
    Kind(
        *("silent in part", AUDIO, WARNING, KEPT),
        "A tenth or more holds no sound; labels of the whole recording do not hold for it.",
    ),
    Kind(
        *("short silence", AUDIO, NOTE, KEPT),
        "A small part holds no sound.",
    ),
    Kind(
        *("large DC offset", AUDIO, WARNING, KEPT),
        "The recording does not swing about zero; the lowest mel bands show the offset.",
    ),
    Kind(
        *("DC offset", AUDIO, NOTE, KEPT),
        "The recording does not quite swing about zero; the lowest mel bands may show it.",
    ),
    Kind(
        *("narrow bandwidth", AUDIO, WARNING, KEPT),
        "Above 500 Hz nothing stands out of the noise: most crackles and wheezes cannot be there.",
    ),
    Kind(
        *("sample rate above content", AUDIO, NOTE, KEPT),
        "The files are larger than their sound: the rate tells nothing about the content, and "
        "an empty upper half can give the device away.",
    ),
    Kind(
        *("header repaired", AUDIO, NOTE, REPAIRED),
        "Some readers refuse such files; this pipeline goes by channels and bits instead.",
    ),
    Kind(
        *("several channels", AUDIO, NOTE, REPAIRED),
        "The channels are averaged into one.",
    ),
    Kind(
        *("recording cannot be read", LOST, ERROR, LEFT_OUT),
        "It could be read when it was indexed, and cannot be now.",
    ),
    Kind(
        *("identical audio, conflicting labels", COPIES, ERROR, LEFT_OUT),
        "The same samples carry labels that contradict each other. The copies are left out of "
        "every problem for which they do.",
    ),
    Kind(
        *("identical audio, several subjects", COPIES, WARNING, KEPT),
        "The same samples stand under several subjects. Those form one group, so that no split "
        "but the publisher's own can part them.",
    ),
    Kind(
        *("identical audio, one subject", COPIES, NOTE, KEPT),
        "A recording of one subject is there more than once, and counts more than once.",
    ),
    Kind(
        *("subject contradicts itself", METADATA, WARNING, KEPT),
        "Recordings of one subject give several sexes or diagnoses.",
    ),
    Kind(
        *("several ages for one subject", METADATA, NOTE, KEPT),
        "The subject was recorded at several visits, or one of the ages is wrong.",
    ),
    Kind(
        *("subject without metadata", METADATA, NOTE, KEPT),
        "Neither age nor sex is known; tables by age and sex leave the subject out.",
    ),
    Kind(
        *("several devices for one subject", METADATA, NOTE, KEPT),
        "Where a device is held out, such a subject has to leave the train side, too.",
    ),
    Kind(
        *("several sample rates", METADATA, NOTE, REPAIRED),
        "All recordings are resampled to one rate. What a low rate cut off stays missing.",
    ),
    Kind(
        *("sample rate not tied to device", METADATA, NOTE, KEPT),
        "One device has several rates: neither rate nor bandwidth can stand for the device.",
    ),
    Kind(
        *("no events", EVENTS, WARNING, KEPT),
        "Nothing is annotated in the recording; it gives no clip where events carry the labels.",
    ),
    Kind(
        *("overlapping events", EVENTS, NOTE, KEPT),
        "Two events share time; a clip of the one also holds the sound of the other.",
    ),
    Kind(
        *("event listed twice", EVENTS, WARNING, KEPT),
        "Two events have the same start and end; both count.",
    ),
    Kind(
        *("gap between cycles", EVENTS, NOTE, KEPT),
        "Cycles follow each other everywhere else in this data set; here time is missing.",
    ),
    Kind(
        *("events contradict the recording", EVENTS, WARNING, KEPT),
        "The recording is labelled normal as a whole and holds an event that is not, or the "
        "reverse.",
    ),
    Kind(
        *("subject on several sides", OFFICIAL, WARNING, KEPT),
        "The mode official keeps it and says so; official-clean moves it to the train side.",
    ),
    Kind(
        *("all subjects of a side in train", OFFICIAL, NOTE, KEPT),
        "The publisher meant it so: figures of this side say nothing about new people.",
    ),
    Kind(
        *("side not on disk", OFFICIAL, WARNING, KEPT),
        "The official split cannot be used; the default falls back to grouped.",
    ),
    Kind(
        *("class on one side only", OFFICIAL, WARNING, KEPT),
        "The official split can train on it or score it, but not both.",
    ),
    Kind(
        *("device shifts between sides", OFFICIAL, WARNING, KEPT),
        "Train and test differ in how they were recorded: figures mix that with new people.",
    ),
)
KINDS = {kind.finding: kind for kind in _ALL}


def row(finding: str, dataset: str, what: str, which: object, detail: str) -> dict[str, str]:
    """Return a row of findings.csv of one of the kinds.

    Parameters
    ----------
    what : "recording", "subject", "event", "metadata", "audio", "device" or "data set"
    which : object
        Shown as text: the recording, subject, group, ... concerned; "" for the whole data set.
    detail : str
        What was found, with its numbers.
    """
    kind = KINDS[finding]
    return {
        "dataset": dataset,
        "severity": kind.severity,
        "topic": kind.topic,
        "what": what,
        "which": str(which),
        "finding": finding,
        "detail": detail,
        "action": kind.action,
    }
