"""Where things are and what they run on: the sections of luigi.cfg. Never part of a salt."""

from __future__ import annotations

import configparser
import os
import sys
from typing import TYPE_CHECKING

import luigi

from pipeline.errors import SettingsError

if TYPE_CHECKING:
    from pipeline.notifying import NotifySettings

# The class names are the names of the sections, which is why they are lower case.


class paths(luigi.Config):
    """Folders. On the command line: ``--paths-recordings DIR``, ``--paths-data DIR``."""

    recordings = luigi.Parameter(
        default="data/01_recordings",
        description="folder with one sub-folder per data set (icbhi, jordan, sprsound), each in "
        "its publisher's layout; read in place, never written to",
    )
    folder = luigi.Parameter(
        default="",
        description="directory of your own recordings for --datasets folder, one sub-folder per "
        "label set; default: 'folder' below the recordings",
    )
    data = luigi.Parameter(
        default="data", description="folder with the numbered rooms that the stages write"
    )


class compute(luigi.Config):
    """What to compute on. On the command line: ``--compute-device cpu``."""

    device = luigi.Parameter(
        default="auto",
        description="what the training environment uses: auto, cpu, gpu, or GPU numbers (0,1)",
    )
    n_workers = luigi.IntParameter(
        default=0, description="processes for reading audio and spectrograms; 0 = one per core"
    )


class remote(luigi.Config):
    """How other machines are reached. On the command line: ``--remote-ssh-config FILE``."""

    # Not [fetch]: Luigi would take --fetch for the beginning of --fetch-ssh-config.
    ssh_config = luigi.Parameter(
        default="", description="the file for ssh -F; default: [fetch] ssh_config, or your own"
    )


class cluster(luigi.Config):
    """A cluster that Slurm runs, for ``--where slurm``. On the command line: ``--cluster-mem 8G``.

    What is empty or 0 is left to the cluster, or is sized by earlier runs (docs/slurm.rst).
    """

    host = luigi.Parameter(
        default="",
        description="login node of a cluster that shares no disk with this machine, as your "
        "ssh_config names it; empty = this machine submits, on a disk that the cluster shares",
    )
    partition = luigi.Parameter(default="", description="sbatch --partition")
    account = luigi.Parameter(default="", description="sbatch --account")
    qos = luigi.Parameter(default="", description="sbatch --qos")
    gres = luigi.Parameter(default="", description="sbatch --gres; with gpu in it: trains on GPUs")
    constraint = luigi.Parameter(default="", description="sbatch --constraint")
    cpus = luigi.IntParameter(
        default=0, description="sbatch --cpus-per-task; 0 = the cores of this machine, at most 4"
    )
    time = luigi.Parameter(default="", description="sbatch --time: 2:00:00, 1-12:00:00, minutes")
    mem = luigi.Parameter(default="", description="sbatch --mem: 8G, 4096M, or megabytes")
    warn_s = luigi.IntParameter(
        default=-1,
        description="sbatch --signal: seconds before the end at which a training is warned; "
        "-1 = by its time, 0 = never",
    )
    requeue = luigi.BoolParameter(
        default=True,
        parsing=luigi.BoolParameter.EXPLICIT_PARSING,
        description="sbatch --requeue; a job whose time is up then asks Slurm to start it again",
    )
    max_resubmits = luigi.IntParameter(
        default=5, description="how often a training that outlives its time is started again"
    )
    export = luigi.Parameter(
        default="", description="names of further variables that a job sees, comma-separated"
    )
    sbatch = luigi.Parameter(
        default="", description="further arguments of sbatch, as in a shell; they win"
    )
    setup = luigi.Parameter(
        default="", description="a line of shell that comes first in a job: module load python"
    )
    python = luigi.Parameter(
        default="",
        description="Python that makes the environment there; empty = this one, with host python3",
    )
    work_dir = luigi.Parameter(
        default="",
        description="fast storage for run directories with their checkpoints; with host a folder "
        "there, and needed",
    )
    home_dir = luigi.Parameter(
        default="",
        description="backed-up storage that gets a copy of finished models; with host there",
    )
    poll_s = luigi.IntParameter(
        default=30, description="the longest time in seconds between two looks at the queue"
    )


class notify(luigi.Config):
    """Who is told how a rebuild ended."""

    command = luigi.Parameter(
        default="",
        description="a program and its arguments that gets the message on its standard input",
    )
    webhook = luigi.Parameter(
        default="",
        visibility=luigi.parameter.ParameterVisibility.PRIVATE,
        description="an address that gets the message as JSON; in luigi.cfg or in the variable "
        "AUSCULT_WEBHOOK, never on a command line",
    )


def n_processes() -> int:
    """Return ``[compute] n_workers``, or the number of cores this process may use."""
    return compute().n_workers or len(os.sched_getaffinity(0))


def fetch_section() -> dict[str, str]:
    """Return ``[fetch]``: the source of each data set that the user states, and ``ssh_config``.

    Raises
    ------
    SettingsError
        A value holds a % that is not doubled, or a variable that is not set.
    """
    config = luigi.configuration.get_config()
    if not config.has_section("fetch"):
        return {}
    try:
        return {name: text.strip() for name, text in config.items("fetch") if text.strip()}
    except configparser.Error as error:
        raise SettingsError(
            expected="values in which each % is written as %%, and only variables that are set",
            found=error.message.splitlines()[0],
            where="luigi.cfg, section [fetch]",
            action="Correct the value.",
        ) from None


def notify_settings() -> NotifySettings:
    """Return ``[notify]``; the variable AUSCULT_WEBHOOK comes before the file's ``webhook``.

    Raises
    ------
    SettingsError
        The web hook stands on the command line, which every user of this machine can read, or the
        section holds a % that is not doubled.
    """
    from pipeline.notifying import NotifySettings

    refuse_web_hook_in_command()
    try:
        section = notify()
    except (configparser.Error, ValueError):  # whose text holds the address
        expected = "values in which each % is written as %%, and only variables that are set"
        raise _bad_notify(expected, "another value") from None
    webhook = os.environ.get("AUSCULT_WEBHOOK", "").strip() or section.webhook.strip()
    return NotifySettings(section.command.strip(), webhook)


def refuse_web_hook_in_command() -> None:
    """Raise SettingsError where its address stands where every user of this machine reads it."""
    if any(word.startswith("--notify-w") for word in sys.argv):
        raise _bad_notify("the web hook in luigi.cfg or in AUSCULT_WEBHOOK", "--notify-w...")


def _bad_notify(expected: str, found: str) -> SettingsError:
    return SettingsError(
        expected=expected,
        found=found,
        where="luigi.cfg, section [notify]",
        action="Correct it; docs/deploy.rst shows how. If the address was seen, have it replaced.",
    )


def ssh_config() -> str:
    """Return ``[fetch] ssh_config``, the file for ``ssh -F``; "": the user's own ~/.ssh/config."""
    return remote().ssh_config.strip() or fetch_section().get("ssh_config", "")
