"""Cohorts and splits for the tests of this folder."""

from __future__ import annotations

from pipeline.splits import make_split
from tests.fakes.cohort_tables import (
    LABELS,
    SETTINGS,
    recording,
    tables,
)

SIDES = {"train", "val", "test"}


def split(index, problem="pneumonia", fold=None, **changed):
    return make_split(problem, *index, LABELS, {**SETTINGS, **changed}, fold)


def sick_and_healthy(n_sick: int, n_healthy: int, dataset: str = "icbhi"):
    return tables(
        [
            recording(f"{dataset}-{k}", n, diagnosis="Pneumonia" if k < n_sick else "Healthy")
            for k in range(n_sick + n_healthy)
            for n in range(2)
        ]
    )


def sides_of(made) -> dict[str, str]:
    return dict(zip(made.splits["recording_id"], made.splits["side"], strict=True))


def subjects_on(made, side: str, name: str | None = None) -> set[str]:
    spans = made.labels.merge(made.splits, on="recording_id")
    chosen = spans["side"].eq(side) & (True if name is None else spans[name].eq(1))
    return set(spans.loc[chosen, "subject_id"])


def official(**sides: str):
    """Return a cohort with crackles and wheezes everywhere; each subject's sides by recording."""
    words = ["crackle", "wheeze", "normal"]
    return [
        recording(f"icbhi-{subject.strip('_')}", n, words, official_side=side)
        for subject, letters in sides.items()
        for n, side in enumerate({"r": "train", "e": "test", "x": ""}[each] for each in letters)
    ]
