"""Stage 8, evaluate: probabilities for the test side, scored once.

Reads
    a model folder, test.csv of the clips, the packs, the split and the index.
Writes
    ``08_reports/<problem>-predictions-<salt>/``: predictions.csv (clip_id, prob_<label>);
    ``08_reports/<problem>-<salt>/``: metrics.json, predictions.csv, report.html.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import luigi

from pipeline.compose import Requirement, Requirements, SaltedOutput, SaltedTask, SettingsParameter
from pipeline.tasks._02_index import IndexRecordings
from pipeline.tasks._02_inspect import WriteInspection
from pipeline.tasks._05_spectrograms import Packs
from pipeline.tasks._06_clips import CutClips
from pipeline.tasks._07_train import ExistingModel, TrainNetwork
from pipeline.tasks.parameters import OnClips, OnNetwork
from pipeline.tasks.program import ProgramTask
from pipeline.training import rundir
from pipeline.training.environment import training_identities


class Prediction(ProgramTask):
    """Predict the clips of the test side with a model."""

    __version__ = "1"
    kind = "auscult/predictions"
    action = "predict"
    clips = Requirement(CutClips)
    spectrograms = Packs()
    output = SaltedOutput("08_reports/{task.problem}-predictions-{salt}")

    def input_identities(self) -> dict[str, str]:
        """The model's and the clips' salts, which cover the packs."""
        return {"clips": self.clips.salt, "model": self.model_task.salt}

    def further_identities(self) -> dict[str, str]:
        """The versions both locks share, and the sources of the predicting code."""
        return training_identities()

    def job(self) -> dict[str, Any]:
        """The model folder says all there is to say."""
        return {}

    def job_inputs(self) -> dict[str, Path]:
        """Return the model, the test side and the packs."""
        packs = {f"packs/{name}": task.output().path for name, task in self.spectrograms.items()}
        test = self.clips.output() / "test.csv"
        return {"model": self.model_task.output().path, "clips.csv": test, **packs}

    def build(self, folder: Path) -> None:
        """Predict; data that the model has seen are refused before anything is computed."""
        from pipeline.training.leakage import refuse_trained_on

        test = self.clips.output() / "test.csv"
        refuse_trained_on(self.model_task.output().path, test, self.flagged())
        rundir.take_files(self.run_program(), folder)

    def flagged(self) -> dict[str, list[str]]:
        """Return what the split itself has on both sides; nothing, unless it is a publisher's."""
        return {"subjects": [], "audio": []}


class Evaluation(SaltedTask):
    """Score predictions and write the report."""

    __version__ = "3"
    kind = "auscult/report"
    salted_by: tuple[str, ...] = ("problem", "figures_settings", "evaluate_settings")
    command = luigi.Parameter(default="", significant=False, description="shown in the report")
    evaluate_settings = SettingsParameter("evaluate")
    clips = Requirement(CutClips)
    index = Requirements(IndexRecordings, each="datasets")
    inspection = Requirement(WriteInspection)
    output = SaltedOutput("08_reports/{task.problem}-{salt}")

    def input_identities(self) -> dict[str, str]:
        """The salts of model and predictions, and what the doctor found."""
        return {
            "predictions": self.predictions.salt,
            "model": self.model_task.salt,
            "findings": self.inspection.content,
        }

    @property
    def report(self) -> Path:
        """Path of the report."""
        return self.output() / "report.html"

    def build(self, folder: Path) -> dict[str, Any]:
        """Write metrics.json, predictions.csv and report.html."""
        from pipeline.reporting import score_and_report

        return score_and_report(
            folder,
            test_uses=self.note_test_use(),
            stages=self.stages(),
            problem=self.question,
            settings=self.record()["settings"]["evaluate"],
            command=self.command,
            lineage=self.lineage(),
            inspection=self.inspection.shown_beside(self.output().path),
        )

    def note_test_use(self) -> int | None:
        """Write down that the test side is looked at; return how often it was, this time included.

        The part of a fold is no test side: its figures are there to choose by.
        """
        from pipeline.config import paths
        from pipeline.runs.test_uses import count_test_uses, record_test_use
        from pipeline.splits import read_split

        if self.fold:
            return None
        data, split = Path(paths().data), read_split(self.clips.sample.output().path)
        record_test_use(
            data,
            split_hash=split.split_hash,
            problem=self.problem,
            model_salt=self.model_task.salt,
            report=self.output().path,
        )
        return count_test_uses(data, split.split_hash)

    def stages(self) -> dict[str, Path]:
        """Return the folders that the report is made from."""
        sample = self.clips.sample
        return {
            "clips": self.clips.output().path,
            "model": self.model_task.output().path,
            "predictions": self.predictions.output().path,
            "sample": sample.output().path,
            "splits": sample.splits.output().path,
        } | {f"index/{name}": task.output().path for name, task in self.index.items()}


class PredictTestSide(OnNetwork, Prediction):
    """Predict the test side with the network of the same run."""

    model_task = Requirement(TrainNetwork)

    def flagged(self) -> dict[str, list[str]]:
        """Return the overlap of a publisher's split: named in every report, but not refused."""
        from pipeline.splits import read_split

        return read_split(self.clips.sample.output().path).flagged


class EvaluateNetwork(OnNetwork, Evaluation):
    """Evaluate the network of a run on its test side."""

    model_task = Requirement(TrainNetwork)
    predictions = Requirement(PredictTestSide)


class PredictWithModel(OnClips, Prediction):
    """Predict data sets with an existing model."""

    model = luigi.Parameter(description="path of a model folder", significant=False)
    model_salt = luigi.Parameter(description="salt of that model folder")
    model_task = Requirement(ExistingModel)


class EvaluateOnDatasets(OnClips, Evaluation):
    """Evaluate an existing model on data sets it has not seen."""

    model = luigi.Parameter(description="path of a model folder", significant=False)
    model_salt = luigi.Parameter(description="salt of that model folder")
    figures_settings = SettingsParameter("figures")
    model_task = Requirement(ExistingModel)
    predictions = Requirement(PredictWithModel)
