"""Whole trainings with the settings of [training] that are not today's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from checks_training import rows_of, trained, training, training_error

ALL_ON: dict[str, Any] = {
    "n_epochs": 8,
    "learning_rate": 0.01,
    "optimizer": "sam",
    "precision": "bfloat16",
    "clip_norm": 5.0,
    "accumulate": 2,
    "schedule": "step",
    "lr_step": 3,
    "lr_decrease": 0.5,
    "weighting": "sampler",
    "label_smoothing": 0.05,
    "average": "swa",
    "swa_start": 0.7,
}


def check_all_of_it_together_learns_two_labels_the_same_way_twice(folder: Path) -> None:
    # 33 clips in steps of 7: the two steps that move the weights together may span two epochs.
    size = {"n_train": 33, "n_val": 16, "labels": ("crackle", "wheeze")}
    models = [
        trained(folder / name, **size, changes=training(**ALL_ON)) for name in ("first", "again")
    ]
    assert len({model["weights_sha256"] for model, _ in models}) == 1
    history = rows_of(folder / "first/output/history.csv")
    assert min(float(history[-1][f"val_auroc_{name}"]) for name in size["labels"]) > 0.95
    rates = [float(row["learning_rate"]) for row in history]
    np.testing.assert_allclose(rates, [0.01] * 4 + [0.005] * 3 + [0.0025])
    assert models[0][0]["training"]["class_weights"] == {
        name: [1.0, 1.0] for name in size["labels"]
    }
    printed = models[0][1]
    assert "the weights move after every 2 steps, 14 clips" in printed
    assert "no multiple of accumulate = 2" in printed
    assert "steps compute in bfloat16" in printed


def check_a_plateau_follows_the_validation_losses_of_the_history(folder: Path) -> None:
    changes = training(
        n_epochs=8,
        warmup_epochs=0,
        schedule="plateau",
        plateau_patience=1,
        lr_decrease=0.1,
        learning_rate=0.1,
        weighting="focal",
        average="none",
    )
    exclusive = {"labels": ("normal", "crackle", "wheeze"), "activation": "softmax"}
    trained(folder, n_train=24, n_val=9, **exclusive, changes=changes)
    history = rows_of(folder / "output/history.csv")
    rate, best = 0.1, np.inf
    for row in history:
        np.testing.assert_allclose(float(row["learning_rate"]), rate, rtol=1e-6)
        worse = float(row["val_loss"]) >= best
        best = min(best, float(row["val_loss"]))
        rate *= 0.1 if worse else 1.0
    assert rate < 0.1, "no plateau: this would tell nothing"


def check_the_best_epoch_may_be_that_of_another_figure(folder: Path) -> None:
    changes = training(n_epochs=4, select="best_validation", monitor="val_auroc", patience=9)
    model, _ = trained(folder, labels=("crackle", "wheeze"), changes=changes)
    history = rows_of(folder / "output/history.csv")
    areas = [(float(r["val_auroc_crackle"]) + float(r["val_auroc_wheeze"])) / 2 for r in history]
    assert model["training"]["best_epoch"] == 1 + int(np.argmax(areas))


def check_what_the_data_cannot_give_is_an_error_before_training(folder: Path) -> None:
    message = training_error(folder / "a", n_val=0, changes=training(schedule="plateau"))
    assert "validation clips" in message
    message = training_error(folder / "b", changes=training(accumulate=3))
    assert "at most the 2 steps of an epoch (16 train clips, 8 per step), found 3" in message
    message = training_error(
        folder / "c", changes=training(average="swa", select="best_validation")
    )
    assert "select = last_averaged with average = swa" in message
    for name in "abc":
        assert not (folder / name / "output").exists()
