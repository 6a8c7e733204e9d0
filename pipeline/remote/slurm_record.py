"""``slurm.json`` of a run directory: which jobs a training was submitted as, and for how much.

Written before a job is asked for and again when its number is known, so that nothing is submitted
twice: whoever finds a question without an answer looks for the job by its name first.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from pipeline.errors import ContractError
from pipeline.remote.slurm_script import Request

FILE = "slurm.json"
KIND = "auscult/slurm"
VERSION = 1


@dataclass(frozen=True)
class Submission:
    """One job of a run.

    Attributes
    ----------
    job_id : str
        Empty: it was asked for, and the answer is not known.
    asked : Request
    kind : str
        How it ended: ``done``, or a failure's kind; empty: not known to have ended.
    epoch : int
        The newest checkpoint when it was submitted.
    memory_mb : float or None
        The most it used, where accounting tells.
    """

    job_id: str
    asked: Request
    kind: str = ""
    epoch: int = 0
    memory_mb: float | None = None


@dataclass(frozen=True)
class JobRecord:
    """All jobs of a run, oldest first.

    Attributes
    ----------
    name : str
        Of the jobs.
    jobs : tuple of Submission
    host : str
        That the cluster is reached by; empty: the jobs were submitted on this machine.
    """

    name: str
    jobs: tuple[Submission, ...] = field(default=())
    host: str = ""

    @property
    def last(self) -> Submission | None:
        """The newest job."""
        return self.jobs[-1] if self.jobs else None

    @property
    def open(self) -> Submission | None:
        """The job that is not known to have ended."""
        return self.last if self.last and not self.last.kind else None

    def asked(self, request: Request, epoch: int) -> JobRecord:
        """Return the record with one more job, whose number is not known yet."""
        return replace(self, jobs=(*self.jobs, Submission("", request, epoch=epoch)))

    def changed(self, **values: Any) -> JobRecord:
        """Return the record with other facts of its last job."""
        return replace(self, jobs=(*self.jobs[:-1], replace(self.jobs[-1], **values)))

    def without_last(self) -> JobRecord:
        """Return the record without its last job, which never came to be."""
        return replace(self, jobs=self.jobs[:-1])


def read_record(run_dir: Path, name: str = "") -> JobRecord:
    """Return the record of a run directory; an empty one of this name where there is none.

    Raises
    ------
    ContractError
        The file is there and is not one of ours: rather no second job than two.
    """
    path = run_dir / FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if (content["kind"], content["version"]) != (KIND, VERSION):
            raise ValueError(f"kind {content['kind']}, version {content['version']}")
        jobs = tuple(_submission(job) for job in content["jobs"])
        return JobRecord(content["name"], jobs, content.get("host", ""))
    except FileNotFoundError:
        return JobRecord(name)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ContractError(
            expected=f"{KIND}, version {VERSION}",
            found=f"{type(error).__name__}: {error}",
            where=str(path),
            action="See with squeue whether a job of this name runs; if not, delete the file.",
        ) from None


def write_record(run_dir: Path, record: JobRecord) -> None:
    """Write the record in one step; it is on the disk when this returns."""
    content = {"kind": KIND, "version": VERSION, **asdict(record)}
    part = run_dir / f".{FILE}.{os.getpid()}.part"
    with open(part, "w", encoding="utf-8") as stream:
        json.dump(content, stream, indent=1, sort_keys=True)
        stream.write("\n")
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(part, run_dir / FILE)


@contextlib.contextmanager
def held(run_dir: Path) -> Iterator[IO[str]]:
    """Hold the right to submit for a run directory, together with whatever is started meanwhile.

    The lock is one that children inherit: where this process is killed while ``sbatch`` is at it,
    the next one waits for that ``sbatch`` to end and then finds its job.
    """
    with open(run_dir / "slurm.lock", "a", encoding="utf-8") as stream:
        os.set_inheritable(stream.fileno(), True)
        with contextlib.suppress(OSError):  # a disk without locks
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield stream


def _submission(content: dict[str, Any]) -> Submission:
    asked = Request(**{**content["asked"], "further": tuple(content["asked"]["further"])})
    return Submission(**{**content, "asked": asked})
