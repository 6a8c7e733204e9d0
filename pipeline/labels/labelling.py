"""Labels of a problem: which spans of which recordings are positive, and what is left out and why.

Nothing becomes negative because it was not understood: an unknown word or diagnosis is left out,
with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from pipeline.labels.exclusions import joined, left_out
from pipeline.labels.vocabulary import POOR_QUALITY, Verdict, fold, read_diagnosis, read_sound
from pipeline.problems import PROBLEMS, Problem, problem_named, refuse_unsuited

__all__ = ["PROBLEMS", "Problem", "label_recordings", "problem_named", "refuse_unsuited"]


def label_recordings(
    problem: str, recordings: pd.DataFrame, events: pd.DataFrame, settings: Mapping[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the labelled spans of a problem, and what had to be left out.

    Parameters
    ----------
    problem : str
        `"pneumonia"` or `"crackle_wheeze"`.
    recordings, events : DataFrame
        Tables of the index, of one or more data sets.
    settings : mapping
        The section `[labels]`: `negatives` is `"all"` or `"healthy"`.

    Returns
    -------
    labels : DataFrame
        `recording_id, start_s, end_s, <0 or 1 per label>, weak`, sorted. Pneumonia has one row
        per recording, from 0 to its end; crackle/wheeze one per event (weak: label of a whole
        recording).
    excluded : DataFrame
        `path, recording_id, what, reason, detail, action`.

    Raises
    ------
    SettingsError
        The problem is unknown, or a data set cannot serve it.
    """
    names = problem_named(problem).labels
    refuse_unsuited(problem, recordings["dataset"].unique())
    recordings = recordings.sort_values("recording_id", ignore_index=True)
    spans, read = (
        _by_diagnosis(recordings, settings.get("negatives", "all"))
        if problem == "pneumonia"
        else _by_event(recordings, events)
    )
    return _apply(spans, read, names, recordings)


def _by_diagnosis(
    recordings: pd.DataFrame, negatives: str
) -> tuple[pd.DataFrame, Callable[[str], Verdict]]:
    spans = recordings[["recording_id", "path"]].assign(
        start_s=0.0,
        end_s=recordings["duration_s"],
        word=recordings["diagnosis"].fillna("").astype(str),
        weak=0,
        what="recording",
    )
    return spans, lambda word: read_diagnosis(word, negatives)


def _by_event(
    recordings: pd.DataFrame, events: pd.DataFrame
) -> tuple[pd.DataFrame, Callable[[str], Verdict]]:
    usable = recordings.loc[~_poor(recordings), ["recording_id", "path"]]
    spans = events.merge(usable, on="recording_id")
    return spans.assign(word=spans["type"].fillna("").astype(str), what="event"), read_sound


def _apply(
    spans: pd.DataFrame,
    read: Callable[[str], Verdict],
    names: tuple[str, ...],
    recordings: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the spans with their words read, and what could not be read."""
    verdicts = {str(word): read(str(word)) for word in spans["word"].unique()}
    reasons = spans["word"].map({w: v for w, v in verdicts.items() if isinstance(v, str)})
    understood = {word: v for word, v in verdicts.items() if not isinstance(v, str)}
    kept = spans[reasons.isna()]
    for position, name in enumerate(names):
        kept = kept.assign(**{name: [understood[word][position] for word in kept["word"]]})
    kept = kept[["recording_id", "start_s", "end_s", *names, "weak"]]
    kept = kept.astype({"start_s": float, "end_s": float} | dict.fromkeys([*names, "weak"], int))

    lost = spans[reasons.notna()]
    tables = [
        left_out(each, str(what), reasons[each.index], each["word"].map(repr))
        for what, each in lost.groupby("what")
    ]
    tables += _unlabelled(spans, set(kept["recording_id"]), recordings)
    return kept.sort_values(list(kept.columns), ignore_index=True), joined(tables)


def _poor(recordings: pd.DataFrame) -> pd.Series:
    """Return where a publisher calls a whole recording one of poor quality."""
    if "record_label" not in recordings:
        return pd.Series(False, index=recordings.index)
    return recordings["record_label"].fillna("").astype(str).map(fold).eq(POOR_QUALITY)


def _unlabelled(
    spans: pd.DataFrame, labelled: set[str], recordings: pd.DataFrame
) -> list[pd.DataFrame]:
    """Return the recordings of which no event is left (one listed as a whole already is not)."""
    listed = set(spans.loc[spans["what"] == "recording", "recording_id"])
    rows = recordings[~recordings["recording_id"].isin(labelled | listed)]
    poor, with_events = _poor(rows), rows["recording_id"].isin(spans["recording_id"])
    none = "no labelled event"
    return [
        left_out(rows[poor], "recording", POOR_QUALITY, "the label of the whole recording"),
        left_out(rows[~poor & with_events], "recording", none, "none of its events has a label"),
        left_out(rows[~poor & ~with_events], "recording", none, "it has no events"),
    ]
