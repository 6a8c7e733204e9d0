"""A model's `evaluation.json` and the metrics of one run, made once per problem."""

import numpy as np
import pytest

from pipeline.evaluation.evaluate import evaluate
from pipeline.evaluation.thresholds import fit_on_training
from tests.evaluation.cohorts import LABELS, as_clips, cohort

SETTINGS = {"threshold": "0.5", "n_bootstrap": 200, "confidence": 0.95}


@pytest.fixture(scope="session")
def fitted():
    """Return the content of `evaluation.json` by problem."""
    return {
        problem: fit_on_training(
            as_clips(cohort(problem, 40, seed=1), labels),
            cohort(problem, 40, seed=2),
            problem,
            labels,
        )
        for problem, labels in LABELS.items()
    }


@pytest.fixture(scope="session")
def score(fitted):
    """Return a function that evaluates predictions of a problem with other settings on top."""

    def run(problem, predictions, **settings):
        rng = np.random.default_rng(0)
        return evaluate(
            predictions, fitted[problem], SETTINGS | settings, LABELS[problem], problem, rng
        )

    return run


@pytest.fixture(scope="session")
def scored(score):
    """Return (metrics, predictions) by problem."""
    tables = {problem: cohort(problem, seed=3) for problem in LABELS}
    return {problem: (score(problem, table), table) for problem, table in tables.items()}
