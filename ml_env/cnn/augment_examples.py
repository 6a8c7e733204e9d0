"""The same clip clean and augmented in every way, to look at what a network is trained on."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cnn.augment import INPUTS, active, check_augment, draw_step
from cnn.augment_ops import Augment
from cnn.data import ClipSource, read_clips
from cnn.job import Job
from cnn.packs import open_packs
from frontend.clip import Normalisation

CLEAN, ALL, ABOUT = "clean", "all", "about"
N_PARTNERS = 15  # clips that the shown one may be mixed with
#: Augmentation -> the settings that say how many clips it changes; the others say how much.
SHARES = {
    "warp": ("warp_share",),
    "noise": ("noise_share",),
    "filter": ("filter_share",),
    "gain": ("gain_share",),
    "roll": ("roll_share",),
    "mixup": ("mixup_share", "mixup_quantity"),
    "time_masks": ("masked_share",),
    "frequency_masks": ("masked_share",),
}
STRENGTHS = {
    "warp": ("warp_max",),
    "noise": ("noise_snr_min_db", "noise_snr_max_db", "noise_colour"),
    "filter": ("filter_db",),
    "gain": ("gain_db",),
    "roll": ("roll_max",),
    "mixup": ("mixup_alpha",),
    "time_masks": ("n_time_masks", "time_mask_share"),
    "frequency_masks": ("n_frequency_masks", "frequency_mask_share"),
}
BY_LABELS = ("mixup_label_one", "mixup_label_two", "mixup_min", "mixup_max")


def examples(
    settings: Mapping[str, Any],
    clips: np.ndarray,
    labels: np.ndarray,
    seed: int,
    label_names: Sequence[str] = (),
    normalisation: Normalisation | Mapping[str, Any] | None = None,
) -> dict[str, np.ndarray]:
    """Return the first of `clips` clean, augmented in each way by itself, and in all as trained.

    Each augmentation has the strength of the settings, but is done for certain, whatever its share
    and its place in the order; one whose strength is 0 is left out.

    Parameters
    ----------
    settings : mapping
        The section ``[augment]``.
    clips : ndarray of float32, shape (n_clips, n_frames, n_mels)
        Normalised. The others are what the first may be mixed with.
    labels : ndarray, shape (n_clips, n_labels)
    seed : int
    label_names, normalisation : optional
        As `cnn.augment.draw_step` and `cnn.augment_ops.Augment` take them.

    Returns
    -------
    dict of str to ndarray, shape (n_frames, n_mels)
        ``clean``, each augmentation by its name, ``all``.
    """
    ways = {name: alone(settings, name) for name in INPUTS} | {ALL: dict(settings)}
    found = {CLEAN: clips[0]}
    for name, changed in ways.items():
        if active(changed):
            found[name] = _augmented(changed, clips, labels, seed, label_names, normalisation)
    return found


def alone(settings: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return settings with which one augmentation is done to every clip, and no other."""
    raised = {key: 1.0 for key in SHARES[name] if name != "mixup" or settings[key]}
    return {**settings, "order": [name], "mixup_no_pad": False, **raised}


def strength(settings: Mapping[str, Any], name: str) -> str:
    """Return the settings that say how strong an augmentation is, as they stand in the file.

    Examples
    --------
    >>> strength({"warp_max": 0.1}, "warp")
    'warp_max = 0.1'
    """
    if name == ALL:
        return ", ".join(active(settings))
    by_labels = name == "mixup" and settings["mixup_quantity"]
    keys = BY_LABELS if by_labels else STRENGTHS[name]
    return ", ".join(f"{key} = {settings[key]}" for key in keys)


def show(job: Job) -> list[Path]:
    """Write examples of the train clips of a training job to ``examples`` in its run directory."""
    names = job.rule.labels
    normalisation = json.loads(job.input("normalisation").read_text(encoding="utf-8"))
    packs = open_packs(job.packs, job.rule.spectrogram)
    table = read_clips(job.input("train"), names)
    source = ClipSource(table, packs, job.rule, normalisation)
    settings = job.settings("augment")
    check_augment(settings, names, table.labels)
    folder = job.run_dir / "examples"
    return write_examples(folder, settings, source, normalisation, names, job.seed)


def write_examples(
    folder: Path,
    settings: Mapping[str, Any],
    source: ClipSource,
    normalisation: Normalisation | Mapping[str, Any],
    label_names: Sequence[str],
    seed: int,
) -> list[Path]:
    """Write examples of one train clip per label set, ``0.npz`` and on; return the files.

    A file holds the arrays of `examples` and ``about``, a text in JSON: ``clip_id``, ``labels`` and
    ``strengths`` by name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    table = source.table
    _, first_rows = np.unique(table.labels, axis=0, return_index=True)
    paths = []
    for number, row in enumerate(sorted(first_rows)):
        rows = np.concatenate([[row], _partners(len(source), int(row))])
        labels = table.labels[rows]
        found = examples(settings, source.batch(rows), labels, seed, label_names, normalisation)
        about = {
            "clip_id": table.clip_ids[row],
            "labels": dict(zip(label_names, labels[0].tolist(), strict=True)),
            "strengths": {name: strength(settings, name) for name in found if name != CLEAN},
        }
        paths.append(folder / f"{number}.npz")
        _write(paths[-1], {**found, ABOUT: np.array(json.dumps(about))})
    return paths


def _augmented(
    settings: Mapping[str, Any],
    clips: np.ndarray,
    labels: np.ndarray,
    seed: int,
    label_names: Sequence[str],
    normalisation: Normalisation | Mapping[str, Any] | None,
) -> np.ndarray:
    """Return the first clip as the first step of a training would have it."""
    shape = (clips.shape[1], clips.shape[2])
    padded = np.zeros(len(clips), dtype=bool)
    draw = draw_step(settings, len(clips), shape, seed, 1, 0, labels, label_names, padded)
    layer = Augment(settings, shape, normalisation)
    return np.array(layer({"clips": clips, **draw.inputs()}))[0]


def _partners(n_clips: int, row: int) -> np.ndarray:
    """Return rows of other clips, from the whole table."""
    others = np.delete(np.arange(n_clips), row)
    n_partners = min(N_PARTNERS, len(others))
    return others[np.linspace(0, len(others) - 1, n_partners).astype(int)]


def _write(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write a file that appears whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    with open(part, "wb") as stream:
        np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
    os.replace(part, path)
