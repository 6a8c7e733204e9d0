"""A real luigid on loopback, in a folder of its own, and its pages as its own scripts read them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from tests.services.sshd import free_port

LUIGID = Path(sys.executable).with_name("luigid")
#: A worker that is gone is seen at once, not after a minute or two.
SETTINGS = """
[scheduler]
worker_disconnect_delay = 4
prune_on_get_work = true
"""


class LuigiDaemon:
    """One luigid.

    Attributes
    ----------
    port : int
    words : tuple of str
        What makes a luigi command ask this one.
    """

    def __init__(self, folder: Path, settings: str = SETTINGS, program: Path = LUIGID):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.program, self.port = folder, program, free_port()
        self.words = ("--scheduler-port", str(self.port))
        (folder / "luigi.cfg").write_text(settings)
        self.process: subprocess.Popen | None = None

    def start(self) -> LuigiDaemon:
        """Start it and wait until it answers."""
        command = [str(self.program), "--address", "127.0.0.1"]
        command += ["--port", str(self.port), "--state-path", str(self.folder / "state.pickle")]
        variables = {n: v for n, v in os.environ.items() if n != "LUIGI_CONFIG_PATH"}
        with open(self.folder / "luigid.log", "ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, stdout=log, stderr=log, env=variables
            )
        until = time.monotonic() + 60
        while time.monotonic() < until and self.process.poll() is None:
            with contextlib.suppress(OSError):
                self.ask("task_list", status="", upstream_status="")
                return self
            time.sleep(0.05)
        raise RuntimeError(f"luigid did not come up: {(self.folder / 'luigid.log').read_text()}")

    def kill(self) -> None:
        """End it as a machine that fails does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def ask(self, method: str, **arguments: Any) -> Any:
        """Return what its page gets for a question."""
        query = urllib.parse.urlencode({"data": json.dumps(arguments)})
        address = f"http://127.0.0.1:{self.port}/api/{method}?{query}"
        with urllib.request.urlopen(address, timeout=30) as answer:
            return json.load(answer)["response"]

    def tasks(self, name: str = "") -> list[dict[str, Any]]:
        """Return the rows of its list of tasks, of one name or of all."""
        rows = self.ask("task_list", status="", upstream_status="").values()
        return [row for row in rows if name in ("", row["name"])]
