"""The ways to split: which there are, and a split made by one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

import pandas as pd

from pipeline.errors import SettingsError
from pipeline.labels.exclusions import joined
from pipeline.labels.labelling import label_recordings
from pipeline.problems import Problem
from pipeline.schema import DEALT
from pipeline.splits import given as given_sides
from pipeline.splits import grouped, leave_one_out, official, official_train
from pipeline.splits.classes import require_classes
from pipeline.splits.folder import SPLIT_COLUMNS, Split
from pipeline.splits.grouping import check_disjoint, overlap
from pipeline.splits.notes import (
    HARD,
    both_ways_notes,
    grouping_notes,
    left_out_notes,
    missing_notes,
    not_understood_notes,
    overlap_notes,
    same_ids_notes,
    unknown_device_notes,
)
from pipeline.splits.sides import Cohort, Sides, cohort_of


@dataclass(frozen=True)
class Mode:
    """A way to split.

    Parameters
    ----------
    make : callable
        `make(cohort, fold, given) -> Sides`.
    needs : tuple of str
        The sides that have to have every class.
    """

    make: Callable[[Cohort, str, pd.DataFrame], Sides]
    needs: tuple[str, ...] = ("train", "test")


def _default(cohort: Cohort, fold: str, _: pd.DataFrame) -> Sides:
    return _grouped(cohort, fold, _) if fold else official.where_it_serves(cohort)


def _grouped(cohort: Cohort, fold: str, _: pd.DataFrame) -> Sides:
    return grouped.fold_of(cohort, fold) if fold else grouped.dealt(cohort)


def _leaving_out(name: str) -> Mode:
    return Mode(lambda cohort, fold, _: leave_one_out.held_out(cohort, name, fold), ("train",))


_MODES = {
    "default": Mode(_default),
    "official": Mode(lambda cohort, *_: official.to_the_letter(cohort)),
    "official-clean": Mode(lambda cohort, *_: official.cleaned(cohort)),
    official_train.NAME: Mode(lambda cohort, fold, _: official_train.dealt(cohort, fold)),
    "grouped": Mode(_grouped),
    **{name: _leaving_out(name) for name in leave_one_out.WHAT},
    "file": Mode(lambda cohort, _, given: given_sides.as_given(cohort, given)),
    "test-only": Mode(lambda cohort, *_: _all_on_test(cohort), ()),
    "gate-only": Mode(lambda cohort, _, given: given_sides.gate_as_test(cohort, given), ()),
}
#: Of which the sides stand in a file.
FROM_FILE = ("file", "gate-only")
#: Names of the ways to split, `--split`. The last two are for scoring a model that is there: on
#: other data, and on the gate side.
MODES = tuple(_MODES)


def make_split(
    problem: Problem,
    recordings: pd.DataFrame,
    events: pd.DataFrame,
    label_settings: Mapping[str, Any],
    settings: Mapping[str, Any],
    mode: str = "default",
    fold: str = "",
    given: pd.DataFrame | None = None,
    conditions: pd.DataFrame | None = None,
) -> Split:
    """Return the sides of all recordings that have a label.

    Subjects that share identical audio stay together. Val is carved out of train from what train
    holds alone. The same tables in any order give the same split.

    Parameters
    ----------
    problem : Problem
    recordings, events : DataFrame
        Tables of the index, of one or more data sets.
    label_settings : mapping
        The section `[labels]`.
    settings : mapping
        The section `[splits]`: `val_share`, `seed`; `test_share` where a test side is dealt,
        `n_folds` where folds are.
    mode : str
        One of `MODES`; docs/splits.rst says what each guarantees.
    fold : str
        "" for one split; "0" and so on for a fold of `grouped`; the name of what is held out.
    given : DataFrame, optional
        The user's sides, from `read_side_file`, for the mode `file`.
    conditions : DataFrame, optional
        How each was recorded, from `read_conditions`: folds that are dealt then hold who was
        recorded alike (`hard_folds`).

    Raises
    ------
    SplitError
        A side would lack a class, or a subject or an audio would cross; with the counts.
    SettingsError
        The mode, or the fold, does not exist.
    """
    _check(settings, mode, fold, given)
    letter = mode == "official"
    labels, excluded = label_recordings(problem, recordings, events, label_settings)
    cohort, conflicts = cohort_of(problem, recordings, labels, settings, keep_conflicts=letter)
    cohort = replace(cohort, conditions=conditions)
    sides = _MODES[mode].make(cohort, fold, pd.DataFrame() if given is None else given)
    rows = _standing(cohort, sides, carve=bool(_MODES[mode].needs))
    standing = cohort.labels["recording_id"].isin(rows["recording_id"])
    labels = cohort.labels[standing].reset_index(drop=True)
    where, advice = _told_by_file(mode, given)
    called, needs = _called(sides.mode or mode, fold), _MODES[mode].needs
    require_classes(rows, labels, problem, called, needs, sides.partial, where, advice)
    check_disjoint(rows[rows["side"] != "test"] if letter else rows)
    gone = joined([None if letter else conflicts, sides.left_out])
    crossing = overlap(rows)
    return Split(
        problem=problem,
        mode=sides.mode or mode,
        splits=rows[SPLIT_COLUMNS],
        labels=labels,
        excluded=joined([excluded, gone]),
        notes=[
            *sides.notes,
            *([HARD] if conditions is not None else []),
            *overlap_notes(crossing),
            *left_out_notes(gone),
            *not_understood_notes(excluded),
            *grouping_notes(cohort.recordings, conflicts, letter),
            *same_ids_notes(rows),
            *both_ways_notes(rows, labels, problem),
            *(unknown_device_notes(rows) if mode == "leave-one-device-out" else []),
            *missing_notes(rows, labels, problem),
        ],
        overlap=crossing,
        fold=fold,
    )


def fold_names(
    problem: Problem,
    mode: str,
    recordings: pd.DataFrame,
    events: pd.DataFrame,
    label_settings: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> tuple[str, ...]:
    """Return the folds of a mode: numbers, or the names of what is held out; () if it has none.

    Raises
    ------
    SplitError
        There are not two data sets, or devices, with labelled recordings.
    """
    if mode in DEALT:
        return tuple(str(k) for k in range(settings["n_folds"]))
    if mode not in leave_one_out.WHAT:
        return ()
    labels, _ = label_recordings(problem, recordings, events, label_settings)
    cohort, _ = cohort_of(problem, recordings, labels, settings)
    return leave_one_out.names(cohort, mode)


def _check(settings: Mapping[str, Any], mode: str, fold: str, given: object) -> None:
    if mode not in _MODES:
        near = get_close_matches(mode, MODES, n=1)
        raise SettingsError(
            expected=f"a way to split among: {', '.join(MODES[:-2])}",
            found=repr(mode),
            where="--split",
            action=f"Did you mean '{near[0]}'?" if near else "choose one of these",
        )
    if mode in FROM_FILE and given is None:
        raise SettingsError(
            expected="a csv file with the sides",
            found="none",
            where="--split file",
            action="name it with --split-file",
        )
    if fold and mode not in leave_one_out.WHAT:
        _check_number(settings, mode, fold)


def _check_number(settings: Mapping[str, Any], mode: str, fold: str) -> None:
    dealt = mode in ("default", *DEALT)
    # Where there are no folds, their number may not be there either.
    n_folds = settings["n_folds"] if dealt else 0
    if fold in {str(k) for k in range(n_folds)}:
        return
    raise SettingsError(
        expected=f"{f'a fold from 0 to {n_folds - 1}' if dealt else 'no fold'} with --split {mode}",
        found=f"--fold {fold}",
        where="--fold",
        action="choose one of these folds" if dealt else "leave --fold out, or use grouped",
    )


def _called(mode: str, fold: str) -> str:
    """Return how a split is called in a message, with its fold or what it holds out."""
    article = "an" if mode.startswith("o") else "a"
    if mode in leave_one_out.WHAT:
        return f"{article} {mode} split that holds out {fold}"
    return f"{article} {mode} split" + (f", fold {fold}" if fold else "")


def _told_by_file(mode: str, given: pd.DataFrame | None) -> tuple[str, str]:
    """Return where the sides come from and what to do there, if they are the user's own."""
    if mode not in FROM_FILE or given is None:
        return "splits", ""
    action = "give some of these subjects another side in the file, or name more subjects in it"
    return given_sides.where_given(given), action


def _all_on_test(cohort: Cohort) -> Sides:
    return Sides(dict.fromkeys(cohort.rows["recording_id"], "test"))


def _standing(cohort: Cohort, sides: Sides, carve: bool) -> pd.DataFrame:
    """Return the rows that are on a side, with `side` and `part`; val carved if it is not there."""
    rows = cohort.rows
    rows = rows.assign(
        side=rows["recording_id"].map(sides.side),
        part=[sides.part.get(each, "") for each in rows["recording_id"]],
    )
    rows = rows[rows["side"].notna()].reset_index(drop=True)
    if carve and not rows["side"].eq("val").any():
        return grouped.carve_validation(cohort, rows)
    return rows
