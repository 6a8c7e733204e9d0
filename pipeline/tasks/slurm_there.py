"""A cluster that is reached over ssh and shares no disk with this machine.

The run directory exists twice: here, with links to the inputs, and on the cluster, where the job
works. What the job needs is brought there before it is submitted; its log, progress and ends come
here while it is followed; its result comes here at the end, and is proved.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.config import cluster, paths, ssh_config
from pipeline.errors import AuscultError, ClusterError, ProgramMissing, SettingsError
from pipeline.progress import show_in_luigi
from pipeline.remote.slurm_cluster import OutOfReach
from pipeline.remote.slurm_host import RemoteHost
from pipeline.remote.slurm_layout import (
    SMALL_STATE,
    code_script,
    epochs_script,
    inputs_script,
    newest_epoch_of,
    remove_script,
)
from pipeline.remote.slurm_script import SCRIPT, Request
from pipeline.remote.slurm_store import (
    digest_of,
    files_of,
    put,
    send,
    sha256_of,
    take,
    words_of,
)
from pipeline.remote.ssh import checked_host
from pipeline.targets import locked
from pipeline.tasks.slurm_code import code_facts, code_of, gathered
from pipeline.tasks.slurm_here import is_trainers, shown_in_time, write_run_dir
from pipeline.tasks.slurm_request import MODELS, layout
from pipeline.training import rundir

logger = logging.getLogger("luigi-interface")

JOB = "job.json"
MANIFEST = "manifest.json"


def host_name() -> str:
    """Return ``[cluster] host``; empty: the cluster's disk is this machine's.

    Raises
    ------
    SettingsError
        ssh could take it for something else than a host.
    """
    name = cluster().host.strip()
    try:
        return checked_host(name) if name else ""
    except SettingsError:
        raise SettingsError(
            expected="a host as your ssh_config names it, such as cluster or me@cluster",
            found=repr(name),
            where="luigi.cfg, [cluster] host (or --cluster-host)",
            action="Write port, key and other options into the ssh_config.",
        ) from None


@cache
def refuse_without_host(host: str, config: str) -> None:
    """Raise where the cluster cannot be worked with over ssh, before any stage runs."""
    layout()
    for program in ("ssh", "rsync"):
        if shutil.which(program) is None:
            raise ProgramMissing(
                expected=f"{program}, which reaches a cluster over ssh",
                found="no such program",
                where="[cluster] host",
                action="Install it (Debian: apt-get install openssh-client rsync).",
            )
    with RemoteHost(host, config) as there:
        try:
            there.refuse_without_programs()
        except OutOfReach as error:
            raise ClusterError(
                expected=f"an answer from {host}",
                found=str(error),
                where="[cluster] host",
                action="See whether 'ssh HOST true' works with the same ssh_config, then run the "
                "same command again: a job that was submitted is found again.",
            ) from None


class OverSsh:
    """What a training needs of such a cluster; `slurm_here.SharedDisk` is its counterpart."""

    def __init__(self, task: Any):
        self.task, self.host = task, host_name()
        self.there = RemoteHost(self.host, ssh_config())
        self.run = self.there.slurm

    @property
    def run_dir(self) -> str:
        """The run directory on the cluster."""
        return layout().run_dir(self.task.run_dir.name)

    def close(self) -> None:
        """End the connection."""
        self.there.__exit__(None, None, None)

    def bring(self) -> None:
        """Bring the log, the progress and the ends of the job's tries."""
        self.task.run_dir.mkdir(parents=True, exist_ok=True)
        self.there.mirror(self.run_dir, self.task.run_dir, SMALL_STATE)

    def prepare(self, request: Request, n_requeues: int) -> list[str]:
        """Have all that the job needs on the cluster; return the command that submits it."""
        command = write_run_dir(self.task, request, n_requeues)
        inputs = self.task.job_inputs()
        self._bring_code()
        folders = {name: path for name, path in inputs.items() if path.is_dir()}
        links = {name: self._bring_folder(path) for name, path in folders.items()}
        self.there.shell(inputs_script(self.run_dir, links))
        names = [JOB, SCRIPT, *(f"inputs/{name}" for name in inputs.keys() - folders.keys())]
        small = {name: self.task.run_dir / name for name in names}
        facts = {name: (path.stat().st_size, sha256_of(path)) for name, path in small.items()}
        send(self.there, self.task.run_dir, facts, self.run_dir)
        return command

    def has_result(self) -> bool:
        """Return whether the output is whole, and here now."""
        source = f"{self.run_dir}/{rundir.OUTPUT}"
        if not shown_in_time(self.task.run_dir, lambda: self._take(source)):
            return False
        if rundir.finished_output(self.task.run_dir, self.task.kind) is None:
            # It arrived as it lies there, and does not stand up to its own manifest.
            self.there.shell(remove_script(source))
            return False
        return True

    def epoch(self) -> int:
        """Return the newest checkpoint's number on the cluster."""
        return newest_epoch_of(self.there.shell(epochs_script(self.run_dir)))

    def take_earlier(self) -> bool:
        """Take a result that is there already: of a job that nobody followed to its end."""
        output = self.task.run_dir / rundir.OUTPUT
        kept = layout().kept(self.task.run_dir.name)
        for source in (f"{self.run_dir}/{rundir.OUTPUT}", kept):
            if source and self._take(source):
                if is_trainers(output, self.task.kind):
                    self.bring()
                    return True
                shutil.rmtree(output)
        return False

    def keep(self, model: Path) -> None:
        """Copy the finished model to backed-up storage there, and remove the run directory there.

        The model is here: what goes wrong now is said, and is no failure.
        """
        kept = layout().kept(model.name)
        try:
            if kept:
                put(self.there, model, files_of(model), kept, self._tell, replace=True)
            self.there.shell(remove_script(self.run_dir))
        except (OutOfReach, AuscultError) as error:
            shown = self.there.shown(self.run_dir)
            what = f"; {self.there.shown(kept)} has no copy of the model" if kept else ""
            logger.warning("%s may be left there and can be removed%s: %s", shown, what, error)

    def _bring_code(self) -> None:
        """Have the training code on the cluster, once per content."""
        code = code_of(self.task)
        facts = code_facts(code)
        target = layout().code(digest_of(facts))
        with self._alone(target), gathered(code) as folder:
            put(self.there, folder, facts, target, self._tell, code_script())

    def _bring_folder(self, path: Path) -> str:
        """Have a folder of inputs on the cluster, once per content; return where."""
        facts = files_of(path)
        target = layout().inputs(digest_of(facts))
        with self._alone(target):
            put(self.there, path, facts, target, self._tell)
        return target

    def _take(self, source: str) -> bool:
        output = self.task.run_dir / rundir.OUTPUT
        output.parent.mkdir(parents=True, exist_ok=True)
        return take(self.there, source, output, self._tell, MANIFEST)

    @contextmanager
    def _alone(self, target: str) -> Iterator[None]:
        """Bring one folder once, however many trainings of this machine want it."""
        folder = Path(paths().data) / MODELS / ".slurm" / self.host
        with locked(folder / f"{Path(target).name}.lock", Path(target).name):
            yield

    def _tell(self, done: int, total: int, what: str) -> None:
        if not done:
            logger.info("%s: %s, %s in all", self.task.task_family, what, words_of(total))
        show_in_luigi(self.task, done, total, what)
