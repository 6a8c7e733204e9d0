"""Stage 3, splits: the problem's labels, and who is on which side.

Reads
    the index of every data set asked for, and with ``--split file`` the user's csv.
Writes
    ``03_splits/<problem>-<salt>/``: splits.csv, labels.csv, excluded.csv, notes.json.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.compose import Requirements, SaltedOutput, SaltedTask
from pipeline.labels.limits import refuse_incomplete
from pipeline.tasks._02_index import IndexRecordings
from pipeline.tasks.parameters import OnSplit


class SplitSubjects(OnSplit, SaltedTask):
    """Label the recordings and put every subject on one side."""

    __version__ = "2"
    kind = "auscult/splits"
    salted_by = (
        *("split", "fold", "split_file_hash"),
        *("problem_settings", "labels_settings", "splits_settings"),
    )
    index = Requirements(IndexRecordings, each="datasets")
    output = SaltedOutput("03_splits/{task.problem}-{salt}")

    def input_identities(self) -> dict[str, str]:
        """The tables' content: a folder moved or touched gives the same split."""
        for name, task in self.index.items():
            counts = task.manifest()["info"]["counts"]
            refuse_incomplete(name, counts, self.limits_settings["max_left_out_share"])
        return {
            name: task.manifest()["info"]["digests"]["tables"] for name, task in self.named_inputs()
        }

    def build(self, folder: Path) -> dict[str, Any]:
        """Write the split."""
        from pipeline.labels.limits import refuse_unlabelled
        from pipeline.splits import make_split, read_side_file, write_split
        from pipeline.tables import read_indexes

        recordings, events = read_indexes([task.output().path for task in self.index.values()])
        settings = self.record()["settings"]
        split = make_split(
            self.question,
            recordings,
            events,
            settings["labels"],
            settings["splits"],
            mode=self.split,
            fold=self.fold,
            given=read_side_file(Path(self.split_file)) if self.split == "file" else None,
        )
        limit = self.limits_settings["max_left_out_share"]
        refuse_unlabelled(recordings, split.excluded, limit)
        return write_split(split, folder)
