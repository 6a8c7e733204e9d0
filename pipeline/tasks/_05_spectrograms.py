"""Stage 5, spectrograms: log-mel of every whole recording, computed once and packed for training.

Reads
    the recordings and the index of one data set (for ``--subset``, also the sample).
Writes
    ``05_spectrograms/store/``: one file per (decoded audio, audio setting, front-end version),
    shared by every run; ``05_spectrograms/<data set>-<salt>/``: the pack, frames.npy with its
    table recordings.csv.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.compose import Requirement, Requirements, SaltedOutput, SaltedTask
from pipeline.config import n_processes, paths
from pipeline.tasks._01_fetch import FetchRecordings
from pipeline.tasks._02_index import IndexRecordings
from pipeline.tasks._04_subset import SampleSubset
from pipeline.tasks.parameters import OnDataset, OnSample, OnSpectrograms

if TYPE_CHECKING:
    import pandas as pd


class CacheSpectrograms(OnDataset, OnSpectrograms, SaltedTask):
    """Cache and pack the spectrograms of a whole data set."""

    __version__ = "1"
    kind = "auscult/pack"
    salted_by = ("spectrogram_settings",)
    recordings = Requirement(FetchRecordings)
    index = Requirement(IndexRecordings)
    output = SaltedOutput("05_spectrograms/{task.dataset}-{salt}")

    def input_identities(self) -> dict[str, str]:
        """Only the decoded audio: no label, no metadata, no split."""
        return {"audio": self.index.manifest()["info"]["digests"]["audio"]}

    def further_identities(self) -> dict[str, str]:
        """The front end's version."""
        import frontend

        return {"frontend": frontend.VERSION}

    def build(self, folder: Path) -> dict[str, Any]:
        """Compute what the store lacks, then write the pack."""
        from pipeline.spectrograms.cache import fill_store, write_pack

        store = Path(paths().data) / "05_spectrograms" / "store"
        settings = self.record()["settings"]["spectrogram"]
        wanted = self.wanted().drop_duplicates("audio_hash")
        n_computed = fill_store(
            wanted, self.recordings.folder, store, settings, n_processes(), self.reporter()
        )
        write_pack(wanted["audio_hash"], store, settings, folder, self.reporter())
        return {"n_recordings": len(wanted), "n_computed": n_computed}

    def wanted(self) -> pd.DataFrame:
        """Return the index's rows of the recordings to cache."""
        from pipeline.tables import read_indexes

        return read_indexes([self.index.output().path])[0]


class CacheSubsetSpectrograms(OnSample, CacheSpectrograms):
    """Cache and pack the spectrograms of the development sample's recordings only."""

    sample = Requirement(SampleSubset)

    @staticmethod
    def relevant(values: dict[str, Any]) -> dict[str, Any]:
        """Keep everything: the sample may rest on the simulated cohort, this data set not."""
        return values

    def input_identities(self) -> dict[str, str]:
        """The decoded audio of the sample: whoever asks for the same audio shares the pack."""
        from pipeline.salts import digest

        return {"audio": digest(sorted(set(self.wanted()["audio_hash"])))}

    def wanted(self) -> pd.DataFrame:
        """Return the index's rows of the sample's recordings."""
        from pipeline.splits import read_split

        kept = read_split(self.sample.output().path).splits["recording_id"]
        wanted = super().wanted()
        return wanted[wanted["recording_id"].isin(kept)]


class Packs(Requirements):
    """One pack per data set: of the whole data set, or of the development sample."""

    def __init__(self) -> None:
        super().__init__(CacheSpectrograms, each="datasets")

    def resolve(self, task: Any) -> dict[str, CacheSpectrograms]:
        """Return the packs for `task`, by data set."""
        chosen = CacheSubsetSpectrograms if task.subset else CacheSpectrograms
        return Requirements(chosen, each=self.each).resolve(task)
