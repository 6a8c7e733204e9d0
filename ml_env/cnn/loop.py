"""The training loop: epochs of steps, each followed by a look at the validation side."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from cnn.augment import draw_step, mix_labels
from cnn.backend import reseed_dropout
from cnn.data import ClipSource
from cnn.errors import TrainingFailed
from cnn.metrics import auroc
from cnn.network import training_network
from cnn.order import epoch_order, plan_steps
from cnn.outputs import outputs_of
from cnn.predict import probabilities
from cnn.prefetch import prefetched
from cnn.progress import Progress, epoch_line
from cnn.schedule import learning_rate_at
from cnn.selection import selection_for
from cnn.statistics import BatchStatistics


@dataclass(frozen=True)
class Step:
    """All that one optimizer step needs; made ahead of it by another thread."""

    rows: np.ndarray
    inputs: dict[str, np.ndarray]
    labels: np.ndarray


class Loop:
    """Trains `model` in place.

    Parameters
    ----------
    model : keras.Model
        The inference network, with the initial weights.
    train, val : ClipSource
        `val` may be empty.
    weights : ndarray
        Class weights of the train side, as the model's `Outputs` fits them.
    settings : mapping
        ``augment`` and ``training``, each a section.
    seed : int
    label_names : tuple of str
    progress : Progress
    """

    def __init__(
        self,
        model: keras.Model,
        train: ClipSource,
        val: ClipSource,
        weights: np.ndarray,
        settings: Mapping[str, Mapping[str, Any]],
        seed: int,
        label_names: tuple[str, ...],
        progress: Progress,
    ):
        self.model, self.train, self.val, self.weights = model, train, val, weights
        self.augment, self.settings = settings["augment"], settings["training"]
        self.seed, self.label_names, self.progress = seed, label_names, progress
        self.n_epochs: int = self.settings["n_epochs"]
        self.n_steps, self.batch_size = plan_steps(len(train), self.settings["batch_size"])
        self.network = training_network(model, weights, self.settings)
        self.selection = selection_for(self.settings, model)
        self.statistics = BatchStatistics(model, train, seed)

    def run(self) -> list[dict[str, Any]]:
        """Train to the end, leave the chosen weights in the model, return one row per epoch.

        Raises
        ------
        TrainingFailed
            The loss is no number any more; the message names the batch.
        """
        history: list[dict[str, Any]] = []
        for epoch in range(1, self.n_epochs + 1):
            row = self._epoch(epoch)
            history.append(row)
            left_s = (self.n_epochs - epoch) * row["seconds"]
            print(epoch_line(row, self.n_epochs, self.label_names, left_s), flush=True)
            self.progress.write(epoch, self.n_epochs, self._message(epoch))
            if self.selection.is_over(epoch, row["val_loss"]):
                n_worse = epoch - self.selection.best_epoch
                print(f"stopping: no better validation loss for {n_worse} epochs")
                break
        self.selection.finish()
        self.statistics.fit()
        return history

    def steps(self, epoch: int) -> Iterator[Step]:
        """Yield the steps of an epoch (counted from 1): a function of seed and epoch only."""
        order = epoch_order(len(self.train), self.settings["batch_size"], self.seed, epoch)
        for number, rows in enumerate(order):
            draw = draw_step(self.augment, len(rows), self.train.shape, self.seed, epoch, number)
            labels = mix_labels(self.train.table.labels[rows], draw)
            yield Step(rows, {"clips": self.train.batch(rows), **draw.inputs()}, labels)

    def learning_rate(self, step: int) -> float:
        """Return the rate of the optimizer step counted from 0 over all epochs."""
        n_warmup = self.settings["warmup_epochs"] * self.n_steps
        highest = self.settings["learning_rate"]
        return learning_rate_at(step, self.n_epochs * self.n_steps, n_warmup, highest)

    def train_epoch(self, epoch: int) -> list[float]:
        """Train through one epoch (counted from 1); return the loss of every step."""
        reseed_dropout(self.network, self.seed, epoch)
        losses = []
        with prefetched(self.steps(epoch)) as steps:
            for number, step in enumerate(steps):
                losses.append(self.take_step(step, epoch, number))
                done = round(epoch - 1 + (number + 1) / self.n_steps, 2)
                self.progress.write_sometimes(done, self.n_epochs, self._message(epoch))
        return losses

    def take_step(self, step: Step, epoch: int, number: int) -> float:
        """Take step `number` (from 0) of an epoch; return its loss."""
        of_all = (epoch - 1) * self.n_steps + number
        self.network.optimizer.learning_rate = self.learning_rate(of_all)
        self.network.reset_metrics()  # else Keras gives the mean over all steps so far
        loss = float(self.network.train_on_batch(step.inputs, step.labels))
        if not math.isfinite(loss):
            raise self._exploded(loss, step, epoch, number)
        self.selection.after_step(of_all)
        return loss

    def validate(self) -> dict[str, float]:
        """Return loss and AUROC of the validation side with the weights that would be kept."""
        labels = self.val.table.labels
        if not len(self.val):
            return {"val_loss": math.nan, **self._areas(labels, labels)}
        with self.selection.to_validate():
            self.statistics.fit()
            found = probabilities(self.model, self.val)
        loss = outputs_of(self.model).mean_loss(labels, found, self.weights)
        return {"val_loss": loss, **self._areas(labels, found)}

    def _epoch(self, epoch: int) -> dict[str, Any]:
        started = time.perf_counter()
        losses = self.train_epoch(epoch)
        train_s = time.perf_counter() - started
        return {
            "epoch": epoch,
            "learning_rate": self.learning_rate(epoch * self.n_steps - 1),
            "loss": float(np.mean(losses)),
            **self.validate(),
            "clips_per_s": self.n_steps * self.batch_size / train_s,
            "seconds": time.perf_counter() - started,
        }

    def _areas(self, labels: np.ndarray, found: np.ndarray) -> dict[str, float]:
        names = enumerate(self.label_names)
        return {f"val_auroc_{name}": auroc(labels[:, k], found[:, k]) for k, name in names}

    def _message(self, epoch: int) -> str:
        return f"epoch {epoch}/{self.n_epochs}"

    def _exploded(self, loss: float, step: Step, epoch: int, number: int) -> TrainingFailed:
        finite = np.isfinite(step.inputs["clips"]).all(axis=(1, 2))
        ids = [self.train.table.clip_ids[row] for row in step.rows]
        bad = [name for name, is_finite in zip(ids, finite, strict=True) if not is_finite]
        batch = f"epoch {epoch}, step {number + 1} of {self.n_steps}"
        if bad:
            cause = f"clips that hold no numbers: {', '.join(bad[:5])}"
            action = "Leave these recordings out, or mend them."
        else:
            cause = f"finite clips ({', '.join(ids[:3])}, ...)"
            action = f"Use a lower learning_rate than {self.settings['learning_rate']:g}."
        return TrainingFailed(
            expected="a finite loss",
            found=f"a loss of {loss} in {batch}, from {cause}",
            where=str(self.train.table.path),
            action=action,
        )
