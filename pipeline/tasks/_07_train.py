"""Stage 7, train: a network from the train side, chosen on the validation side.

Reads
    train.csv, val.csv and the normalisation of the clips, and the packs. Never the test side.
Writes
    ``07_models/<problem>-<salt>/``: a model folder that is complete on its own.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import luigi

from pipeline.compose import Requirement, SaltedOutput
from pipeline.contract import read_manifest
from pipeline.salts import canonical
from pipeline.tasks._02_inspect import WriteInspection
from pipeline.tasks._05_spectrograms import Packs
from pipeline.tasks._06_clips import CutClips
from pipeline.tasks.parameters import OnNetwork
from pipeline.tasks.program import ProgramTask
from pipeline.training import rundir
from pipeline.training.environment import training_identities

logger = logging.getLogger("luigi-interface")

TRAIN_INPUTS = ("train.csv", "val.csv", "normalisation.json")


class TrainNetwork(OnNetwork, ProgramTask):
    """Train one network in the isolated environment."""

    __version__ = "2"
    kind = "auscult/model"
    action = "train"
    salted_by = ("problem", "seed", "augment_settings", "model_settings", "training_settings")
    clips = Requirement(CutClips)
    spectrograms = Packs()
    # Not part of the salt: who trains should have seen what is wrong with the data.
    inspection = Requirement(WriteInspection)
    output = SaltedOutput("07_models/{task.problem}-{salt}")

    def input_identities(self) -> dict[str, str]:
        """The clips' salt, which covers the packs."""
        return {"clips": self.clips.salt}

    def further_identities(self) -> dict[str, str]:
        """The versions both locks share, and the sources of the training code."""
        return training_identities()

    def job(self) -> dict[str, Any]:
        """Return what is to be trained, and how."""
        from pipeline.training.job import training_job

        return training_job(self.question, self.seed, self.all_settings())

    def job_inputs(self) -> dict[str, Path]:
        """Train and validation sides only: what is not there cannot leak."""
        clips = self.clips.output().path
        packs = {f"packs/{name}": task.output().path for name, task in self.spectrograms.items()}
        return {name: clips / name for name in TRAIN_INPUTS} | packs

    def build(self, folder: Path) -> dict[str, Any]:
        """Train, then seal the model folder."""
        from pipeline.training.sealing import seal_model

        logger.info("The doctor on these data: %s", self.inspection.summary())
        rundir.take_files(self.run_program(), folder)
        rundir.take_log(self.run_dir / "train.log", folder)
        selection = {
            "datasets": list(self.datasets),
            "split": self.split,
            "fold": self.fold,
            "subset": self.subset,
        }
        return seal_model(
            folder,
            clips=self.clips.output().path,
            sample=self.clips.sample.output().path,
            problem=self.question,
            record={"settings": self.all_settings(), "seed": self.seed, **selection},
        )

    def all_settings(self) -> dict[str, dict[str, Any]]:
        """Return every section that had a part in this model."""
        from pipeline.compose import plain, settings_parameters

        return {p.section: plain(getattr(self, n)) for n, p in settings_parameters(type(self))}


class ExistingModel(luigi.ExternalTask):
    """A model folder that is already there, wherever it was made."""

    model = luigi.Parameter(description="path of a model folder")

    def complete(self) -> bool:
        """Return True, or raise an error that says what is wrong with the folder."""
        self.manifest()
        return True

    def output(self) -> Any:
        """Return the folder as a target."""
        from pipeline.targets import FolderTarget

        return FolderTarget(Path(self.model), TrainNetwork.kind)

    @property
    def salt(self) -> str:
        """The model's own salt and content: a copy elsewhere is the same model."""
        from pipeline.salts import digest

        manifest = self.manifest()
        return digest([manifest.get("salt"), canonical(manifest["files"])])[:12]

    def manifest(self) -> dict[str, Any]:
        """Return the manifest, with every checksum verified once."""
        if "_manifest" not in self.__dict__:
            content = read_manifest(Path(self.model), TrainNetwork.kind, checksums=True)
            self.__dict__["_manifest"] = content
        return self.__dict__["_manifest"]

    def lineage(self) -> dict[str, Any]:
        """Return the records of how the model was made."""
        return self.manifest().get("lineage", {})
