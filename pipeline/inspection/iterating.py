"""Rows and groups of tables, whose types are known by the names of their columns only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd


def each_row(table: pd.DataFrame) -> Iterator[Any]:
    """Yield the rows as named tuples."""
    return iter(table.itertuples())


def each_group(table: Any, by: Any) -> Iterator[tuple[Any, Any]]:
    """Yield (key, rows) of the groups of a table or of one of its columns, by sorted key."""
    return iter(table.groupby(by))
