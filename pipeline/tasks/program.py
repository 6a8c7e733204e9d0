"""Tasks whose work is done by the isolated training environment."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import re
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from luigi.contrib.external_program import ExternalProgramRunError, ExternalPythonProgramTask

from pipeline.compose import SaltedTask
from pipeline.config import compute
from pipeline.contract import read_json
from pipeline.errors import TrainingError
from pipeline.progress import show_in_luigi
from pipeline.training import environment, rundir

logger = logging.getLogger("luigi-interface")

#: How a program reports SIGINT: by the signal itself, or as a shell does.
ENDED_BY_SIGINT = re.compile(rf"return code=(-{signal.SIGINT:d}|{128 + signal.SIGINT:d})\b")


class ProgramTask(SaltedTask, ExternalPythonProgramTask):
    """Run ``external_script.sh ACTION RUN_DIR`` and take in what it made.

    The environment is a folder that the script makes from a hashed lock; Luigi's own parameters
    for a virtualenv are switched off, since a machine's path must not enter a task's identity.
    """

    virtualenv = None
    extra_pythonpath = None
    capture_output = False  # the program writes to the terminal as it goes, and to its own log
    action = ""

    def job(self) -> dict[str, Any]:
        """Return the job's entries: settings and labels."""
        raise TypeError(f"{type(self).__name__} does not say what its job is")

    def job_inputs(self) -> dict[str, Path]:
        """Return the files and folders that the run directory links to."""
        raise TypeError(f"{type(self).__name__} does not say what its inputs are")

    @property
    def run_dir(self) -> Path:
        """The run directory: stable, so that a later try finds what an earlier one left."""
        path = self.output().path
        return path.parent / "runs" / path.name

    def run(self) -> None:
        """Make the output, then remove the run directory."""
        super().run()
        shutil.rmtree(self.run_dir, ignore_errors=True)

    def complete(self) -> bool:
        """Return whether the output is there; then a run directory has outlived its run."""
        is_complete = super().complete()
        if is_complete:
            shutil.rmtree(self.run_dir, ignore_errors=True)
        return is_complete

    def run_program(self) -> Path:
        """Run the program and return its finished output folder.

        Raises
        ------
        TrainingError
            If the program fails; the message holds its last lines and the log's path.
        """
        output = rundir.finished_output(self.run_dir, self.kind)
        if output is None:
            with self._progress():
                self._carry_out()
            output = rundir.finished_output(self.run_dir, self.kind)
        if output is None:
            raise self._failure("it ended without an output")
        return output

    def full_job(self) -> dict[str, Any]:
        """Return the content of ``job.json``, without its inputs."""
        return {"action": self.action, "device": self._job_device(), **self.job()}

    def _carry_out(self) -> None:
        """Hand the job over, and come back when it is done."""
        rundir.prepare(self.run_dir, self.full_job(), self.job_inputs())
        self._call()

    def program_args(self) -> list[str]:
        """Return the command line: the script, what to do, and where."""
        script = environment.project_root() / "external_script.sh"
        return [str(script), self.action, str(self.run_dir.resolve())]

    def program_environment(self) -> dict[str, str]:
        """Return the allowed variables only."""
        variables = environment.program_environment(compute().device)
        logger.info("device = %s: taking %s", compute().device, variables["AUSCULT_ENV"])
        return variables

    def _job_device(self) -> str:
        return compute().device if compute().device in ("auto", "cpu") else "gpu"

    def _call(self) -> None:
        try:
            ExternalPythonProgramTask.run(self)
        except ExternalProgramRunError as error:
            # Luigi's error carries the whole environment: it goes no further.
            if ENDED_BY_SIGINT.search(error.message):
                # Ctrl-C reached the program; the same signal can get lost in this process.
                raise self._stopped() from None
            raise self._failure(error.message.rstrip(":")) from None
        except SystemExit:
            # SIGTERM: Luigi has ended the program, and would go on with the next task.
            raise self._stopped() from None

    def _stopped(self) -> BaseException:
        """Return what ends the whole run; in a worker's fork, what ends the task."""
        if multiprocessing.parent_process() is None:
            return KeyboardInterrupt()
        return self._failure("it was stopped")

    @property
    def _log(self) -> Path:
        return self.run_dir.absolute() / f"{self.action}.log"

    def _failure(self, what: str) -> TrainingError:
        return TrainingError(
            expected=f"'external_script.sh {self.action}' to end well",
            found=f"{what}. Its last lines:\n{rundir.last_lines(self._log)}",
            where=str(self._log),
            action="Mend what the last lines name, then run the same command again.",
        )

    @contextlib.contextmanager
    def _progress(self) -> Iterator[None]:
        """Carry the program's progress file over to Luigi while the program runs."""
        ended = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(ended,), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join(timeout=5)

    def _watch(self, ended: threading.Event) -> None:
        from pipeline.training.curves import Curves

        shown, curves = None, Curves(self.run_dir)
        log = f"Log: {self._log}"
        show_in_luigi(self, 0, 1, log)
        is_over = False
        while not is_over:
            is_over = ended.wait(1.0)
            curves.refresh()
            with contextlib.suppress(OSError, ValueError, KeyError):
                now = read_json(self.run_dir / rundir.PROGRESS)
                if now != shown:
                    show_in_luigi(self, now["done"], now["total"], f"{now['message']}\n{log}")
                    shown = now
