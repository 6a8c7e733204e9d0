"""Stage 4, subset: a small sample of whole subjects for development, or everything.

Reads
    the split.
Writes
    ``04_subset/<problem>-<salt>/``: the split's files, for the subjects that were kept.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.compose import Requirement, SaltedOutput, SaltedTask
from pipeline.tasks._03_splits import SplitSubjects
from pipeline.tasks.parameters import OnSample


class SampleSubset(OnSample, SaltedTask):
    """Keep ``--subset N`` subjects per class and side; 0 keeps all."""

    __version__ = "3"
    kind = "auscult/subset"
    salted_by = ("subset", "subset_settings")
    splits = Requirement(SplitSubjects)
    output = SaltedOutput("04_subset/{task.problem}-{salt}")

    def input_identities(self) -> dict[str, str]:
        """The split's salt; its manifest is read, and with it the limits are checked again."""
        self.splits.manifest()
        return super().input_identities()

    def build(self, folder: Path) -> dict[str, Any]:
        """Write the sample."""
        from pipeline.splits import read_split, write_split
        from pipeline.splits.subset import sample_subset

        split = read_split(self.splits.output().path)
        seed = self.record()["settings"]["subset"].get("seed", 0)
        return write_split(sample_subset(split, self.subset, seed), folder)
