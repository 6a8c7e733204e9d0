"""Checks of a table of predictions before it is scored."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipeline.errors import EvaluationError

_NEEDED = (
    "clip_id",
    "recording_id",
    "subject_id",
    "dataset",
    "event_duration_s",
    "recording_duration_s",
    "weak",
)


def check_predictions(
    table: pd.DataFrame, labels: Sequence[str], *, probabilities: bool = True
) -> None:
    """Refuse a table that cannot be scored.

    Raises
    ------
    EvaluationError
        If a column is missing, a clip stands twice, a truth is not 0 or 1, a duration is not a
        number, or a probability is NaN or outside [0, 1].
    """
    truths = [f"true_{label}" for label in labels]
    probs = [f"prob_{label}" for label in labels] if probabilities else []
    require_columns(table, [*_NEEDED, *truths, *probs], "the table of predictions")
    if table["clip_id"].duplicated().any():
        first = table.loc[table["clip_id"].duplicated(), "clip_id"].iloc[0]
        _refuse("every clip once", f"clip {first!r} more than once")
    for name in [*truths, "weak"]:
        _require_values(table, name, table[name].isin([0, 1]), "0 or 1")
    for name in ("event_duration_s", "recording_duration_s"):
        _require_values(table, name, np.isfinite(_numbers(table, name)), "seconds")
    for name in probs:
        values = _numbers(table, name)
        _require_values(table, name, (values >= 0) & (values <= 1), "probabilities from 0 to 1")


def require_columns(table: pd.DataFrame, names: Sequence[str], where: str) -> None:
    """Raise EvaluationError if the table lacks one of the columns; `where` names the table."""
    missing = [name for name in names if name not in table]
    if missing:
        raise EvaluationError(
            expected=f"the columns {', '.join(names)}",
            found=f"no column {', '.join(missing)}",
            where=where,
            action="Make the table again with the same command and the same version of Auscult.",
        )


def _numbers(table: pd.DataFrame, name: str) -> pd.Series:
    return pd.to_numeric(table[name], errors="coerce").astype(float)


def _require_values(table: pd.DataFrame, name: str, good: pd.Series, what: str) -> None:
    bad = table.loc[~np.asarray(good, dtype=bool)]
    if len(bad):
        first = bad.iloc[0]
        _refuse(
            f"{what} in column {name}",
            f"{first[name]!r} for clip {first['clip_id']!r} ({len(bad)} such rows)",
        )


def _refuse(expected: str, found: str) -> None:
    raise EvaluationError(
        expected=expected,
        found=found,
        where="the table of predictions",
        action="A NaN from a model means that its training went wrong: look at its train.log. "
        "Otherwise make the table again.",
    )
