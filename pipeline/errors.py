"""Errors a user can act on: each says what was expected, what was found, where, and what to do."""

from __future__ import annotations


class AuscultError(Exception):
    """Base of all errors of this project that a user can act on.

    Parameters
    ----------
    expected, found, where, action : str
        One short sentence or phrase each: what was expected, what was found instead, the file
        or setting concerned, and what the user can do about it.
    """

    def __init__(self, *, expected: str, found: str, where: str = "", action: str = ""):
        self.expected, self.found, self.where, self.action = expected, found, where, action
        lines = [("Expected", expected), ("Found", found), ("Where", where), ("What to do", action)]
        super().__init__("\n".join(f"{name}: {text}" for name, text in lines if text))

    def __reduce__(self):
        return _rebuild, (type(self), self.expected, self.found, self.where, self.action)


def _rebuild(cls, expected, found, where, action):
    return cls(expected=expected, found=found, where=where, action=action)


class SettingsError(AuscultError):
    """An experiment file, a parameter or luigi.cfg holds something that cannot be used."""


class InputsNotReady(AuscultError):
    """A path or a salt was asked for while an input is not on disk yet."""


class ContractError(AuscultError):
    """A folder's manifest is missing, unreadable, of another kind or version, or does not match."""


class RecordingsMissing(AuscultError):
    """The folder of a data set is not there, or holds no recordings in the publisher's layout."""


class RecordingsChanged(AuscultError):
    """A recording changed while a run was reading it."""


class AnnotationError(AuscultError):
    """An annotation or metadata file of a data set cannot be understood."""


class SplitError(AuscultError):
    """A split cannot be made, or would let a subject or an audio cross sides."""


class LeakageError(AuscultError):
    """Test data hold subjects or audio that a model was trained on."""


class TrainingError(AuscultError):
    """The training environment or the trainer failed."""


class EvaluationError(AuscultError):
    """Predictions cannot be scored."""


class RemoteError(AuscultError):
    """A program that reaches another machine failed; its subclasses name what is known."""


class ProgramMissing(RemoteError):
    """A program that is needed for a source (gcloud, rsync, ssh) is not installed."""


class NotLoggedIn(RemoteError):
    """The other side refuses this user: no key that it knows, or gcloud is not logged in."""


class HostKeyChanged(RemoteError):
    """The other machine's host key is not known here, or is another one than before."""


class NoSuchHost(RemoteError):
    """There is no machine, instance, project or bucket of this name."""


class NoSuchPath(RemoteError):
    """The other side has no such file or folder, or it may not be read."""


class ConnectionLost(RemoteError):
    """The connection could not be made, or broke; the same command goes on where it stopped."""


class DiskTooSmall(RemoteError):
    """There is not the room for what is to be copied, here or on the other side."""


class SourceChanged(RemoteError):
    """What a source gives is not what it gave, or stated, before."""


class UnsafeSource(RemoteError):
    """An archive or a listing holds what must not be unpacked: a path outside, a link, a bomb."""


class ClusterError(AuscultError):
    """Slurm refuses a job, or does not answer."""


class SchedulerDown(AuscultError):
    """luigid, which was asked for, does not answer."""
