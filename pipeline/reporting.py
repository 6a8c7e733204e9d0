"""Scoring a test side and writing its report, from the folders of the stages before."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline import datasets as registry
from pipeline.contract import read_json, write_json
from pipeline.evaluation.evaluate import evaluate
from pipeline.evaluation.levels import join_predictions
from pipeline.evaluation.report import render_report
from pipeline.problems import PROBLEMS
from pipeline.splits import read_split
from pipeline.tables import read_excluded, read_indexes, read_numbers, read_table
from pipeline.training.sealing import EVALUATION, RECORD

SIDES = ("train", "val", "test")
#: The bootstrap's seed: fixed, so that one set of predictions has one set of intervals.
BOOTSTRAP_SEED = 0


def score_and_report(
    folder: Path,
    stages: Mapping[str, Path],
    problem: str,
    settings: Mapping[str, Any],
    command: str,
    lineage: Mapping[str, Any],
) -> dict[str, Any]:
    """Write ``predictions.csv``, ``metrics.json`` and ``report.html`` into `folder`.

    Parameters
    ----------
    folder : Path
        The output, not yet under its final name.
    stages : mapping
        Folders by stage: clips, model, predictions, sample, splits, index/<data set>.
    problem : str
        What is recognised.
    settings : mapping
        The section [evaluate].
    command : str
        Command line that made the run.
    lineage : mapping
        Records of all tasks behind the report, by salt.

    Returns
    -------
    dict
        The main figure, for the manifest's ``info``.
    """
    labels = PROBLEMS[problem].labels
    test = read_table(stages["clips"] / "test.csv")
    predictions = join_predictions(
        test, read_table(stages["predictions"] / "predictions.csv"), labels
    )
    metrics = evaluate(
        predictions,
        read_json(stages["model"] / EVALUATION),
        dict(settings),
        labels,
        problem,
        np.random.default_rng(BOOTSTRAP_SEED),
    )
    predictions.to_csv(folder / "predictions.csv", index=False, lineterminator="\n")
    write_json(folder / "metrics.json", metrics)
    context = report_context(stages, problem, settings, command, lineage)
    report = render_report(metrics, predictions, context)
    (folder / "report.html").write_text(report, encoding="utf-8")
    return {"main": metrics.get("main")}


def report_context(
    stages: Mapping[str, Path],
    problem: str,
    settings: Mapping[str, Any],
    command: str,
    lineage: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what the report tells beside the figures: data, split, model, settings, lineage."""
    record = read_json(stages["model"] / RECORD)
    trained = record["trained"]
    split = read_split(stages["sample"])
    indexes = {name.split("/")[1]: path for name, path in stages.items() if "/" in name}
    excluded = read_excluded(indexes, stages["splits"])
    return {
        "problem": problem,
        "labels": list(PROBLEMS[problem].labels),
        "datasets": [_describe(name, path) for name, path in indexes.items()],
        "sides": _sides(split.counts, stages["clips"]),
        "excluded": _grouped(excluded),
        "notes": split.notes,
        "split_hash": split.split_hash,
        "split_mode": split.mode,
        "settings": {**record["settings"], "evaluate": dict(settings)},
        "versions": trained.get("versions", {}),
        "history": read_numbers(stages["model"] / "history.csv").to_dict("records"),
        "command": command,
        "model": {**trained, "name": trained["model"], "seed": record["seed"]},
        "lineage": [
            {"task": one["task"], "salt": salt, "version": one["version"]}
            for salt, one in lineage.items()
        ],
        "made_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def _describe(name: str, index: Path) -> dict[str, Any]:
    recordings, events = read_indexes([index])
    dataset = registry.load(name)
    return {
        "name": name,
        "title": dataset.title,
        "licence": dataset.licence,
        "n_recordings": len(recordings),
        "n_subjects": int(recordings["subject_id"].nunique()),
        "n_events": len(events),
    }


def _sides(counts: Mapping[str, Any], clips: Path) -> dict[str, Any]:
    """Return the split's counts by side over all data sets, with the number of clips."""
    return {
        side: {**counts[side]["all"], "clips": len(read_table(clips / f"{side}.csv"))}
        for side in SIDES
    }


def _grouped(excluded: pd.DataFrame) -> list[dict[str, Any]]:
    """Return how often what was left out or repaired, by data set and reason."""
    by = ["dataset", "reason", "action", "what"]
    counted = excluded.groupby(by, dropna=False).size().rename("count").reset_index()
    rows = counted.to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]
