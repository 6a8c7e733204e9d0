"""Building the index of a fake, and looking into it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline import datasets
from pipeline.datasets.index import HashCache, IndexTables, build_index, list_files
from tests.fakes.sounds import write_sound

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


@pytest.fixture
def write(tmp_path):
    """Return a function that writes recordings, each another sound, and a subjects.csv."""

    def make(*paths, subjects=None):
        for path in paths:
            rng = np.random.default_rng(sum(path.encode()))
            write_sound(tmp_path / "data" / path, rng)
        if subjects is not None:
            (tmp_path / "data" / "subjects.csv").write_text(subjects, encoding="utf-8")
        return tmp_path / "data"

    return make
