"""A cluster reached over ssh, with folders of its own, and rooms whose trainings go there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from tests.runs import LONG_S, ROOT, TINY, Rooms, Run
from tests.services.slurm import OneNode
from tests.services.sshd import Sshd

#: What uv needs to reach the package index, on this machine as on the cluster.
_NETWORK = re.compile(r"SSL_CERT_\w+$|UV_\w+$|(https?|no|all)_proxy$|(HTTPS?|NO|ALL)_PROXY$")
#: Stands in for the cluster's own Python: it has uv, and its path is none of the checkout's.
_PYTHON = '#!/bin/sh\nexec {python} "$@"\n'


class FarCluster:
    """A real Slurm behind a real sshd.

    Attributes
    ----------
    slurm : OneNode
    sshd : Sshd
    folder : Path
        All that the cluster has; nothing of it is named by this machine's side.
    """

    def __init__(self, slurm: OneNode, keys: Path, folder: Path):
        self.slurm, self.folder = slurm, folder
        self.sshd = Sshd(keys, f"SetEnv SLURM_CONF={slurm.conf}\n").start()
        self.work, self.home = folder / "work; it's", folder / "home é"
        self.python = folder / "python3"
        for path in (self.work, self.home):
            path.mkdir()
        self.python.write_text(_PYTHON.format(python=sys.executable))
        self.python.chmod(0o755)

    @property
    def settings(self) -> list[str]:
        """The words of a command line that name this cluster."""
        return [
            *("--cluster-host", "cluster", "--remote-ssh-config", str(self.sshd.config)),
            *("--cluster-work-dir", str(self.work), "--cluster-home-dir", str(self.home)),
            *("--cluster-python", str(self.python), "--cluster-poll-s", "2"),
            *("--cluster-export", ",".join(name for name in os.environ if _NETWORK.match(name))),
        ]

    def run_dirs(self) -> list[Path]:
        """Return the run directories on the cluster."""
        return list(self.work.glob("runs/*"))

    def jobs(self) -> dict[str, str]:
        """Return the state of the jobs that were submitted to this cluster, by number."""
        told = self.slurm.ask("squeue", "--states=all", "-h", "-o", "%i %T %Z").splitlines()
        found = sorted((line.split(" ", 2) for line in told), key=lambda words: int(words[0]))
        return {number: state for number, state, place in found if str(self.work) in place}

    def wait_for(self, state: str, seconds: float = LONG_S) -> None:
        """Wait until the newest job is in a state."""
        end = time.monotonic() + seconds
        while list(self.jobs().values())[-1] != state:
            assert time.monotonic() < end, self.jobs()
            time.sleep(0.2)


class FarRooms(Rooms):
    """Rooms of a machine that shares no disk with its cluster."""

    def __init__(self, folder: Path, far: FarCluster, settings: str = TINY):
        super().__init__(folder, settings)
        self.far = far

    def submit(self, *words: str) -> Run:
        """Start TrainPneumonia with ``--where slurm``."""
        return self.start("--where", "slurm", *self.far.settings, *words)

    def luigi(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run another task of these rooms to its end."""
        command = [str(Path(sys.executable).with_name("luigi")), "--module", "pipeline", *words]
        return subprocess.run(
            [*command, *self.far.settings, "--paths-data", str(self.data)],
            cwd=ROOT,
            env=dict(os.environ),
            capture_output=True,
            text=True,
            check=False,
        )
