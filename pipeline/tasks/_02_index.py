"""Stage 2, index: what recordings and events a data set holds, and what had to be left out.

Reads
    the recordings of one data set.
Writes
    ``02_index/<data set>-<salt>/``: recordings.csv, events.csv, excluded.csv, and in the manifest
    the digest of the decoded audio, which is what later stages are salted by.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline import datasets as registry
from pipeline.compose import Requirement, SaltedOutput, SaltedTask
from pipeline.config import n_processes, paths
from pipeline.tasks._01_fetch import FetchRecordings
from pipeline.tasks.parameters import OnDataset


class IndexRecordings(OnDataset, SaltedTask):
    """Index one data set."""

    __version__ = "3"
    kind = "auscult/index"
    salted_by = ("dataset",)
    recordings = Requirement(FetchRecordings)
    output = SaltedOutput("02_index/{task.dataset}-{salt}")

    def input_identities(self) -> dict[str, str]:
        """Names, sizes and times of the files: cheap to see, and only ever the index's salt."""
        return {"listing": self.recordings.listing().digest}

    def further_identities(self) -> dict[str, str]:
        """The front end's version: its decoding is what the hashes stand for."""
        import frontend

        return {"frontend": frontend.VERSION}

    def build(self, folder: Path) -> dict[str, Any]:
        """Write the index; the manifest's info carries the digests and counts."""
        from pipeline.datasets.index import HashCache, build_index, write_index

        source = self.recordings.folder
        cache = HashCache.at(Path(paths().data) / "02_index" / ".hashes", self.dataset, source)
        tables = build_index(
            registry.load(self.dataset),
            source,
            self.recordings.listing(),
            cache,
            n_workers=n_processes(),
            progress=self.reporter(),
        )
        return write_index(tables, folder)
