"""``python -m cnn train RUN_DIR``: a model from the train side, watched on the validation side."""

from __future__ import annotations

import json
import shutil
import statistics
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

from cnn.backend import choose_device, seed_everything, versions, weights_digest
from cnn.contract import MODEL_KIND, atomic_output, write_json
from cnn.data import ClipSource, read_clips
from cnn.errors import JobError
from cnn.job import Job
from cnn.loop import Loop
from cnn.models import build_model, check_model_name
from cnn.outputs import OUTPUTS
from cnn.packs import open_packs
from cnn.predict import probabilities, write_probabilities
from cnn.progress import Progress, minutes, write_history


def train(job: Job) -> None:
    """Train as the job says and write the model to ``output/``.

    Raises
    ------
    JobError
        The job's inputs cannot be trained on.
    DeviceError
        The device asked for is not there.
    TrainingFailed
        The loss is no number any more.
    """
    started = time.perf_counter()
    check_model_name(job.settings("model")["name"])
    sides = open_sides(job)
    weights = weights_of(job, sides["train"])
    device = choose_device(job.device)
    seed_everything(job.seed)
    model = network_of(job, sides["train"].shape)
    progress = Progress(job.run_dir)
    sections = {name: job.settings(name) for name in ("augment", "training")}
    train_side, val_side = sides["train"], sides["val"]
    loop = Loop(model, train_side, val_side, weights, sections, job.seed, job.rule.labels, progress)
    for line in opening_lines(job, loop, device):
        print(line, flush=True)
    progress.write(0, loop.n_epochs, "starting")
    history = loop.run()
    seconds = time.perf_counter() - started
    with atomic_output(job.run_dir, MODEL_KIND) as output:
        write_model(output, job, loop)
        write_history(output / "history.csv", history)
        description = describe(job, loop, device) | {"training": facts(loop, history, seconds)}
        write_json(output / "model.json", description)
    print(f"trained in {minutes(seconds)}, keeping {kept(loop, history)}")
    progress.write(loop.n_epochs, loop.n_epochs, "trained")


def open_sides(job: Job) -> dict[str, ClipSource]:
    """Return the train and the validation side, with labels that fit the activation."""
    packs = open_packs(job.packs, job.rule.spectrogram)
    normalisation = json.loads(job.input("normalisation").read_text(encoding="utf-8"))
    sides = {}
    for side in ("train", "val"):
        table = read_clips(job.input(side), job.rule.labels)
        OUTPUTS[job.activation].check(table, job.rule.labels)
        sides[side] = ClipSource(table, packs, job.rule, normalisation)
    return sides


def weights_of(job: Job, side: ClipSource) -> np.ndarray:
    """Return the class weights of the train side; raise where there is nothing to train on."""
    if not len(side):
        raise JobError(
            expected="at least one train clip of each class",
            found="a train side without clips",
            where=str(job.input("train")),
            action="Use more data, or a larger --subset.",
        )
    weighted = job.settings("training")["class_weights"]
    return OUTPUTS[job.activation].class_weights(side.table.labels, job.rule.labels, weighted)


def network_of(job: Job, shape: tuple[int, int]) -> keras.Model:
    """Return the untrained network that the job names."""
    model = job.settings("model")
    size = (len(job.rule.labels), model["width"], model["dropout"])
    return build_model(model["name"], shape, *size, job.activation)


def opening_lines(job: Job, loop: Loop, device: str) -> list[str]:
    """Return what a person should know before the first epoch."""
    n_parameters = loop.model.count_params()
    lines = [
        f"training {job.settings('model')['name']} ({n_parameters:,} parameters) on the {device}"
        f" (device = {job.device}), seed {job.seed}: {len(loop.train)} train clips,"
        f" {len(loop.val)} validation clips, {loop.n_steps} steps of {loop.batch_size} an epoch"
    ]
    wanted = job.settings("training")["batch_size"]
    if wanted > len(loop.train):
        n_clips = len(loop.train)
        lines.append(f"batch_size {wanted} is more than the {n_clips} train clips: using {n_clips}")
    if not len(loop.val):
        lines.append(
            "there are no validation clips: no validation figures, and the last weights are kept"
        )
    return lines


def write_model(output: Path, job: Job, loop: Loop) -> None:
    """Write the network, its normalisation, and what it says about the validation side."""
    loop.model.save(output / "model.keras")
    shutil.copyfile(job.input("normalisation"), output / "normalisation.json")
    found = probabilities(loop.model, loop.val)
    ids = loop.val.table.clip_ids
    write_probabilities(output / "validation.csv", ids, job.rule.labels, found)


def describe(job: Job, loop: Loop, device: str) -> dict[str, Any]:
    """Return the entries of model.json that state what the model is."""
    repeated = ("problem", "labels", "activation", "seed", "window_s", "fill", "frontend")
    return {
        "kind": MODEL_KIND,
        "version": 1,
        **{name: job.content[name] for name in (*repeated, "settings")},
        "model": job.settings("model")["name"],
        "n_parameters": loop.model.count_params(),
        "input_shape": list(loop.train.shape),
        "weights_sha256": weights_digest(loop.model),
        "versions": versions(),
        "device": device,
    }


def facts(loop: Loop, history: list[dict[str, Any]], seconds: float) -> dict[str, Any]:
    """Return what model.json tells about the training."""
    later = history[1:] or history  # the first epoch holds the compilation
    names = loop.label_names
    return {
        "n_epochs": len(history),
        "best_epoch": loop.selection.best_epoch,
        "select": loop.settings["select"],
        "seconds": round(seconds, 3),
        "clips_per_s": round(statistics.median(row["clips_per_s"] for row in later), 3),
        "batch_size": loop.batch_size,
        "n_steps": loop.n_steps,
        "n_clips": {"train": len(loop.train), "val": len(loop.val)},
        "class_weights": {n: w.tolist() for n, w in zip(names, loop.weights, strict=True)},
    }


def kept(loop: Loop, history: list[dict[str, Any]]) -> str:
    """Return in words which weights the model has."""
    if not len(loop.val) and loop.settings["select"] == "best_validation":
        return "the last weights"
    if loop.settings["select"] == "last_averaged":
        return f"the average at the end of epoch {len(history)}"
    return f"epoch {loop.selection.best_epoch}, the best on validation"
