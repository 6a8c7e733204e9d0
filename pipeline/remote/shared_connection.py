"""One ssh connection that many commands share, for as long as this process lives."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pipeline.remote.running import allowed_variables
from pipeline.remote.ssh import checked_host, master_command, ssh_options

#: Of the socket's path; Unix takes about 104, and ssh adds 17 while it makes the socket.
MOST_CHARACTERS = 80
OPEN_WITHIN_S = 30.0
_PLAIN = re.compile(r"[\w./-]+")


class SharedConnection:
    """A connection to a host that is opened when it is first asked for, and again when it broke.

    Where it cannot be had, every command makes its own: nothing but time depends on it. A user
    whose ssh_config shares connections already (``ControlPath``) gets no other one.

    Parameters
    ----------
    host : str
    ssh_config : str
    """

    def __init__(self, host: str, ssh_config: str = ""):
        self.host, self.ssh_config = host, ssh_config
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._is_wanted: bool | None = None

    def control(self) -> str:
        """Return the path of its socket; empty where there is no such connection."""
        if self._is_wanted is None:
            self._is_wanted = not _shares_already(self.host, self.ssh_config)
        if not self._is_wanted:
            return ""
        if not self._is_open():
            self.close()
            self._open()
        return self._socket() if self._is_open() else ""

    def close(self) -> None:
        """End the connection, and whatever still uses it."""
        if self._process is not None:
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._process.wait()
            self._process = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _open(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="auscult-ssh-"))  # nobody else may enter it
        socket = self._socket()
        if len(socket) > MOST_CHARACTERS or not _PLAIN.fullmatch(socket):
            self._is_wanted = False
            return
        # The keeper ends it together with this process, however that ends.
        keeper = [sys.executable, "-I", "-S", str(Path(__file__).with_name("keeper.py"))]
        self._process = subprocess.Popen(
            [*keeper, *master_command(self.host, self.ssh_config, socket)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=allowed_variables(),
        )
        until = time.monotonic() + OPEN_WITHIN_S
        while not self._is_open() and self._process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)

    def _is_open(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            return False
        return os.path.exists(self._socket())

    def _socket(self) -> str:
        return str(self._folder / "s") if self._folder else ""


def _shares_already(host: str, ssh_config: str) -> bool:
    """Return whether the user's ssh_config shares connections to this host; asks nobody there."""
    command = ["ssh", "-G", *ssh_options(ssh_config), "--", checked_host(host)]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=OPEN_WITHIN_S,
            stdin=subprocess.DEVNULL,
            env=allowed_variables(),
            check=False,
        )
        found = re.search(r"^controlpath (.*)$", done.stdout, re.M)
        return found is not None and found[1] != "none"
    return False
