"""A model's `evaluation.json` and the metrics of one run, made once per problem."""

import numpy as np
import pytest

from pipeline.evaluation.evaluate import evaluate
from pipeline.evaluation.report import render_report
from pipeline.evaluation.thresholds import fit_on_training
from tests.evaluation.cohorts import PROBLEMS, any_cohort, as_clips
from tests.evaluation.report_page import CONTEXT, Page

SETTINGS = {
    "threshold": "0.5",
    "n_bootstrap": 200,
    "confidence": 0.95,
    "min_positive_subjects": 10,
}


def fit(problem, seed=1):
    """Return the content of an `evaluation.json`."""
    train, validation = (any_cohort(problem, 40, seed=seed + more) for more in (0, 1))
    return fit_on_training(as_clips(train, PROBLEMS[problem].labels), validation, PROBLEMS[problem])


@pytest.fixture(scope="session")
def fitted():
    """Return the content of `evaluation.json` by problem."""
    return {problem: fit(problem) for problem in PROBLEMS}


@pytest.fixture(scope="session")
def score(fitted):
    """Return a function that evaluates predictions of a problem with other settings on top.

    `evaluations` are those of a single run unless they are given, by fold.
    """

    def run(problem, predictions, evaluations=None, **settings):
        return evaluate(
            predictions,
            evaluations or {"": fitted[problem]},
            SETTINGS | settings,
            PROBLEMS[problem],
            np.random.default_rng(0),
        )

    return run


@pytest.fixture(scope="session")
def scored(score):
    """Return (metrics, predictions) by problem."""
    tables = {problem: any_cohort(problem, 24, seed=3) for problem in PROBLEMS}
    return {problem: (score(problem, table), table) for problem, table in tables.items()}


@pytest.fixture(scope="session")
def pages(scored):
    """Return the full report's page by problem."""
    return {problem: Page(render_report(*both, CONTEXT)) for problem, both in scored.items()}
