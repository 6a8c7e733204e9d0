"""Stage 3, splits: the problem's labels, and who is on which side.

Reads
    the index of every data set asked for, with ``--split file`` the user's csv, and with
    ``hard_folds`` what the doctor measured of the recordings.
Writes
    ``03_splits/<problem>-<salt>/``: splits.csv, labels.csv, excluded.csv, notes.json.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.compose import Requirements, SaltedOutput, SaltedTask
from pipeline.errors import SettingsError
from pipeline.labels.limits import refuse_incomplete, refuse_unlabelled
from pipeline.salts import digest
from pipeline.tasks._02_index import IndexRecordings
from pipeline.tasks._02_inspect import MeasureRecordings
from pipeline.tasks.choices import hash_of
from pipeline.tasks.parameters import OnSplit


class Measures(Requirements):
    """What the doctor measured of each data set, where folds are dealt by it; else nothing."""

    def resolve(self, task: Any) -> dict[str, Any]:
        """Return the measuring tasks by data set, or an empty table."""
        return super().resolve(task) if task.splits_settings.get("hard_folds") else {}


class SplitSubjects(OnSplit, SaltedTask):
    """Label the recordings and put every subject on one side."""

    __version__ = "3"
    kind = "auscult/splits"
    salted_by = (
        *("split", "fold", "split_file_hash"),
        *("problem_settings", "labels_settings", "splits_settings"),
    )
    index = Requirements(IndexRecordings, each="datasets")
    measures = Measures(MeasureRecordings, each="datasets")
    output = SaltedOutput("03_splits/{task.problem}-{salt}")

    def input_identities(self) -> dict[str, str]:
        """The files' content: a folder moved or touched gives the same split."""
        for name, task in self.index.items():
            counts = task.manifest()["info"]["counts"]
            refuse_incomplete(name, counts, self.limits_settings["max_left_out_share"])
        tables = {
            f"index.{name}": task.manifest()["info"]["digests"]["tables"]
            for name, task in self.index.items()
        }
        measured = {
            f"measures.{name}": digest(
                {k: f["sha256"] for k, f in task.manifest()["files"].items()}
            )
            for name, task in self.measures.items()
        }
        return tables | measured

    def build(self, folder: Path) -> dict[str, Any]:
        """Write the split."""
        from pipeline.labels.limits import count_unlabelled
        from pipeline.splits import make_split, read_conditions, read_side_file, write_split
        from pipeline.splits.modes import FROM_FILE
        from pipeline.tables import read_indexes

        recordings, events = read_indexes([task.output().path for task in self.index.values()])
        measured = [task.output().path for task in self.measures.values()]
        settings = self.record()["settings"]
        split = make_split(
            self.question,
            recordings,
            events,
            settings["labels"],
            settings["splits"],
            mode=self.split,
            fold=self.fold,
            given=read_side_file(self.side_file()) if self.split in FROM_FILE else None,
            conditions=read_conditions(measured) if measured else None,
        )
        unlabelled = count_unlabelled(recordings, split.excluded, self.question.skipped)
        refuse_unlabelled(unlabelled, self.limits_settings["max_left_out_share"])
        return {**write_split(split, folder), "unlabelled": unlabelled}

    def manifest(self) -> dict[str, Any]:
        """Return the manifest, unless the limit was lowered since the split was made."""
        content = super().manifest()
        limit = self.limits_settings.get("max_left_out_share", 1.0)
        refuse_unlabelled(content["info"]["unlabelled"], limit)
        return content

    def side_file(self) -> Path:
        """Return the user's csv; raises SettingsError if it changed since the run began."""
        path = Path(self.split_file).expanduser()
        if hash_of(path) != self.split_file_hash:
            raise SettingsError(
                expected="a split file that stays as it is during a run",
                found="another content than at the start",
                where=str(path),
                action="Run the same command again.",
            )
        return path
