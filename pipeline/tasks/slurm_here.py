"""A cluster whose disk is this machine's, too: a job works in the run directory itself."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.config import cluster
from pipeline.contract import read_manifest
from pipeline.errors import ContractError
from pipeline.remote.slurm_cluster import run_here
from pipeline.remote.slurm_script import ENDS, SCRIPT, Request
from pipeline.remote.slurm_state import read_ends
from pipeline.tasks.slurm_request import newest_epoch, script_for
from pipeline.training import rundir

#: How long a disk that is shared may take to show what another machine wrote.
SHOWN_WITHIN_S = 60.0


class SharedDisk:
    """What a training needs of such a cluster; `slurm_there.OverSsh` is its counterpart."""

    host = ""
    run = staticmethod(run_here)

    def __init__(self, task: Any):
        self.task = task

    def close(self) -> None:
        """Nothing is open."""

    def bring(self) -> None:
        """What the job wrote is here already."""

    def prepare(self, request: Request, n_requeues: int) -> list[str]:
        """Make the run directory ready, the job's script included; return what submits it."""
        return write_run_dir(self.task, request, n_requeues)

    def has_result(self) -> bool:
        """Return whether the output is whole; what another machine wrote may show late."""
        manifest = self.task.run_dir / rundir.OUTPUT / "manifest.json"
        if not shown_in_time(self.task.run_dir, manifest.is_file):
            return False
        return rundir.finished_output(self.task.run_dir, self.task.kind) is not None

    def epoch(self) -> int:
        """Return the newest checkpoint's number."""
        return newest_epoch(self.task.run_dir)

    def take_earlier(self) -> bool:
        """Take the trainer's result from backed-up storage, where fast storage was cleared."""
        home = cluster().home_dir.strip()
        folder = Path(home).expanduser() / self.task.run_dir.name
        if not home or not is_trainers(folder, self.task.kind):
            return False
        shutil.copytree(folder, self.task.run_dir / rundir.OUTPUT)
        return True

    def keep(self, model: Path) -> None:
        """Put a copy of the finished model into backed-up storage, where there is some."""
        home = cluster().home_dir.strip()
        if not home:
            return
        target = Path(home).expanduser() / model.name
        part, old = (target.with_name(f".{target.name}.{what}") for what in ("new", "old"))
        for leftover in (part, old):
            shutil.rmtree(leftover, ignore_errors=True)
        shutil.copytree(model, part)
        if target.exists():
            target.rename(old)
        part.rename(target)
        shutil.rmtree(old, ignore_errors=True)


def arrays_of(run_dir: Path) -> Path:
    """Return the folder of the arrays whose elements may work in a run directory."""
    return run_dir.resolve().parent.parent / ".slurm" / "arrays"


def write_run_dir(task: Any, request: Request, n_requeues: int) -> list[str]:
    """Make the run directory ready on this machine's disk; return the command that submits."""
    rundir.prepare(task.run_dir, task.full_job(), task.job_inputs())
    command, script = script_for(task, request, n_requeues if request.requeue else 0)
    (task.run_dir / SCRIPT).write_text(script, encoding="utf-8")
    return command


def shown_in_time(run_dir: Path, is_shown: Callable[[], bool]) -> bool:
    """Return whether something shows; where the job says it ended well, wait for it for a while."""
    ends = read_ends(run_dir / ENDS)
    until = time.monotonic() + (SHOWN_WITHIN_S if ends and ends[-1]["code"] == 0 else 0.0)
    while not is_shown():
        if time.monotonic() >= until:
            return False
        time.sleep(0.5)
    return True


def is_trainers(folder: Path, kind: str) -> bool:
    """Return whether a folder holds a trainer's result that is whole, not yet a finished model."""
    try:
        return "salt" not in read_manifest(folder, kind, checksums=True)
    except ContractError:
        return False
