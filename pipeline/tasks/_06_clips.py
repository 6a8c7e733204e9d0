"""Stage 6, clips: which spans the model sees, and the normalisation fitted on the train side.

Reads
    the sample, the index and the packs.
Writes
    ``06_clips/<problem>-<salt>/``: train.csv, val.csv, test.csv, normalisation.json.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.compose import Requirement, Requirements, SaltedOutput, SaltedTask
from pipeline.tasks._02_index import IndexRecordings
from pipeline.tasks._04_subset import SampleSubset
from pipeline.tasks._05_spectrograms import Packs
from pipeline.tasks.parameters import OnClips


class CutClips(OnClips, SaltedTask):
    """Cut the spans of each side into clips."""

    __version__ = "2"
    kind = "auscult/clips"
    salted_by = ("problem", "clips_settings")
    sample = Requirement(SampleSubset)
    index = Requirements(IndexRecordings, each="datasets")
    spectrograms = Packs()
    output = SaltedOutput("06_clips/{task.problem}-{salt}")

    def input_identities(self) -> dict[str, str]:
        """The sample's and the packs' salts; what of the index matters is in both."""
        identities = {f"spectrograms.{name}": t.salt for name, t in self.spectrograms.items()}
        return {"sample": self.sample.salt, **identities}

    def build(self, folder: Path) -> dict[str, Any]:
        """Write the clips of each side and the normalisation."""
        from pipeline.clips.cutting import cut_clips, fit_normalisation, write_clips
        from pipeline.spectrograms.pack import Pack
        from pipeline.splits import read_split
        from pipeline.tables import read_indexes

        recordings, _ = read_indexes([task.output().path for task in self.index.values()])
        split = read_split(self.sample.output().path)
        settings = self.record()["settings"]["clips"]
        clips = cut_clips(split, recordings, settings, self.question)
        packs = {name: Pack.open(task.output().path) for name, task in self.spectrograms.items()}
        spectrogram = dict(self.spectrogram_settings)
        normalisation = fit_normalisation(clips["train"], packs, spectrogram, settings)
        return write_clips(clips, normalisation, folder)
