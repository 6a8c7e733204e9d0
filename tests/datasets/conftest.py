"""Building the index of a fake, and looking into it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import datasets
from pipeline.datasets.index import HashCache, IndexTables, build_index, list_files

Index = Callable[..., IndexTables]


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """Return a function that indexes a data set's folder with the test's own cache."""

    def make(name: str, folder: Path, n_workers: int = 2, progress=None) -> IndexTables:
        dataset = datasets.load(name)
        listing = list_files(folder, dataset.layout)
        cache = HashCache(tmp_path / "cache" / f"{name}.json")
        return build_index(dataset, folder, listing, cache, n_workers, progress)

    return make


@pytest.fixture
def reasons() -> Callable[[IndexTables], list[tuple[str, str, str]]]:
    """Return a function that lists (what, reason, action) of everything excluded."""

    def look(tables: IndexTables) -> list[tuple[str, str, str]]:
        columns = tables.excluded[["what", "reason", "action"]]
        return [tuple(row) for row in columns.to_numpy().tolist()]

    return look
