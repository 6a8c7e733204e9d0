"""Stage 3, splits: the problem's labels, and who is on which side.

Reads
    the index of every data set asked for.
Writes
    ``03_splits/<problem>-<salt>/``: splits.csv, labels.csv, excluded.csv, notes.json.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.compose import Requirements, SaltedOutput, SaltedTask
from pipeline.tasks._02_index import IndexRecordings
from pipeline.tasks.parameters import OnSplit


class SplitSubjects(OnSplit, SaltedTask):
    """Label the recordings and put every subject on one side."""

    __version__ = "1"
    kind = "auscult/splits"
    salted_by = ("problem", "fold", "labels_settings", "splits_settings")
    index = Requirements(IndexRecordings, each="datasets")
    output = SaltedOutput("03_splits/{task.problem}-{salt}")

    def input_identities(self) -> dict[str, str]:
        """The tables' content: a folder moved or touched gives the same split."""
        return {
            name: task.manifest()["info"]["digests"]["tables"] for name, task in self.named_inputs()
        }

    def build(self, folder: Path) -> dict[str, Any]:
        """Write the split."""
        from pipeline.splits import make_split, write_split
        from pipeline.tables import read_indexes

        recordings, events = read_indexes([task.output().path for task in self.index.values()])
        settings = self.record()["settings"]
        split = make_split(
            self.problem, recordings, events, settings["labels"], settings["splits"], self.fold
        )
        return write_split(split, folder)
