"""Tables of what was left out and why (`excluded.csv`)."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from pipeline.datasets.description import LEFT_OUT
from pipeline.datasets.tables import EXCLUDED_COLUMNS


def left_out(
    rows: pd.DataFrame, what: str, reason: str | pd.Series, detail: str | pd.Series = ""
) -> pd.DataFrame:
    """Return a row of `excluded.csv` for each row with `path` and `recording_id`."""
    table = rows[["path", "recording_id"]].assign(
        what=what, reason=reason, detail=detail, action=LEFT_OUT
    )
    return table[list(EXCLUDED_COLUMNS)]


def joined(tables: Iterable[pd.DataFrame | None]) -> pd.DataFrame:
    """Return several such tables as one, sorted, with its columns even when empty."""
    filled = [table for table in tables if table is not None and len(table)]
    whole = pd.concat(filled) if filled else pd.DataFrame(columns=list(EXCLUDED_COLUMNS), dtype=str)
    order = ["recording_id", "path", "what", "reason", "detail"]
    return whole.sort_values(order, kind="stable", ignore_index=True)
