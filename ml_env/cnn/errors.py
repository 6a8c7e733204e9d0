"""Errors a user can act on: each says what was expected, what was found, where, and what to do."""

from __future__ import annotations


class TrainerError(Exception):
    """Base of the errors whose message is all a user needs; ends as the trainer's last line.

    Parameters
    ----------
    expected, found, where, action : str
        One short sentence or phrase each; the last two may be empty.
    """

    def __init__(self, *, expected: str, found: str, where: str = "", action: str = ""):
        self.expected, self.found, self.where, self.action = expected, found, where, action
        place = f" ({where})" if where else ""
        super().__init__(f"Expected {expected}, found {found}{place}. {action}".strip())


class JobError(TrainerError):
    """The run directory's job or its inputs cannot be used."""


class ContractError(TrainerError):
    """A folder's manifest is missing, of another kind or version, or its files do not match."""


class DeviceError(TrainerError):
    """The device asked for is not there."""


class TrainingFailed(TrainerError):
    """The training itself cannot go on."""


class RunDirectoryBusy(TrainerError):
    """Another process holds the run directory."""


class ParentGone(TrainerError):
    """The process that started the trainer has ended."""
