"""``python -m cnn predict RUN_DIR``: probabilities of clips, from a model folder."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from cnn.backend import choose_device
from cnn.contract import MODEL_KIND, PREDICTIONS_KIND, atomic_output, read_manifest
from cnn.data import ClipSource, read_clips
from cnn.errors import ContractError, TrainingFailed
from cnn.job import ClipRule, Job, check_frontend
from cnn.order import in_order
from cnn.packs import open_packs
from cnn.prefetch import prefetched
from cnn.progress import Progress

BATCH_SIZE = 64


def predict(job: Job) -> None:
    """Write ``output/predictions.csv`` for the job's clips, in their order.

    Raises
    ------
    ContractError
        The model folder is not whole, or was made with another front end.
    """
    progress = Progress(job.run_dir)
    folder = job.input("model")
    description, model, normalisation = open_model(folder)
    device = choose_device(job.device)
    rule = rule_of(description)
    table = read_clips(job.input("clips"), labels=())
    source = ClipSource(table, open_packs(job.packs, rule.spectrogram), rule, normalisation)
    print(f"predicting {len(table)} clips with {description['model']} on the {device}")
    shown = progress.every_few_seconds(len(table), "predicting")
    found = probabilities(model, source, shown)
    with atomic_output(job.run_dir, PREDICTIONS_KIND) as output:
        write_probabilities(output / "predictions.csv", table.clip_ids, rule.labels, found)
    progress.write(len(table), len(table), "predicted")


def open_model(folder: Path) -> tuple[dict[str, Any], keras.Model, dict[str, Any]]:
    """Return description, network and normalisation of a model folder, all checksums verified."""
    files = read_manifest(folder, MODEL_KIND)["files"]
    for name in ("model.json", "model.keras", "normalisation.json"):
        if name not in files:
            raise ContractError(
                expected=f"{name} among the files of a model",
                found="none",
                where=str(folder),
                action="Name the folder of a finished training.",
            )
    description = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    check_frontend(description["frontend"], str(folder / "model.json"))
    normalisation = json.loads((folder / "normalisation.json").read_text(encoding="utf-8"))
    return description, keras.saving.load_model(folder / "model.keras"), normalisation


def rule_of(description: dict[str, Any]) -> ClipRule:
    """Return the clip rule that a model.json states."""
    names = ("window_s", "fill", "frontend")
    return ClipRule(tuple(description["labels"]), *(description[name] for name in names))


def probabilities(
    model: keras.Model, source: ClipSource, shown: Callable[[int], None] | None = None
) -> np.ndarray:
    """Return the probability of every label for every clip, float32 (n_clips, n_labels).

    Raises
    ------
    TrainingFailed
        One is not a number.
    """
    found = [np.empty((0, model.output_shape[-1]), dtype=np.float32)]
    rows = in_order(len(source), BATCH_SIZE)
    with prefetched(source.batch(part) for part in rows) as batches:
        for number, clips in enumerate(batches, start=1):
            found.append(np.asarray(model.predict_on_batch(clips)))
            if shown:
                shown(min(number * BATCH_SIZE, len(source)))
    together = np.concatenate(found)[: len(source)]
    _check_finite(together, source)
    return together


def write_probabilities(
    path: Path, clip_ids: Sequence[str], labels: Sequence[str], found: np.ndarray
) -> None:
    """Write clip_id and prob_<label> columns, the numbers so that they read back exactly."""
    with open(path, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["clip_id", *(f"prob_{label}" for label in labels)])
        for clip_id, row in zip(clip_ids, found, strict=True):
            writer.writerow([clip_id, *(repr(float(value)) for value in row)])


def _check_finite(found: np.ndarray, source: ClipSource) -> None:
    bad = np.flatnonzero(~np.isfinite(found).all(axis=1))
    if len(bad):
        raise TrainingFailed(
            expected="probabilities",
            found=f"not a number for {len(bad)} clips, first {source.table.clip_ids[bad[0]]}",
            where=str(source.table.path),
            action="The recording or the model holds values that are no numbers.",
        )
