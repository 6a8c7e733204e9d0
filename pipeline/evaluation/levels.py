"""From the table of predictions to the tables of clips, recordings and subjects to score.

The table of predictions is `08_reports/predictions.csv`: one row per clip with `CLIP_COLUMNS`,
and `true_<label>` (0 or 1) and `prob_<label>` (0 to 1) per label.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from pipeline.errors import EvaluationError
from pipeline.evaluation.checks import require_columns

LEVELS = ("clip", "recording", "subject")
MAIN_LEVEL = {"pneumonia": "subject", "crackle_wheeze": "clip"}
# Pneumonia is a property of the person, so every window counts alike; a crackle or a wheeze is
# there as soon as one event has it.
AGGREGATION = {
    "pneumonia": {"recording": "mean", "subject": "mean"},
    "crackle_wheeze": {"recording": "max", "subject": "max"},
}
CLIP_COLUMNS = (
    "clip_id",
    "recording_id",
    "subject_id",
    "dataset",
    "start_s",
    "end_s",
    "event_duration_s",
    "recording_duration_s",
    "weak",
)


def aggregation_of(problem: str) -> dict[str, str]:
    """Return how clips become recordings and subjects: `{"recording": "mean"|"max", ...}`.

    Raises
    ------
    EvaluationError
        If the problem is unknown.
    """
    if problem not in AGGREGATION:
        raise EvaluationError(
            expected=f"one of the problems {', '.join(AGGREGATION)}",
            found=repr(problem),
            action="Name one of these problems.",
        )
    return dict(AGGREGATION[problem])


def join_predictions(
    clips: pd.DataFrame, probabilities: pd.DataFrame, labels: Sequence[str]
) -> pd.DataFrame:
    """Join a clip table (`06_clips`) with the trainer's probabilities into a predictions table.

    Parameters
    ----------
    clips : DataFrame
        Columns of `06_clips/<side>.csv`, the truth in columns named as the labels.
    probabilities : DataFrame
        `clip_id` and `prob_<label>`, each clip exactly once, in any order.

    Returns
    -------
    DataFrame
        The columns of `predictions.csv`, in the order of `clips`.

    Raises
    ------
    EvaluationError
        If a clip has no probability or two, or a probability belongs to no clip.
    """
    columns = ["clip_id", *(f"prob_{label}" for label in labels)]
    require_columns(probabilities, columns, "the trainer's predictions")
    duplicates = probabilities["clip_id"].duplicated()
    missing = set(clips["clip_id"]) - set(probabilities["clip_id"])
    strange = set(probabilities["clip_id"]) - set(clips["clip_id"])
    if duplicates.any() or missing or strange:
        raise EvaluationError(
            expected="exactly one probability for every clip",
            found=f"{len(missing)} clips without one, {int(duplicates.sum())} clips twice, "
            f"{len(strange)} rows for unknown clips",
            where="the trainer's predictions",
            action="Remove the output folder and run the same command again.",
        )
    table = with_truth_columns(clips, labels).merge(
        probabilities[columns], on="clip_id", how="left", validate="one_to_one"
    )
    ordered = [name for name in CLIP_COLUMNS if name in table]
    truths = [f"true_{label}" for label in labels]
    return table[[*ordered, *truths, *columns[1:]]]


def with_truth_columns(clips: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
    """Return the clip table with its label columns named `true_<label>`."""
    return clips.rename(columns={label: f"true_{label}" for label in labels})


def level_tables(
    table: pd.DataFrame, labels: Sequence[str], aggregation: dict[str, str]
) -> dict[str, pd.DataFrame]:
    """Return the tables scored at each level.

    Parameters
    ----------
    table : DataFrame
        Predictions; the `prob_` columns may be missing (then they are missing in the result).
    aggregation : dict
        `{"recording": "mean"|"max", "subject": "mean"|"max"}`, over the clips of each.

    Returns
    -------
    dict
        `"clip"`, `"recording"` and `"subject"`, each a DataFrame with `id`, `subject_id`,
        `dataset`, `duration_s`, `n_clips`, `true_<label>` and `prob_<label>`, sorted by `id`.
        `duration_s` is the event's at clip level, the recording's at recording level and the
        mean of the recordings' at subject level. A recording or subject is truly positive if any
        of its clips is. Weak clips, which only inherit the label of their whole recording, are
        not in the clip table.
    """
    return {
        "clip": _clip_level(table, labels),
        "recording": _grouped(table, labels, "recording_id", aggregation["recording"]),
        "subject": _grouped(table, labels, "subject_id", aggregation["subject"]),
    }


def _clip_level(table: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
    strong = table[table["weak"] == 0]
    clips = strong.rename(columns={"clip_id": "id", "event_duration_s": "duration_s"})
    columns = ["id", "subject_id", "dataset", "duration_s", *_value_columns(table, labels)]
    return clips[columns].assign(n_clips=1).sort_values("id", ignore_index=True)


def _grouped(table: pd.DataFrame, labels: Sequence[str], by: str, how: str) -> pd.DataFrame:
    if how not in ("mean", "max"):
        raise EvaluationError(
            expected="'mean' or 'max' as the way from clips to recordings and subjects",
            found=repr(how),
            where="evaluation.json of the model",
            action="Use the version of Auscult that made this model.",
        )
    columns = {
        "id": (by, "first"),
        "subject_id": ("subject_id", "first"),
        "dataset": ("dataset", "first"),
        "n_clips": ("clip_id", "size"),
    }
    for name in _value_columns(table, labels):
        columns[name] = (name, "max" if name.startswith("true_") else how)
    groups = table.groupby(by, sort=True).agg(**columns)
    recordings = table.drop_duplicates("recording_id")
    groups["duration_s"] = recordings.groupby(by)["recording_duration_s"].mean()
    return groups.reset_index(drop=True)


def _value_columns(table: pd.DataFrame, labels: Sequence[str]) -> list[str]:
    names = [f"{kind}_{label}" for kind in ("true", "prob") for label in labels]
    return [name for name in names if name in table]
