"""Train, val and test sides, disjoint by subject and by audio.

Which way a split is made is decided here; dealing is in `strata`, what has to stay together in
`grouping`, the files in `split_folder`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pipeline.errors import SettingsError, SplitError
from pipeline.labels.exclusions import joined
from pipeline.labels.labelling import label_recordings
from pipeline.problems import problem_named
from pipeline.splits.folder import SPLIT_COLUMNS, Split, read_split, write_split
from pipeline.splits.grouping import (
    CONFLICT,
    check_disjoint,
    describe_groups,
    leave_out_conflicts,
    subject_groups,
)
from pipeline.splits.official import NO_SIDE, OFFICIAL, official_sides
from pipeline.splits.strata import deal, groups_of

__all__ = ["MODES", "Split", "check_disjoint", "make_split", "read_split", "split_subjects"]
__all__ += ["write_split"]

#: Ways to make a split, `[splits] mode`: `default` takes the official sides where they serve the
#: problem and deals subjects elsewhere; `grouped` always deals; `test-only` is for scoring a model.
MODES = ("default", "grouped", "test-only")


def make_split(
    problem: str,
    recordings: pd.DataFrame,
    events: pd.DataFrame,
    label_settings: Mapping[str, Any],
    settings: Mapping[str, Any],
    fold: int | None = None,
) -> Split:
    """Return the split of the index's tables: `label_recordings`, then `split_subjects`."""
    labels, excluded = label_recordings(problem, recordings, events, label_settings)
    return split_subjects(problem, recordings, labels, settings, fold, excluded)


def split_subjects(
    problem: str,
    recordings: pd.DataFrame,
    labels: pd.DataFrame,
    settings: Mapping[str, Any],
    fold: int | None = None,
    excluded: pd.DataFrame | None = None,
) -> Split:
    """Return the sides of all labelled recordings.

    Subjects that share identical audio stay together. Val is carved out of train from what train
    holds alone. The same tables in any order give the same split.

    Parameters
    ----------
    problem : str
        `"pneumonia"` or `"crackle_wheeze"`.
    recordings : DataFrame
        The index's recordings, of one or more data sets.
    labels : DataFrame
        Their labelled spans, as `label_recordings` returns them.
    settings : mapping
        `n_folds`, `test_share`, `val_share`, `seed`, and optionally `mode` (one of `MODES`).
    fold : int, optional
        Test on this fold of a cross-validation, counted from 0, and train on the others; the
        folds are the same for each of them.
    excluded : DataFrame, optional
        What labelling left out, to be handed on.

    Raises
    ------
    SplitError
        A side would lack a class, with the counts.
    SettingsError
        The mode, or the fold, does not exist.
    """
    names = problem_named(problem).labels
    mode = _check_settings(settings, fold)
    recordings = recordings.sort_values("recording_id", ignore_index=True)
    groups = subject_groups(recordings)
    labels, conflicts = leave_out_conflicts(recordings, labels, names)
    rows = recordings.assign(group_id=[groups[each] for each in recordings["subject_id"]])
    rows = rows[rows["recording_id"].isin(labels["recording_id"])].reset_index(drop=True)
    if rows.empty:
        raise _refusal(problem, "no recording has a label", "see what was left out, and why")

    notes = describe_groups(groups)
    sides, mode, found, strays = _sides(problem, rows, labels, names, settings, mode, fold)
    gone = joined([conflicts, strays])
    rows = rows[~rows["recording_id"].isin(strays["recording_id"])]
    labels = labels[labels["recording_id"].isin(rows["recording_id"])].reset_index(drop=True)
    rows = rows.assign(side=rows["group_id"].map(sides))[SPLIT_COLUMNS].reset_index(drop=True)
    if mode != "test-only":
        _require_classes(rows, labels, names, mode)
        rows = _carve_validation(rows, labels, names, settings)
    check_disjoint(rows)
    notes += found + _left_out_notes(gone) + _missing_notes(rows, labels, names)
    return Split(problem, mode, rows, labels, joined([excluded, gone]), notes)


def _check_settings(settings: Mapping[str, Any], fold: int | None) -> str:
    mode = settings.get("mode", "default")
    if mode not in MODES:
        raise SettingsError(
            expected=f"one of {', '.join(MODES)}", found=repr(mode), where="[splits] mode"
        )
    if fold is not None and not 0 <= fold < settings["n_folds"]:
        raise SettingsError(
            expected=f"a fold from 0 to {settings['n_folds'] - 1}",
            found=f"--fold {fold}",
            where="[splits] n_folds",
            action="choose one of these folds, or raise n_folds",
        )
    return mode


def _sides(problem, rows, labels, names, settings, mode, fold):
    """Return {group: "train" or "test"}, the mode's name, notes, and what no side takes."""
    none = joined([])
    if mode == "test-only":
        return dict.fromkeys(rows["group_id"], "test"), mode, [], none
    if fold is not None:
        sides = _fold_sides(rows, labels, names, settings, fold)
        return sides, f"fold {fold} of {settings['n_folds']}", [], none
    honoured = () if mode == "grouped" else OFFICIAL.get(problem, ())
    sides, notes, strays = official_sides(rows, honoured)
    rest = rows[~rows["group_id"].isin(sides) & ~rows["recording_id"].isin(strays["recording_id"])]
    modes = (["official-clean"] if sides else []) + (["grouped"] if len(rest) else [])
    groups = groups_of(rest, labels, names)
    test, val = settings["test_share"], (1 - settings["test_share"]) * settings["val_share"]
    # Val gets a part of its own here, so that train keeps a second positive for it if there is a
    # third; who is in val is decided later, from train's rows alone.
    shares = [1 - test - val, test, val] if val else [1 - test, test]
    dealt = deal(groups, shares, settings["seed"], "test")
    sides |= {group: "test" if part == 1 else "train" for group, part in dealt.items()}
    return sides, "+".join(modes), notes, strays


def _fold_sides(rows, labels, names, settings, fold: int) -> dict[str, str]:
    n_folds = settings["n_folds"]
    groups = groups_of(rows, labels, names)
    dealt = deal(groups, [1 / n_folds] * n_folds, settings["seed"], "folds")
    for label in (f"{name}={value}" for name in names for value in (1, 0)):
        having = {dealt[group.name] for group in groups if label in group.classes}
        if len(having) < n_folds:
            n_groups = sum(label in group.classes for group in groups)
            raise _refusal(
                f"{n_folds} folds",
                f"{_subjects(label, n_groups)} in all, in {len(having)} of {n_folds} folds",
                f"lower [splits] n_folds to {len(having)} or less" if len(having) > 1 else "",
            )
    return {group: "test" if part == fold else "train" for group, part in dealt.items()}


def _require_classes(rows: pd.DataFrame, labels: pd.DataFrame, names, mode: str) -> None:
    """Refuse a split whose train or test side lacks positives or negatives of a label."""
    spans = labels.merge(rows, on="recording_id")
    for name in names:
        for value in (1, 0):
            subjects = spans[spans[name] == value].drop_duplicates("subject_id")
            on = {side: int((subjects["side"] == side).sum()) for side in ("train", "test")}
            if min(on.values()) > 0:
                continue
            counted = f"{on['train']} on the train side, {on['test']} on the test side"
            advice = 'use [splits] mode = "grouped"' if "official" in mode else ""
            count = _subjects(f"{name}={value}", len(subjects))
            n_groups = subjects["group_id"].nunique()
            shared = f" in {n_groups} group(s) that share audio" if n_groups < len(subjects) else ""
            raise _refusal(f"a {mode} split", f"{count} in all{shared} ({counted})", advice)


def _carve_validation(rows: pd.DataFrame, labels: pd.DataFrame, names, settings) -> pd.DataFrame:
    """Return the rows with some groups moved from train to val, chosen from train's rows alone."""
    train = rows[rows["side"] == "train"]
    share = settings["val_share"]
    if share <= 0:
        return rows
    dealt = deal(groups_of(train, labels, names), [1 - share, share], settings["seed"], "val")
    chosen = rows["group_id"].map(dealt).eq(1)
    return rows.assign(side=rows["side"].mask(chosen, "val"))


def _left_out_notes(gone: pd.DataFrame) -> list[str]:
    reasons = {
        CONFLICT: "copies of identical audio under conflicting labels",
        NO_SIDE: "recordings that the official split does not name",
    }
    counts = gone["reason"].value_counts()
    return [f"Left out: {counts[each]} {text}." for each, text in reasons.items() if each in counts]


def _missing_notes(rows: pd.DataFrame, labels: pd.DataFrame, names) -> list[str]:
    """Return a sentence for each side that lacks positives, where that is no error."""
    spans = labels.merge(rows[["recording_id", "side"]], on="recording_id")
    positive = spans.groupby("side")[list(names)].max().eq(1).to_dict("index")
    if "train" in positive and "val" not in positive:
        return ["There is no validation side."]
    return [
        f"The {'validation' if side == 'val' else side} side has no subject with {name}."
        for side, found in positive.items()
        for name in names
        if not found[name]
    ]


def _subjects(label: str, n: int) -> str:
    name, value = label.split("=")
    return f"{name}: {n} {'positive' if value == '1' else 'negative'} subject{'s' * (n != 1)}"


def _refusal(what: str, found: str, advice: str) -> SplitError:
    return SplitError(
        expected=f"positive and negative subjects on the train and on the test side of {what}",
        found=found,
        where="splits",
        action=advice or "add recordings or data sets, or take another problem",
    )
