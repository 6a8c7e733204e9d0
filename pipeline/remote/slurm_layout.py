"""Where things lie on a cluster without a shared disk, and the shell that puts them there.

::

    WORK_DIR/runs/<problem>-<salt>/       run directories, with their checkpoints
    WORK_DIR/.auscult/code-<digest>/      external_script.sh, ml_env, frontend, own networks
    WORK_DIR/.auscult/env/                training environments, one per lock
    WORK_DIR/.auscult/inputs/<digest>/    packs and other folders that runs share
    HOME_DIR/<problem>-<salt>/            finished models

All but the run directories is named by its content, whole or not there, and never changed.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from pipeline.errors import SettingsError

KEPT = ".auscult"
#: What `begin_script` prints.
THERE, BEGUN = "there", "begun"
#: Folder of the code in which networks of the user's own are looked for.
OWN = "own"
#: What is brought back while a job runs: small, and read by whoever follows it.
SMALL_STATE = (
    *("/train.log", "/progress.json", "/history.csv", "/slurm_ends.jsonl", "/slurm-*.out"),
)


@dataclass(frozen=True)
class Layout:
    """Paths on the cluster.

    Attributes
    ----------
    work_dir : str
        Fast storage.
    home_dir : str
        Backed-up storage; empty: none.
    """

    work_dir: str
    home_dir: str = ""

    def run_dir(self, name: str) -> str:
        """Return the run directory of a run."""
        return f"{self.work_dir}/runs/{name}"

    def code(self, digest: str) -> str:
        """Return the folder of the training code of this content."""
        return f"{self.work_dir}/{KEPT}/code-{digest}"

    def inputs(self, digest: str) -> str:
        """Return the folder of inputs of this content."""
        return f"{self.work_dir}/{KEPT}/inputs/{digest}"

    def kept(self, name: str) -> str:
        """Return where the finished model lies in backed-up storage; empty: nowhere."""
        return f"{self.home_dir}/{name}" if self.home_dir else ""


def checked_folder(path: str, name: str, is_needed: bool = False) -> str:
    """Return a folder on the cluster as the user wrote it, without a slash at its end.

    Raises
    ------
    SettingsError
        It is missing or not a path from the root: nothing here knows the home folder there.
    """
    path = path.strip()
    is_bad = "\n" in path or not path.startswith("/") or ".." in PurePosixPath(path).parts
    if path and not is_bad and path.strip("/"):
        return path.rstrip("/")
    if not path and not is_needed:
        return ""
    raise SettingsError(
        expected="a folder of the cluster, as a path from the root without '..'",
        found=repr(path) if path else "none",
        where=f"luigi.cfg, [cluster] {name} (or --cluster-{name.replace('_', '-')})",
        action="With [cluster] host nothing of this machine's disk is there: name a folder of the "
        "cluster's own, such as /scratch/NAME/auscult.",
    )


def part_of(folder: str) -> str:
    """Return where a folder is gathered before it gets its name."""
    path = PurePosixPath(folder)
    return str(path.with_name(f".{path.name}.part"))


def begin_script(folder: str, replace: bool = False) -> str:
    """Return the shell command that makes ready to gather a folder.

    It prints `THERE` where the folder is there already, unless it is to be replaced; else `BEGUN`
    where an earlier try has begun, and what ``df`` says of the disk.
    """
    final, part = shlex.quote(folder), shlex.quote(part_of(folder))
    begin = f"if [ -d {part} ]; then echo {BEGUN}; fi; mkdir -p {part} && {free_script(part)}"
    return begin if replace else f"if [ -d {final} ]; then echo {THERE}; else {begin}; fi"


def free_script(quoted: str) -> str:
    """Return the shell command that tells what is free on the disk of a folder (quoted)."""
    return f"{{ df -Pk {quoted} || true; }}"


def free_bytes_of(text: str) -> int | None:
    """Return what ``df -Pk`` says is free; None where it says nothing.

    Examples
    --------
    >>> free_bytes_of("Filesystem 1024-blocks Used Available Capacity Mounted on\\n"
    ...               "/dev/x 100 40 60 40% /a b\\n")
    61440
    """
    found = re.search(r"\s\d+\s+\d+\s+(\d+)\s+\d+%\s+/", text)
    return int(found[1]) * 1024 if found else None


def finish_script(folder: str, first: str = "", replace: bool = False) -> str:
    """Return the shell command that gives a gathered folder its name.

    Parameters
    ----------
    folder : str
    first : str
        A command that is run in the gathered folder before.
    replace : bool
        Whether it takes the place of a folder of that name; else one that is there stays, since
        somebody else was quicker.
    """
    final, part = shlex.quote(folder), shlex.quote(part_of(folder))
    old = shlex.quote(part_of(folder) + ".old")
    before = f"cd {part} && {first} && cd / && " if first else ""
    if replace:
        away = f"rm -rf {old} && if [ -e {final} ]; then mv -T {final} {old}; fi"
        return f"{before}{away} && mv -T {part} {final} && rm -rf {old}"
    return f"{before}{{ [ -d {final} ] || mv -T {part} {final} || [ -d {final} ]; }}"


def code_script() -> str:
    """Return what is done in a folder of code: environments are made outside, for all codes."""
    return f"mkdir -p {OWN} ../env && ln -sfn ../../env ml_env/.venv"


def inputs_script(run_dir: str, links: Mapping[str, str]) -> str:
    """Return the shell command that makes a run directory whose inputs are links.

    Parameters
    ----------
    run_dir : str
        May be there, with checkpoints; its inputs are made anew.
    links : mapping
        Folder by name below ``inputs``.
    """
    inputs = PurePosixPath(run_dir) / "inputs"
    folders = sorted({str(inputs), *(str((inputs / name).parent) for name in links)})
    lines = [f"rm -rf {shlex.quote(str(inputs))}"]
    lines.append(f"mkdir -p {' '.join(map(shlex.quote, folders))}")
    for name, target in sorted(links.items()):
        lines.append(f"ln -s {shlex.quote(target)} {shlex.quote(str(inputs / name))}")
    return " && ".join(lines)


def remove_script(folder: str) -> str:
    """Return the shell command that removes a folder with all that is in it."""
    return f"rm -rf -- {shlex.quote(folder)}"


def epochs_script(run_dir: str) -> str:
    """Return the shell command that prints the names of a run's checkpoints."""
    return f"ls -1 {shlex.quote(f'{run_dir}/checkpoints')} 2>/dev/null || true"


def newest_epoch_of(names: str) -> int:
    """Return the highest number of names such as ``epoch-12``, one a line; 0: there is none.

    Examples
    --------
    >>> newest_epoch_of("epoch-2\\nepoch-10\\n.epoch-11.part\\n")
    10
    """
    found = [line.removeprefix("epoch-") for line in names.split() if line.startswith("epoch-")]
    return max((int(number) for number in found if number.isdigit()), default=0)
