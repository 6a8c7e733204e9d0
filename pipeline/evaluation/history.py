"""The figures of a training history, whatever its columns are called."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from pipeline.evaluation.charts import history_figure

_NOT_DRAWN = ("epoch", "learning_rate", "seconds", "clips_per_s", "time")
# As many as can be told apart.
_MAX_LINES = 8


def history_figures(rows: Sequence[Mapping], model: Mapping) -> list[Markup]:
    """Draw the losses, and the other measures, of `history.csv` by epoch.

    Parameters
    ----------
    rows : sequence of mapping
        One per epoch; `epoch` counts from 1 if it is missing. Values may be text, empty where
        unknown.
    model : mapping
        Of the model's `training.best_epoch` or `best_epoch` a line is drawn at that epoch.
    """
    if not rows:
        return []
    epochs = [_number(row.get("epoch", place + 1)) for place, row in enumerate(rows)]
    names = [name for name in rows[0] if name not in _NOT_DRAWN]
    columns = {name: [_number(row.get(name)) for row in rows] for name in names}
    drawn = {name: values for name, values in columns.items() if not all(map(math.isnan, values))}
    losses = {name: values for name, values in drawn.items() if "loss" in name}
    others = {name: values for name, values in drawn.items() if "loss" not in name}
    training = model.get("training")
    nested = training.get("best_epoch") if isinstance(training, Mapping) else None
    best = _number(nested if nested is not None else model.get("best_epoch"))
    chosen = None if math.isnan(best) else best
    return [
        history_figure(dict(list(one.items())[:_MAX_LINES]), epochs, chosen, quantity)
        for quantity, one in (("Loss", losses), ("Measure", others))
        if one
    ]


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan
