"""Annotation files of respiratory cycles, in the form that ICBHI brought in and others took over.

A line is `start<TAB>end<TAB>crackle<TAB>wheeze`, in seconds and 0/1, without a header.
"""

from __future__ import annotations

from math import nan

from pipeline.datasets.description import Annotations, Row, event_row, exclusion
from pipeline.datasets.files import AnnotationFiles, Unusable
from pipeline.evaluation.wording import plural

TYPES = {("0", "0"): "normal", ("1", "0"): "crackle", ("0", "1"): "wheeze", ("1", "1"): "both"}


def parse_cycles(text: str) -> tuple[list[tuple[float, float, str]], list[str]]:
    """Return the cycles (start_s, end_s, type) of an annotation file, and its other lines.

    A time that is no number is given as NaN, for the index to list and leave out.
    """
    cycles, malformed = [], []
    for line in filter(str.strip, text.splitlines()):
        fields = line.split()
        kind = TYPES.get((fields[2], fields[3])) if len(fields) == 4 else None
        if kind is None:
            malformed.append(line.strip())
        else:
            cycles.append((_number(fields[0]), _number(fields[1]), kind))
    return cycles, malformed


def add_cycles(result: Annotations, recording: Row, texts: AnnotationFiles) -> None:
    """Add a recording's cycles to what was read; one without usable cycles is kept and listed."""
    recording_id = recording["recording_id"]
    path = recording["path"]
    try:
        path, text = texts.read(path)
        cycles, malformed = parse_cycles(text)
        if not cycles and not malformed:
            raise Unusable("annotation empty", "it holds no cycle")
    except Unusable as error:
        row = (path, recording_id, "event", error.reason)
        result.excluded.append(exclusion(*row, f"{error.detail}; the recording is kept"))
        return
    result.events += [event_row(recording_id, *cycle) for cycle in cycles]
    if malformed:
        detail = f"{plural(len(malformed), 'line')}, the first: {malformed[0][:80]!r}"
        row = (path, recording_id, "event", "annotation malformed")
        result.excluded.append(exclusion(*row, detail))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return nan
