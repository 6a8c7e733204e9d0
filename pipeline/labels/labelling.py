"""Labels of a problem: which spans of which recordings are positive, and what is left out and why.

Nothing becomes negative because it was not understood: an unknown word or diagnosis is left out,
with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pipeline.labels.exclusions import joined, left_out
from pipeline.problems import Problem, read_word, refuse_unsuited
from pipeline.problems.words import fold


def label_recordings(
    problem: Problem, recordings: pd.DataFrame, events: pd.DataFrame, settings: Mapping[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the labelled spans of a problem, and what had to be left out.

    Parameters
    ----------
    problem : Problem
    recordings, events : DataFrame
        Tables of the index, of one or more data sets.
    settings : mapping
        The section `[labels]`: `negatives` is `"all"` or `"healthy"`.

    Returns
    -------
    labels : DataFrame
        `recording_id, start_s, end_s, <0 or 1 per label>, weak`, sorted. One row per event where
        events are labelled (weak: the label of a whole recording), otherwise one per recording,
        from 0 to its end.
    excluded : DataFrame
        `path, recording_id, what, reason, detail, action`.

    Raises
    ------
    SettingsError
        A data set cannot serve the problem.
    """
    refuse_unsuited(problem, recordings["dataset"].unique())
    recordings = recordings.sort_values("recording_id", ignore_index=True)
    by_event = problem.level == "event"
    spans = _events(problem, recordings, events) if by_event else _whole(problem, recordings)
    return _apply(spans, problem, settings.get("negatives", "all"), recordings)


def _whole(problem: Problem, recordings: pd.DataFrame) -> pd.DataFrame:
    return recordings[["recording_id", "path"]].assign(
        start_s=0.0,
        end_s=recordings["duration_s"],
        word=recordings[problem.column].fillna("").astype(str),
        weak=0,
        what="recording",
    )


def _events(problem: Problem, recordings: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    usable = recordings.loc[~_skipped(problem, recordings), ["recording_id", "path"]]
    spans = events.merge(usable, on="recording_id")
    return spans.assign(word=spans["type"].fillna("").astype(str), what="event")


def _apply(
    spans: pd.DataFrame, problem: Problem, negatives: str, recordings: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the spans with their words read, and what could not be read."""
    names = problem.labels
    verdicts = {
        str(word): read_word(problem, str(word), negatives) for word in spans["word"].unique()
    }
    reasons = spans["word"].map({w: v for w, v in verdicts.items() if isinstance(v, str)})
    understood = {word: v for word, v in verdicts.items() if not isinstance(v, str)}
    kept = spans[reasons.isna()]
    words = list(kept["word"])
    for position, name in enumerate(names):
        kept = kept.assign(**{name: [understood[word][position] for word in words]})
    kept = kept[["recording_id", "start_s", "end_s", *names, "weak"]]
    kept = kept.astype({"start_s": float, "end_s": float} | dict.fromkeys([*names, "weak"], int))

    lost = spans[reasons.notna()]
    tables = [
        left_out(each, str(what), reasons[each.index], each["word"].map(repr))
        for what, each in lost.groupby("what")
    ]
    tables += _unlabelled(problem, spans, set(kept["recording_id"]), recordings)
    return kept.sort_values(list(kept.columns), ignore_index=True), joined(tables)


def _skipped(problem: Problem, recordings: pd.DataFrame) -> pd.Series:
    """Return where the publisher's label of a whole recording is one that the problem skips."""
    if "record_label" not in recordings:
        return pd.Series(False, index=recordings.index)
    return recordings["record_label"].fillna("").astype(str).map(fold).isin(problem.skipped)


def _unlabelled(
    problem: Problem, spans: pd.DataFrame, labelled: set[str], recordings: pd.DataFrame
) -> list[pd.DataFrame]:
    """Return the recordings of which no event is left (one listed as a whole already is not)."""
    listed = set(spans.loc[spans["what"] == "recording", "recording_id"])
    rows = recordings[~recordings["recording_id"].isin(labelled | listed)]
    skipped, with_events = _skipped(problem, rows), rows["recording_id"].isin(spans["recording_id"])
    none, whole = "no labelled event", "the label of the whole recording"
    words = rows[skipped]["record_label"].map(fold) if "record_label" in rows else ""
    return [
        left_out(rows[skipped], "recording", words, whole),
        left_out(rows[~skipped & with_events], "recording", none, "none of its events has a label"),
        left_out(rows[~skipped & ~with_events], "recording", none, "it has no events"),
    ]
