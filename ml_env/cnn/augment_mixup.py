"""Which clips are mixed with which, and how much of each is kept.

Zhang et al. 2018, "mixup: Beyond Empirical Risk Minimization", arXiv:1710.09412. Besides its form,
pairs can be chosen by the labels of both clips, with a uniform share: ``mixup_quantity``.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cnn.errors import JobError

ANY, NONE = "any", "none"


def draw_mixup(
    settings: Mapping[str, Any], n_clips: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return partner and share: ``mixup_share`` of the clips get a share ~ Beta(alpha, alpha)."""
    partner = rng.permutation(n_clips).astype(np.int32)
    alpha = settings["mixup_alpha"]
    if not alpha:
        return partner, np.ones(n_clips, dtype=np.float32)
    mixed = rng.random(n_clips) < settings["mixup_share"]
    share = np.where(mixed, rng.beta(alpha, alpha, n_clips), 1.0)
    return partner, share.astype(np.float32)


def draw_mixup_by_labels(
    settings: Mapping[str, Any],
    labels: np.ndarray,
    label_names: Sequence[str],
    skipped: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Return partner and share of pairs that are chosen by their label sets.

    ``mixup_quantity`` of the clips with ``mixup_label_one`` keep a share ~ U(``mixup_min``,
    ``mixup_max``) of themselves; the rest is another clip of the step, any with
    ``mixup_label_two`` alike. Where the step has none, a clip stays as it is.

    Parameters
    ----------
    labels : ndarray, shape (n_clips, n_labels)
        0 or 1.
    skipped : ndarray of bool, shape (n_clips,)
        Clips that take no part.
    """
    n_clips = len(labels)
    one, two = (
        has_labels(labels, label_set(settings[key], label_names)) & ~skipped
        for key in ("mixup_label_one", "mixup_label_two")
    )
    # Drawn for every clip, so that what one clip gets does not depend on the labels of another.
    mixed = one & (rng.random(n_clips) < settings["mixup_quantity"])
    own = rng.uniform(settings["mixup_min"], settings["mixup_max"], n_clips)
    place = rng.random(n_clips)
    partner = np.arange(n_clips, dtype=np.int32)
    share = np.ones(n_clips, dtype=np.float32)
    for clip in np.flatnonzero(mixed):
        others = np.flatnonzero(two & (np.arange(n_clips) != clip))
        if len(others):
            partner[clip] = others[int(place[clip] * len(others))]
            share[clip] = own[clip]
    return partner, share


def label_set(text: str, label_names: Sequence[str]) -> np.ndarray | None:
    """Return the labels that a clip of this set has, 0 or 1 each; None for ``any``.

    Raises
    ------
    JobError
        A label of the set is none of `label_names`.

    Examples
    --------
    >>> label_set("crackle+wheeze", ("crackle", "wheeze")).tolist()
    [1.0, 1.0]
    >>> label_set("none", ("crackle", "wheeze")).tolist()
    [0.0, 0.0]
    """
    if text == ANY:
        return None
    wanted = [] if text == NONE else [name.strip() for name in text.split("+")]
    for name in wanted:
        if name not in label_names:
            near = difflib.get_close_matches(name, label_names, n=1)
            raise JobError(
                expected=f"a label set: any, none, or of {', '.join(label_names)}, joined by +",
                found=repr(text),
                where="[augment] mixup_label_one, mixup_label_two",
                action=f"Did you mean '{near[0]}'?" if near else "Use the problem's own labels.",
            )
    return np.array([float(name in wanted) for name in label_names])


def has_labels(labels: np.ndarray, wanted: np.ndarray | None) -> np.ndarray:
    """Return which clips have exactly the labels of a `label_set`, bool (n_clips,)."""
    if wanted is None:
        return np.ones(len(labels), dtype=bool)
    return (labels == wanted).all(axis=1)


def check_mixup(
    settings: Mapping[str, Any], label_names: Sequence[str], labels: np.ndarray
) -> None:
    """Raise `JobError` where ``mixup_quantity`` is on and its settings cannot be used.

    `labels` are those of all train clips: a set that none of them has would mix nothing.
    """
    if not settings["mixup_quantity"]:
        return
    low, high = settings["mixup_min"], settings["mixup_max"]
    if low > high:
        raise JobError(
            expected="mixup_min of at most mixup_max",
            found=f"{low:g} and {high:g}",
            where="[augment]",
            action="Change one of them.",
        )
    for key in ("mixup_label_one", "mixup_label_two"):
        if not has_labels(labels, label_set(settings[key], label_names)).any():
            raise JobError(
                expected="train clips with the label set",
                found=f"none with exactly {settings[key]!r}",
                where=f"[augment] {key}",
                action="Choose a set that clips have, or set mixup_quantity to 0.",
            )
