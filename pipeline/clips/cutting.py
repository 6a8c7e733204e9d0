"""The spans of each recording that a model sees, one row per clip."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.clips.normalisation import fit_normalisation
from pipeline.errors import SplitError
from pipeline.problems import Problem
from pipeline.splits.folder import SIDES, Split

__all__ = ["clip_columns", "cut_clips", "fit_normalisation", "window_spans", "write_clips"]


def clip_columns(names: Sequence[str]) -> list[str]:
    """Return the columns of a clip table, for a problem's labels."""
    return [
        *("clip_id", "recording_id", "subject_id", "dataset", "audio_hash", "content_hash"),
        *("start_s", "end_s", "event_duration_s", "recording_duration_s", "weak", "part"),
        *names,
    ]


def window_spans(
    start_s: float, end_s: float, window_s: float, step_s: float
) -> list[tuple[float, float]]:
    """Return the windows over a span, in seconds.

    Windows start every `step_s` as long as they fit. What is left at the end gets one more
    window, aligned to the end, if it is at least half a step long: less has been seen with
    nearly all its surroundings. A span no longer than a window is one clip, as long as it is.

    >>> window_spans(0.0, 22.0, 10.0, 5.0)
    [(0.0, 10.0), (5.0, 15.0), (10.0, 20.0)]
    >>> window_spans(0.0, 23.0, 10.0, 5.0)
    [(0.0, 10.0), (5.0, 15.0), (10.0, 20.0), (13.0, 23.0)]
    """
    tolerance_s = 1e-6
    if end_s - start_s <= window_s + tolerance_s:
        return [(start_s, end_s)]
    n_windows = 1 + math.floor((end_s - start_s - window_s + tolerance_s) / step_s)
    starts = [start_s + k * step_s for k in range(n_windows)]
    if end_s - (starts[-1] + window_s) >= max(step_s / 2, 2 * tolerance_s):
        starts.append(end_s - window_s)
    # Rounded to a microsecond for readers; never past the end.
    return [(round(s, 6), min(round(s + window_s, 6), end_s)) for s in starts]


def cut_clips(
    split: Split, recordings: pd.DataFrame, settings: Mapping[str, Any], problem: Problem
) -> dict[str, pd.DataFrame]:
    """Return the clips of each side.

    A label of an event is one clip, as long as the event. A label that holds for more than one
    sound - of a whole recording, or of the person - is cut into windows that
    inherit it.

    Parameters
    ----------
    split : Split
        Sides and labelled spans.
    recordings : DataFrame
        The index's recordings: `recording_id, audio_hash, content_hash, duration_s`.
    settings : mapping
        `[clips]` of the problem: `window_s` and `step_s` in seconds.
    problem : Problem

    Returns
    -------
    dict
        `{"train": table, "val": table, "test": table}` with the columns of `clip_columns`, sorted
        by recording and time. `event_duration_s` is the length of the labelled span that a clip
        was cut from; `clip_id` is `<recording_id>#<k>`, k counting within the recording.

    Raises
    ------
    SplitError
        The split names a recording that the index does not have, or is for another problem.
    """
    _check(split, recordings, problem)
    own = recordings[["recording_id", "audio_hash", "duration_s"]]
    spans = split.labels.merge(split.splits, on="recording_id").merge(own, on="recording_id")
    spans = spans.rename(columns={"duration_s": "recording_duration_s"})
    spans["event_duration_s"] = (spans["end_s"] - spans["start_s"]).round(6)
    windowed = spans["weak"].eq(1) | problem.windowed
    cut = [
        window_spans(start, end, settings["window_s"], settings["step_s"]) if w else [(start, end)]
        for start, end, w in zip(spans["start_s"], spans["end_s"], windowed, strict=True)
    ]
    clips = spans.loc[spans.index.repeat([len(each) for each in cut])]
    clips["start_s"] = [start for each in cut for start, _ in each]
    clips["end_s"] = [end for each in cut for _, end in each]
    names = problem.labels
    order = ["recording_id", "start_s", "end_s", "weak", *names]
    clips = clips.sort_values(order, kind="stable", ignore_index=True)
    position = clips.groupby("recording_id").cumcount()
    clips["clip_id"] = clips["recording_id"] + "#" + position.astype(str)
    columns = clip_columns(names)
    return {s: clips.loc[clips["side"] == s, columns].reset_index(drop=True) for s in SIDES}


def write_clips(
    clips: Mapping[str, pd.DataFrame], normalisation: Mapping[str, Any] | None, folder: Path
) -> dict[str, Any]:
    """Write `<side>.csv` for each side, `normalisation.json` and `info.json`; return the info.

    Without normalisation (clips for a model that has its own) there is no such file. The folder
    is the caller's: a temporary one that gets its final name when it is whole.
    """
    folder = Path(folder)
    info: dict[str, Any] = {"n_clips": {}, "seconds": {}}
    for side, table in clips.items():
        table.to_csv(folder / f"{side}.csv", index=False, lineterminator="\n", encoding="utf-8")
        info["n_clips"][side] = len(table)
        info["seconds"][side] = round(float((table["end_s"] - table["start_s"]).sum()), 3)
    if normalisation is not None:
        _write_json(folder / "normalisation.json", normalisation)
    _write_json(folder / "info.json", info)
    return info


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")


def _check(split: Split, recordings: pd.DataFrame, problem: Problem) -> None:
    if split.problem.content != problem.content:
        raise SplitError(
            expected=f"a split for {problem.name}",
            found=f"one for {split.problem.name}, or for another form of it",
            where="splits",
        )
    missing = sorted(set(split.splits["recording_id"]) - set(recordings["recording_id"]))
    if missing:
        raise SplitError(
            expected="every recording of the split in the index",
            found=f"{len(missing)} that are not there, such as {missing[0]}",
            where="splits.csv",
            action="index the data sets that the split was made from",
        )
