"""Where a training begins: at the start, after its newest checkpoint, or after a finished run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cnn.checkpoint import Checkpoints, State, read_state
from cnn.contract import MODEL_KIND, read_manifest
from cnn.errors import JobError
from cnn.identity import LAST, STATE_JSON, differences
from cnn.job import Job


@dataclass(frozen=True)
class Start:
    """What a training goes on from.

    Attributes
    ----------
    state : State or None
        None: it begins.
    is_extension : bool
        Whether `state` is the end of the run that this one extends.
    lines : list of str
        What a person should know.
    resumed : list of dict
        For model.json: after which epochs it went on, and what was different there.
    """

    state: State | None = None
    is_extension: bool = False
    lines: list[str] = field(default_factory=list)
    resumed: list[dict[str, Any]] = field(default_factory=list)


def start_of(job: Job, checkpoints: Checkpoints) -> Start:
    """Return where the job begins.

    Raises
    ------
    JobError
        The job extends a run that it does not fit, or from an epoch that is not kept.
    """
    state, is_extension = checkpoints.newest(), False
    if state is None and job.previous is not None:
        state, is_extension = previous_state(job, checkpoints.job), True
    if state is None:
        return Start(lines=[*checkpoints.notes, "training anew"] if checkpoints.notes else [])
    n_epochs = job.settings("training")["n_epochs"]
    verb = "extending" if is_extension else "resuming"
    said = f"{verb} after epoch {state.epoch} of {n_epochs}"
    other = differences(state.facts["computed_by"], checkpoints.computed_by)
    lines = [*checkpoints.notes, said]
    if other:
        lines.append(
            f"resumed on other hardware or versions ({'; '.join(other)}): the weights can differ "
            "from those of an uninterrupted run"
        )
    entry = {"after_epoch": state.epoch, "extends": is_extension, "other_hardware": other}
    return Start(state, is_extension, lines, [*state.facts["resumed"], entry])


def previous_state(job: Job, identity: Mapping[str, Any]) -> State:
    """Return the last state of the run that the job extends.

    Raises
    ------
    JobError
        It is not there, is of another job, has no epoch left to train, or is of another epoch
        than the job asks for.
    """
    folder = job.previous / LAST  # type: ignore[operator]
    state = read_state(folder)
    before, now = comparable(state.facts["job"]), comparable(identity)
    if before != now:
        raise _error(
            "the job of the run that is extended, with nothing changed but n_epochs",
            "; ".join(differences(before, now)),
            folder,
            "These cannot change within a training: train anew, or take the change back.",
        )
    asked, n_epochs = job.content.get("from_epoch", 0), job.settings("training")["n_epochs"]
    if asked not in (0, state.epoch):
        raise _error(
            f"an epoch whose state is kept: {state.epoch}, the last",
            f"from_epoch {asked}",
            folder,
            f"Extend from epoch {state.epoch}, or train anew with another n_epochs.",
        )
    if n_epochs <= state.epoch:
        raise _error(
            f"more epochs than the {state.epoch} of the run that is extended",
            f"n_epochs {n_epochs}",
            folder,
            "Raise n_epochs.",
        )
    return state


def check_previous(job: Job) -> None:
    """Raise where the run to extend is damaged or holds no state to go on from."""
    if job.previous is None:
        return
    files = read_manifest(job.previous, MODEL_KIND)["files"]
    if f"{LAST}/{STATE_JSON}" not in files:
        raise _error(
            f"a model folder with {LAST}/, the state after its last epoch",
            "none: an older version of this project made it",
            job.previous,
            "Train it anew with this version, then extend it.",
        )


def comparable(identity: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a run and its extension must have in common."""
    own = {name: value for name, value in identity.items() if name != "from_epoch"}
    own["inputs"] = {k: v for k, v in identity["inputs"].items() if k != "previous"}
    training = dict(identity["settings"]["training"])
    training.pop("n_epochs")
    own["settings"] = {**identity["settings"], "training": training}
    return own


def _error(expected: str, found: str, where: Path, action: str) -> JobError:
    return JobError(expected=expected, found=found, where=str(where), action=action)
