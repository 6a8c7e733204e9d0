"""From lung-sound recordings to models one can trust.

``luigi --module pipeline TrainPneumonia``. The stages, in flow order:
fetch -> index -> splits -> subset -> spectrograms -> clips -> train -> evaluate.
"""

from pipeline import messages
from pipeline.config import cluster, compute, paths
from pipeline.tasks._01_fetch import FetchRecordings
from pipeline.tasks._02_index import IndexRecordings
from pipeline.tasks._02_inspect import MeasureRecordings, WriteInspection
from pipeline.tasks._03_splits import SplitSubjects
from pipeline.tasks._04_subset import SampleSubset
from pipeline.tasks._05_spectrograms import CacheSpectrograms, CacheSubsetSpectrograms
from pipeline.tasks._06_clips import CutClips
from pipeline.tasks._06_variants import MakeVariants
from pipeline.tasks._07_show import RenderAugmentations
from pipeline.tasks._07_train import TrainNetwork
from pipeline.tasks._08_evaluate import EvaluateNetwork, PredictTestSide
from pipeline.tasks._08_evaluate_folds import EvaluateFolds
from pipeline.tasks._08_explain import ExplainTestSide
from pipeline.tasks._08_oracle import ScoreOracle
from pipeline.tasks._09_champions import RebuildProblem
from pipeline.tasks.cancel import CancelTraining
from pipeline.tasks.compare import CompareRuns
from pipeline.tasks.entry import (
    InspectDatasets,
    TrainCrackleWheeze,
    TrainModel,
    TrainPneumonia,
)
from pipeline.tasks.evaluate_model import EvaluateModel
from pipeline.tasks.explain import ExplainSalt
from pipeline.tasks.pull import PullModel
from pipeline.tasks.rebuild import RebuildAll
from pipeline.tasks.rollback import RollBack
from pipeline.tasks.run_experiment import RunExperiment
from pipeline.tasks.show import ShowAugmentations

__version__ = "0.1.0"

__all__ = [
    "CacheSpectrograms",
    "CacheSubsetSpectrograms",
    "CancelTraining",
    "CompareRuns",
    "CutClips",
    "EvaluateFolds",
    "EvaluateModel",
    "EvaluateNetwork",
    "ExplainSalt",
    "ExplainTestSide",
    "FetchRecordings",
    "IndexRecordings",
    "InspectDatasets",
    "MakeVariants",
    "MeasureRecordings",
    "PredictTestSide",
    "PullModel",
    "RebuildAll",
    "RebuildProblem",
    "RenderAugmentations",
    "RollBack",
    "RunExperiment",
    "SampleSubset",
    "ScoreOracle",
    "ShowAugmentations",
    "SplitSubjects",
    "TrainCrackleWheeze",
    "TrainModel",
    "TrainNetwork",
    "TrainPneumonia",
    "WriteInspection",
    "cluster",
    "compute",
    "paths",
]

messages.install()
